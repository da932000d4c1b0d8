import Diagnostics
import Glibc

/// A call to the kernel that failed: what was tried, and errno.
struct PosixError: Error, Hashable, Sendable, CustomStringConvertible {
    let operation: String
    let code: Int32

    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    var description: String { "cannot \(operation): \(String(cString: strerror(code)))" }
}

/// The few file operations that the lab needs; every path is absolute.
enum PosixFiles {
    static func read(_ path: String, limit: Int = 64 << 20) throws(PosixError) -> [UInt8] {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw PosixError("read \(quoted(path))") }
        defer { close(fd) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while result.count <= limit {
            let count = Glibc.read(fd, &chunk, chunk.count)
            if count == 0 { return result }
            if count > 0 {
                result += chunk[..<count]
            } else if errno != EINTR {
                throw PosixError("read \(quoted(path))")
            }
        }
        throw PosixError("read \(quoted(path))", code: EFBIG)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(PosixError) {
        let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard fd >= 0 else { throw PosixError("write \(quoted(path))") }
        defer { close(fd) }
        try writeAll(bytes, to: fd, naming: path)
    }

    static func writeAll(_ bytes: [UInt8], to fd: Int32, naming name: String) throws(PosixError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw PosixError("write \(quoted(name))")
            }
        }
    }

    /// Makes the folder; one that is there already is fine.
    static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(PosixError) {
        guard mkdir(path, mode) != 0, errno != EEXIST else { return }
        throw PosixError("make the folder \(quoted(path))")
    }

    /// The names in the folder, sorted by bytes, without `.` and `..`.
    static func names(in folder: String) throws(PosixError) -> [String] {
        guard let stream = opendir(folder) else { throw PosixError("list \(quoted(folder))") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func status(_ path: String) -> stat? {
        var result = stat()
        return lstat(path, &result) == 0 ? result : nil
    }
}

extension stat {
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }
    var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
}
