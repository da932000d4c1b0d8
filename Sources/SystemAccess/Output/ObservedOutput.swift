internal import Diagnostics
internal import Glibc

/// An output folder as it is, to be read and not changed.
///
/// Symbolic links inside of it are not followed, and file contents, which may be secret, are wiped after use.
package final class ObservedOutput {
    /// How a wanted file stands in the folder.
    package enum Standing: Sendable, Hashable {
        /// As the last render left it, of the same inputs: its bytes are those wanted.
        case same
        /// There is none.
        case missing
        /// There is one, whose bytes tell.
        case unknown
    }

    private let tree: OutputTree
    private let root: Handle
    private var folders: OutputFolders
    private let manifest: OutputManifest?
    private let manifestStatus: FileStatus?
    private let records: [String: OutputManifest.Record]
    private let recordedAt: Int64

    /// The most that a file is read of, in bytes.
    private static let sizeLimit: Int64 = 1 << 31

    /// Opens the folder; a folder that is not there is a failure, status 66.
    package init(_ tree: OutputTree) throws {
        self.tree = tree
        let fileSystem = tree.fileSystem
        (root, manifest, manifestStatus) = try reported {
            try checkOutputName(tree.mesh)
            let root = try fileSystem.open(Place(tree.root, in: .current), .folderThroughLinks)
            do {
                let found = try fileSystem.contents(of: Place(tree.manifestName, in: root), limit: 1 << 30)
                let manifest = found.flatMap { OutputManifest(parsing: $0.bytes, mesh: tree.mesh) }
                if found != nil, manifest == nil {
                    throw Failure(
                        .inputOutput, .damagedManifest,
                        "\(shown(root.path(of: tree.manifestName))) is not a whole list of rendered files",
                        hint: "remove it; files that are as they should be are then recognised by their bytes")
                }
                return (root, manifest, found?.status)
            } catch {
                fileSystem.close(root)
                throw error
            }
        }
        folders = OutputFolders(root: root, fileSystem)
        records = Dictionary((manifest?.records ?? []).map { ($0.path, $0) }) { first, _ in first }
        recordedAt = manifestStatus?.modified ?? 0
    }

    deinit { tree.fileSystem.close(root) }

    /// Whether a render of this mesh has left its list there.
    package var isRecorded: Bool { manifest != nil }

    /// The paths of the files that renders of this mesh have written, sorted.
    package var paths: [String] { manifest?.records.map(\.path) ?? [] }

    /// Whether the last render was cut short: some files are of the one before.
    package var isInterrupted: Bool {
        manifest?.records.contains { $0.size < 0 } ?? false
    }

    /// Whether the file is there and just as the last render left it.
    package func isAsRecorded(_ path: String) throws -> Bool {
        try reported {
            guard let record = records[path], let status = try status(of: path) else { return false }
            return record.describes(status)
        }
    }

    package func standing(of entry: OutputEntry) throws -> Standing {
        try reported {
            guard let status = try status(of: entry.path) else { return .missing }
            guard let record = records[entry.path], record.describes(status), record.inputs == entry.inputs,
                !record.isRacy(recordedAt: recordedAt)
            else { return .unknown }
            return .same
        }
    }

    /// The permission bits of a file; nil if there is none.
    package func mode(of path: String) throws -> UInt32? { try reported { try status(of: path)?.mode } }

    /// Lends the bytes of a file for the length of the call; nil if there is none.
    package func withBytes<Result>(of path: String, _ work: (UnsafeRawBufferPointer) throws -> Result) throws -> Result?
    {
        try reported {
            guard let place = try folders.place(of: path, missing: .report) else { return nil }
            guard let kind = try tree.fileSystem.status(of: place)?.kind else { return nil }
            if kind == .symlink { throw symlinkInTheWay(place.path) }
            let handle = try tree.fileSystem.open(place, .reading)
            defer { tree.fileSystem.close(handle) }
            let status = try tree.fileSystem.regularStatus(of: handle, limit: Int(Self.sizeLimit))
            return try tree.fileSystem.withBytes(of: handle, status, work)
        }
    }

    /// Throws if somebody has rendered to the folder since it was opened.
    package func requireUntouched() throws {
        try reported {
            let status = try tree.fileSystem.status(of: Place(tree.manifestName, in: root))
            if status == manifestStatus { return }
            throw Failure(
                .locked, .outputLocked, "another command has written to \(shown(tree.root)) meanwhile",
                hint: "repeat the command")
        }
    }

    private func status(of path: String) throws -> FileStatus? {
        guard let place = try folders.place(of: path, missing: .report) else { return nil }
        let status = try tree.fileSystem.status(of: place)
        if status?.kind == .folder { throw foreignFile(place.path) }
        return status
    }
}
