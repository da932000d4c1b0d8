internal import Diagnostics
internal import Glibc

/// A program that is carried to hosts.
package enum ProgramFile {
    /// 256 MiB; a release is a tenth of it.
    private static let limit = 256 << 20

    /// - Throws: `Failure`, status 66 if there is none.
    package static func bytes(_ path: String, _ fileSystem: any FileSystem = RealFileSystem()) throws -> [UInt8] {
        try reported {
            let handle = try fileSystem.open(Place(path, in: .current), .readingThroughLinks)
            defer { fileSystem.close(handle) }
            let status = try fileSystem.regularStatus(of: handle, limit: limit)
            return try fileSystem.withBytes(of: handle, status) { Array($0) }
        }
    }
}
