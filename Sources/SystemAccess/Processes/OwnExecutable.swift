internal import Diagnostics
internal import Glibc

/// The program that this process runs.
package enum OwnExecutable {
    /// Its absolute path (proc(5), `/proc/self/exe`).
    package static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw Failure(SystemError("readlink", "/proc/self/exe", errno)) }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
