internal import Diagnostics
internal import Glibc

/// A system call said no: which operation, on what, and the error number.
///
/// Travels inside this module; whoever calls it gets the `Failure` made from it.
package struct SystemError: Error, Sendable, Equatable {
    /// A verb that fits after "cannot", for example `rename`.
    package let operation: String
    /// As the user would type it.
    package let path: String
    /// `errno` as the kernel left it.
    package let number: Int32

    package init(_ operation: String, _ path: String, _ number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }
}

extension Failure {
    /// The finding, hint and exit status for a failed system call.
    package init(_ error: SystemError) {
        // A file that is being made has a name that tells nobody anything.
        let makes = ["create", "write", "rename to", "remove", "sync"].contains(error.operation)
        let cut = makes ? error.path.lastIndex(of: "/") : nil
        let folder = shown(cut.map { String(error.path[..<$0]) } ?? error.path)
        let message = "cannot \(error.operation) \(shown(error.path)): \(explanation(of: error.number))"
        switch error.number {
        case ENOSPC, EDQUOT:
            self.init(
                .inputOutput, .diskFull, message,
                hint: "make room on the file system that holds \(folder), then repeat the command")
        case EROFS:
            self.init(
                .permission, .readOnlyFolder, message,
                hint: "mount it writable, or work on a copy of the folder that is")
        case EACCES, EPERM:
            self.init(
                .permission, .permissionDenied, message,
                hint: makes
                    ? "run as the owner of \(folder), or give yourself the right to write there"
                    : "run as the owner of \(folder), or give yourself access to it and its folder")
        case ENOENT:
            self.init(.fileMissing, .missingFile, message, hint: "look for a mistyped path, or create it")
        case ELOOP:
            self.init(
                .permission, .symlinkInTheWay,
                "cannot \(error.operation) \(shown(error.path)): a symbolic link is in the way (ELOOP)",
                hint: "put the real file or folder in the place of the symbolic link \(shown(error.path))")
        default:
            self.init(.inputOutput, .inputOutputError, message)
        }
    }
}

/// Runs the work and turns a `SystemError` into the `Failure` that the user sees; other errors pass unchanged.
func reported<Result>(_ work: () throws -> Result) throws -> Result {
    do {
        return try work()
    } catch let error as SystemError {
        throw Failure(error)
    }
}

/// A path as a message shows it: quoted and with control characters escaped like `quoted`, but never cut, since a
/// path that was cut cannot be pasted.
func shown(_ path: String) -> String { "\"\(escaped(path))\"" }

/// `no space left on device (ENOSPC)`.
func explanation(of number: Int32) -> String {
    var text = [CChar](repeating: 0, count: 256)
    _ = strerror_r(number, &text, text.count)
    let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let name = errorNames[number] ?? "errno \(number)"
    return "\(words.prefix(1).lowercased())\(words.dropFirst()) (\(name))"
}

private let errorNames: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO", EBADF: "EBADF", EAGAIN: "EAGAIN",
    ENOMEM: "ENOMEM", EACCES: "EACCES", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV",
    ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE", EFBIG: "EFBIG",
    ENOSPC: "ENOSPC", EROFS: "EROFS", EMLINK: "EMLINK", EPIPE: "EPIPE", ENAMETOOLONG: "ENAMETOOLONG",
    ENOLCK: "ENOLCK", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP", ESTALE: "ESTALE", EDQUOT: "EDQUOT",
    EOPNOTSUPP: "EOPNOTSUPP", ETXTBSY: "ETXTBSY", ENOSYS: "ENOSYS",
]
