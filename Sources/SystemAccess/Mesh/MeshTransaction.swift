internal import Diagnostics

/// The right to change a mesh, while its lock is held.
package struct MeshTransaction {
    /// The mesh as it is now: what an interrupted command left is settled, and own commits are in it.
    package private(set) var snapshot: MeshSnapshot
    let directory: MeshDirectory
    let folder: Handle

    init(directory: MeshDirectory, folder: Handle, snapshot: MeshSnapshot) {
        self.directory = directory
        self.folder = folder
        self.snapshot = snapshot
    }

    /// Makes the new bytes the mesh, all or nothing and durable on return; nil, and bytes equal to the present ones,
    /// leave a file alone.
    ///
    /// `mesh.lock` must change whenever more than one file does (it holds an epoch or a name for every change).
    /// - Throws: `Failure`: before the commit point nothing has changed; after it (the hint says so) the mesh is the
    ///   new one and the next command tidies up. Status 75 if somebody edited a file since it was read.
    package mutating func commit(
        yaml: [UInt8]? = nil, lock: [UInt8]? = nil, keys: [UInt8]? = nil, ledger: [UInt8]? = nil
    ) throws {
        var changes: [(file: MeshFile, bytes: [UInt8])] = []
        for (file, bytes) in [(MeshFile.yaml, yaml), (.lock, lock), (.keys, keys), (.ledger, ledger)] {
            if let bytes, bytes != snapshot.files[file]?.bytes { changes.append((file, bytes)) }
        }
        guard !changes.isEmpty else { return }
        guard changes.count == 1 || changes.contains(where: { $0.file == .lock }) else {
            throw Failure(
                .bug, .internalError, "a change of several files must change mesh.lock too",
                hint: "report this as a bug of hauberk")
        }
        try reported {
            let lockBytes = changes.first { $0.file == .lock }?.bytes
            let suffix = lockBytes.map { hexadecimal(directory.digest($0)) } ?? ""
            let point = try prepare(changes, suffix)
            try settle(changes, suffix, point)
            snapshot = try directory.read(folder)
        }
    }

    /// Writes everything beside the files; what fails here has changed nothing.
    ///
    /// - Returns: the file whose rename commits.
    private func prepare(_ changes: [(file: MeshFile, bytes: [UInt8])], _ suffix: String) throws -> MeshFile {
        let point = changes.count == 1 ? changes[0].file : MeshFile.lock
        do {
            for (file, bytes) in changes where file != point { try write(file, bytes, as: file.pendingName(suffix)) }
            if changes.count > 1 { try fileSystem.syncFolder(folder) }
            for (file, bytes) in changes where file == point { try write(file, bytes, as: file.temporaryName) }
            try refuseForeignEdits()
            return point
        } catch {
            // The first error is the one to tell; left-overs that stay are removed by the next writer.
            for (file, _) in changes { try? fileSystem.removeIfPresent(Place(file.temporaryName, in: folder)) }
            removePending(changes, suffix)
            throw error
        }
    }

    private func settle(
        _ changes: [(file: MeshFile, bytes: [UInt8])], _ suffix: String, _ point: MeshFile
    ) throws {
        let temporary = Place(point.temporaryName, in: folder)
        do {
            try fileSystem.rename(temporary, to: Place(point.rawValue, in: folder), .replacing)
        } catch {
            // While the temporary file is still there nothing is committed; if in doubt the pending files stay.
            if (try? fileSystem.removeFile(temporary)) != nil { removePending(changes, suffix) }
            throw error
        }
        do {
            try fileSystem.syncFolder(folder)
            guard changes.count > 1 else { return }
            for (file, _) in changes where file != point { try directory.settle(file, suffix, in: folder) }
            try fileSystem.syncFolder(folder)
        } catch let error as SystemError {
            let finding = Failure(error).diagnostics[0]
            throw Failure(
                Failure(error).status, finding.id, finding.message,
                hint: "the change is made; the next command that writes finishes it, once the cause is gone")
        }
    }

    private func removePending(_ changes: [(file: MeshFile, bytes: [UInt8])], _ suffix: String) {
        for (file, _) in changes { try? fileSystem.removeIfPresent(Place(file.pendingName(suffix), in: folder)) }
    }

    private func write(_ file: MeshFile, _ bytes: [UInt8], as name: String) throws {
        var mode = snapshot.files[file].map { CreationMode.exactly($0.status.mode & 0o777) } ?? .usual
        if file == .keys { mode = .exactly(0o600) }
        try bytes.withUnsafeBytes { try fileSystem.create(Place(name, in: folder), mode, $0) }
    }

    /// An editor does not take the lock: what it saved since the snapshot must not be overwritten.
    private func refuseForeignEdits() throws {
        for file in MeshFile.allCases {
            let present = try directory.status(of: file.rawValue, in: folder)
            guard !isSame(present, snapshot.files[file]?.status) else { continue }
            throw Failure(
                .locked, .changedMeanwhile, at: SourceLocation(file: file.rawValue),
                "\(quoted(file.rawValue)) was changed by another program while this command ran",
                hint: "nothing was written; repeat the command")
        }
    }

    private var fileSystem: any FileSystem { directory.fileSystem }
}
