internal import Diagnostics
internal import Glibc

/// A mesh's folder: read without a lock, written under one, and never seen half written.
///
/// Every method throws `Failure`. The protocol: new bytes of the other three files wait in
/// `.FILE.pending-DIGEST`, where DIGEST is that of the new `mesh.lock`; the rename of the new `mesh.lock` commits
/// them all; then the pending files take their places. A reader that finds pending files for the present `mesh.lock`
/// reads those; the next writer moves them. Pending files for any other `mesh.lock` are left-overs of a writer that
/// died before its commit.
package struct MeshDirectory: Sendable {
    /// As the user would type it.
    package let path: String
    let fileSystem: any FileSystem
    let clock: SystemClock
    let digest: @Sendable ([UInt8]) -> [UInt8]

    /// - Parameter digest: BLAKE2b-128 (16 bytes) of its argument.
    package init(
        _ path: String, fileSystem: any FileSystem = RealFileSystem(), clock: SystemClock = .system,
        digest: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        self.path = path
        self.fileSystem = fileSystem
        self.clock = clock
        self.digest = digest
    }

    /// The mesh as of one moment, without waiting for a writer; read again if a commit passes meanwhile.
    ///
    /// A file that is absent is nil. A folder that is absent is a `Failure` with status 66.
    package func read() throws -> MeshSnapshot {
        try reported {
            let folder = try open()
            defer { fileSystem.close(folder) }
            return try read(folder)
        }
    }

    func open() throws -> Handle {
        do {
            return try fileSystem.open(Place(path, in: .current), .folderThroughLinks)
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else { throw error }
            throw Failure(
                .fileMissing, .noMesh, "there is no mesh folder \(shown(path))",
                hint: "create one with `hauberk init`, or name another with `--mesh DIR`")
        }
    }

    func read(_ folder: Handle) throws -> MeshSnapshot {
        // Each round that fails is a commit of somebody else's; a thousand in a row is no accident.
        for _ in 0..<1000 {
            if let snapshot = try readOnce(folder) { return snapshot }
        }
        throw Failure(.locked, .meshLocked, "the mesh is written faster than it can be read")
    }

    /// Nil if a commit passed while the files were read.
    private func readOnce(_ folder: Handle) throws -> MeshSnapshot? {
        let lock = try contents(of: MeshFile.lock.rawValue, in: folder)
        let suffix = lock.map { hexadecimal(digest($0.bytes)) }
        var files: [MeshFile: FileContents] = [:]
        files[.lock] = lock
        for file in [MeshFile.yaml, .keys, .ledger] {
            let pending = try suffix.flatMap { try contents(of: file.pendingName($0), in: folder) }
            files[file] = try pending ?? contents(of: file.rawValue, in: folder)
        }
        for file in MeshFile.allCases {
            // The pending name first, as a commit moves from there to the file's own.
            let pending = try file == .lock ? nil : suffix.flatMap { try status(of: file.pendingName($0), in: folder) }
            let settled = try status(of: file.rawValue, in: folder)
            guard isSame((pending ?? settled), files[file]?.status) else { return nil }
            if let pending, let settled { try refuseEdit(of: file, settled: settled, pending: pending) }
        }
        return MeshSnapshot(files: files)
    }

    /// A file that was edited after the commit whose pending bytes still wait for its place: rolling forward would
    /// lose the edit.
    func refuseEdit(of file: MeshFile, settled: FileStatus, pending: FileStatus) throws {
        guard settled.inode != pending.inode, settled.modified > pending.modified else { return }
        throw Failure(
            .meshInvalid, .editedAfterCrash, at: SourceLocation(file: file.rawValue),
            "\(quoted(file.rawValue)) was edited after a command that changed it was interrupted",
            hint: "save your version elsewhere, remove \(quoted(file.rawValue)), repeat the command, then edit again")
    }

    func contents(of name: String, in folder: Handle) throws -> FileContents? {
        try fileSystem.contents(of: Place(name, in: folder), limit: MeshFile.sizeLimit)
    }

    func status(of name: String, in folder: Handle) throws -> FileStatus? {
        try fileSystem.status(of: Place(name, in: folder))
    }
}

func isSame(_ a: FileStatus?, _ b: FileStatus?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): a.isSameFile(as: b)
    default: false
    }
}
