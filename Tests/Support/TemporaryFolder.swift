import Glibc
import SystemAccess

/// A folder of the test's own; it and all below it is removed when the work ends, however it ends.
package func withTemporaryFolder<Result>(_ work: (String) throws -> Result) throws -> Result {
    let path = try makeTemporaryFolder()
    defer { removeTree(path) }
    return try work(path)
}

/// The folder that relative paths start from.
private let here = Handle(raw: AT_FDCWD, path: "")

private func makeTemporaryFolder() throws -> String {
    // In memory if possible: thousands of fsync calls wear a disk and take minutes.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/hauberk-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("create", "/tmp", errno) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

private func removeTree(_ path: String) {
    let files = RealFileSystem()
    guard let folder = try? files.open(Place(path, in: here), .folder) else {
        unlink(path)
        return
    }
    for name in (try? files.names(in: folder)) ?? [] { removeTree("\(path)/\(name)") }
    files.close(folder)
    rmdir(path)
}

/// The file's bytes; nil if there is none.
package func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var record = stat()
    fstat(descriptor, &record)
    var bytes = [UInt8](repeating: 0, count: Int(record.st_size))
    var filled = 0
    while filled < bytes.count {
        let rest = bytes.count - filled
        let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + filled }, rest) }
        if got <= 0 { return nil }
        filled += got
    }
    return bytes
}

/// The file's bytes as text; nil if there is none.
package func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

/// Writes a file as an editor would: in place.
package func save(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create", path, errno) }
    defer { close(descriptor) }
    var text = text
    let count = text.utf8.count
    let written = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    guard written == count else { throw SystemError("write", path, errno) }
}

/// Sets the times of the file so many seconds from now.
package func shiftTimes(of path: String, seconds: Int) {
    let now = time(nil) + seconds
    let times = [timespec(tv_sec: now, tv_nsec: 0), timespec(tv_sec: now, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
}

/// Paths of all files, links and empty folders below, relative and sorted; folders end in a slash.
package func tree(_ path: String, _ prefix: String = "") -> [String] {
    let files = RealFileSystem()
    guard let folder = try? files.open(Place(path, in: here), .folder) else { return [prefix] }
    defer { files.close(folder) }
    let names = (try? files.names(in: folder)) ?? []
    if names.isEmpty, !prefix.isEmpty { return [prefix + "/"] }
    return names.flatMap { tree("\(path)/\($0)", prefix.isEmpty ? $0 : "\(prefix)/\($0)") }
}

/// Makes a folder where there is none.
package func makeMissingFolder(_ path: String) { mkdir(path, 0o755) }

/// Sets the permission bits of a file.
package func setMode(of path: String, _ mode: UInt32) { chmod(path, mode_t(mode)) }
