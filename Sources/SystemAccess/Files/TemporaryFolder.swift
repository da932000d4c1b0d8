internal import Diagnostics
internal import Glibc

/// A private folder of this process, for files that must not outlive it.
package struct TemporaryFolder: Sendable {
    package let path: String

    /// Made 0700 in a folder, or for nil in `$TMPDIR` or `/tmp` (mkdtemp(3)).
    package init(prefix: String, in folder: String? = nil) throws {
        let base = folder ?? getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let template = "\(base.isEmpty ? "/tmp" : base)/\(prefix).XXXXXX"
        var name = Array(template.utf8CString)
        guard mkdtemp(&name) != nil else { throw Failure(SystemError("mkdtemp", template, errno)) }
        path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Removes the folder with all that is in it, as far as that can be; links are removed, not followed.
    package func remove() {
        let fileSystem = RealFileSystem()
        try? Self.empty(Place(path, in: .current), fileSystem)
        try? fileSystem.removeFolder(Place(path, in: .current))
    }

    private static func empty(_ place: Place, _ fileSystem: RealFileSystem) throws {
        let folder = try fileSystem.open(place, .folderThroughLinks)
        defer { fileSystem.close(folder) }
        for name in try fileSystem.names(in: folder) {
            let inner = Place(name, in: folder)
            if try fileSystem.status(of: inner)?.kind == .folder {
                try empty(inner, fileSystem)
                try fileSystem.removeFolder(inner)
            } else {
                try fileSystem.removeFile(inner)
            }
        }
    }
}
