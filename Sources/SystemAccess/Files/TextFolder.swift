internal import Diagnostics
internal import Glibc

/// A folder of small files that people keep, such as templates and lists.
package struct TextFolder: Sendable {
    /// Empty for a folder of no name: then names are paths of their own.
    package let path: String
    let fileSystem: any FileSystem

    /// Larger files are refused, in bytes.
    package static let sizeLimit = 16 << 20

    package init(_ path: String, fileSystem: any FileSystem = RealFileSystem()) {
        self.path = path
        self.fileSystem = fileSystem
    }

    /// The names of the folders in it, sorted; hidden ones and links are left out. A folder that is absent has none.
    package func folders() throws -> [String] { try names(of: .folder) }

    /// The names of the files in it, sorted; hidden ones and links are left out. A folder that is absent has none.
    package func files() throws -> [String] { try names(of: .regular) }

    /// The bytes of a file.
    ///
    /// - Throws: `Failure`, status 66 if there is none.
    package func bytes(of name: String) throws -> [UInt8] {
        try reported {
            let file = whole(name)
            guard let found = try fileSystem.contents(of: Place(file, in: .current), limit: Self.sizeLimit) else {
                throw Failure(SystemError("open", file, ENOENT))
            }
            return found.bytes
        }
    }

    /// Writes a new file, whole or not at all, with the folders on its way; false if there is one already.
    ///
    /// - Parameter mode: permission bits of the file.
    package func create(_ name: String, _ bytes: [UInt8], mode: UInt32) throws -> Bool {
        try reported {
            let whole = self.whole(name)
            let cut = whole.lastIndex(of: "/")
            let parent = cut.map { $0 == whole.startIndex ? "/" : String(whole[..<$0]) } ?? "."
            try fileSystem.makeFolders(parent, mode: 0o777)
            let folder = try fileSystem.open(Place(parent, in: .current), .folderThroughLinks)
            defer { fileSystem.close(folder) }
            let file = Place(cut.map { String(whole[whole.index(after: $0)...]) } ?? whole, in: folder)
            if try fileSystem.status(of: file) != nil { return false }
            try bytes.withUnsafeBytes { try fileSystem.create(file, .exactly(mode), $0) }
            try fileSystem.syncFolder(folder)
            return true
        }
    }

    private func whole(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }

    private func names(of kind: FileStatus.Kind) throws -> [String] {
        try reported {
            guard try fileSystem.status(of: Place(path, in: .current)) != nil else { return [] }
            let folder = try fileSystem.open(Place(path, in: .current), .folderThroughLinks)
            defer { fileSystem.close(folder) }
            return try fileSystem.names(in: folder).filter { name in
                try !name.hasPrefix(".") && fileSystem.status(of: Place(name, in: folder))?.kind == kind
            }
        }
    }
}
