import Glibc

@testable import SystemAccess

/// A folder of the test's own; it and all below it is removed when the work ends, however it ends.
func withTemporaryFolder<Result>(_ work: (String) throws -> Result) throws -> Result {
    let path = try makeTemporaryFolder()
    defer { removeTree(path) }
    return try work(path)
}

private func makeTemporaryFolder() throws -> String {
    // In memory if possible: thousands of fsync calls wear a disk and take minutes.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/hauberk-system-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("create", "/tmp", errno) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

private func removeTree(_ path: String) {
    let files = RealFileSystem()
    guard let folder = try? files.open(Place(path, in: .current), .folder) else {
        unlink(path)
        return
    }
    for name in (try? files.names(in: folder)) ?? [] { removeTree("\(path)/\(name)") }
    files.close(folder)
    rmdir(path)
}

/// The file's bytes as text; nil if there is none.
func text(_ path: String) -> String? {
    (try? RealFileSystem().contents(of: Place(path, in: .current), limit: 1 << 30)).flatMap {
        $0.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
}

/// Writes a file as an editor would: in place.
func save(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create", path, errno) }
    defer { close(descriptor) }
    var text = text
    let count = text.utf8.count
    let written = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    guard written == count else { throw SystemError("write", path, errno) }
}

/// Sets the times of the file so many seconds from now.
func shiftTimes(of path: String, seconds: Int) {
    let now = time(nil) + seconds
    let times = [timespec(tv_sec: now, tv_nsec: 0), timespec(tv_sec: now, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
}

/// Paths of all files, links and empty folders below, relative and sorted; folders end in a slash.
func tree(_ path: String, _ prefix: String = "") -> [String] {
    let files = RealFileSystem()
    guard let folder = try? files.open(Place(path, in: .current), .folder) else { return [prefix] }
    defer { files.close(folder) }
    let names = (try? files.names(in: folder)) ?? []
    if names.isEmpty, !prefix.isEmpty { return [prefix + "/"] }
    return names.flatMap { tree("\(path)/\($0)", prefix.isEmpty ? $0 : "\(prefix)/\($0)") }
}

/// 16 bytes of any hash: FNV-1a, 64 bits, twice.
func testDigest(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for seed: UInt64 in [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15] {
        let hash = bytes.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        result += (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
    }
    return result
}
