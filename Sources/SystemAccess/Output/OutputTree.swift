internal import Diagnostics
internal import Glibc

/// A folder of rendered artifacts: brought to what a plan says by touching only what differs and only what is ours.
///
/// What is ours is recorded in the manifest `DIR/.hauberk-MESH`. A file whose status is as recorded and whose inputs
/// are as recorded is neither read nor produced. Files are written under one temporary name and renamed into place,
/// the manifest last: killed at any point, the next `write` ends in the right state. Nothing foreign is changed, no
/// symbolic link inside the tree is followed, and two writers exclude each other (flock(2) on the folder).
package struct OutputTree: Sendable {
    /// As the user would type it.
    package let root: String
    package let mesh: String
    let fileSystem: any FileSystem
    let clock: SystemClock

    package init(
        root: String, mesh: String, fileSystem: any FileSystem = RealFileSystem(), clock: SystemClock = .system
    ) {
        self.root = root
        self.mesh = mesh
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// Brings the tree to the plan.
    ///
    /// - Parameters:
    ///   - entries: the files wanted, in any order.
    ///   - scope: which recorded files are stale when they are not among the entries.
    ///   - shared: stands for what all artifacts have in common beyond their own digests; `produce` is handed an
    ///     artifact's former bytes only when the last render said the same. Nil hands over none.
    ///   - produce: writes the bytes of the entry with the given index; not called for unchanged entries, twice for
    ///     one that has to be compared and differs. Called in the order of paths, on the caller's thread.
    /// - Throws: `Failure`: unsafe or double paths (64, nothing done), foreign files or symbolic links in the way (74,
    ///   77: all of them, nothing done), another writer (75), system errors; whatever `produce` throws.
    @discardableResult
    package func write(
        _ entries: [OutputEntry], scope: OutputScope = .everything, shared: InputDigest? = nil,
        _ durability: Durability = .synced,
        produce: (_ index: Int, _ writer: inout ArtifactWriter) throws -> Void
    ) throws -> OutputReport {
        try reported {
            try checkOutputName(mesh)
            let order = try sortedPlan(entries)
            try fileSystem.makeFolders(root, mode: 0o700)
            let folder = try fileSystem.open(Place(root, in: .current), .folderThroughLinks)
            defer { fileSystem.unlock(folder) }
            try lock(folder)
            var session = OutputSession(tree: self, root: folder, (entries, order), (scope, shared))
            try session.run(durability, produce)
            return session.report
        }
    }

    private func lock(_ folder: Handle) throws {
        guard try fileSystem.lock(folder) else {
            throw Failure(
                .locked, .outputLocked, "another command is writing to \(shown(root))",
                hint: "wait for it to end and repeat the command")
        }
    }

    /// The indices of the entries by path; every path is safe, there is none twice and none inside another.
    private func sortedPlan(_ entries: [OutputEntry]) throws -> [Int] {
        for entry in entries { try checkOutputPath(entry.path) }
        let order = entries.indices.sorted { entries[$0].path < entries[$1].path }
        for (a, b) in zip(order, order.dropFirst()) where entries[a].path == entries[b].path {
            throw clash(entries[a].path, "is rendered twice")
        }
        try refuseNesting(entries, order)
        return order
    }

    private func refuseNesting(_ entries: [OutputEntry], _ order: [Int]) throws {
        var folders: Set<String> = []
        var last: Substring = ""
        for index in order {
            var folder = parent(entries[index].path[...])
            if folder == last { continue }
            last = folder
            while !folder.isEmpty, folders.insert(String(folder)).inserted { folder = parent(folder) }
        }
        for index in order where folders.contains(entries[index].path) {
            throw clash(entries[index].path, "is rendered both as a file and as a folder")
        }
    }

    private func clash(_ path: String, _ what: String) -> Failure {
        Failure(
            .usage, .outputClash, "\(quoted(path)) \(what)", hint: "render one target at a time, or rename a template")
    }

    var manifestName: String { ".hauberk-\(mesh)" }
    var temporaryName: String { ".hauberk-\(mesh)~" }
    var manifestTemporaryName: String { ".hauberk-\(mesh)~manifest" }
}

/// What is before the last slash; empty if there is none.
func parent(_ path: Substring) -> Substring {
    path.utf8.lastIndex(of: 0x2f).map { path[..<$0] } ?? ""
}
