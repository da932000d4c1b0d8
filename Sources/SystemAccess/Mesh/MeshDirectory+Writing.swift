internal import Diagnostics
internal import Glibc

extension MeshDirectory {
    /// Runs the work as the only writer: takes the lock (waiting so many seconds at most), finishes or clears what an
    /// interrupted command left, and hands over the mesh as it is then.
    ///
    /// - Parameter command: what a second writer is told that this one does; never a secret.
    /// - Throws: `Failure` with status 75 that names the holder if the lock stays taken; whatever the work throws.
    package func withLock<Result>(
        waiting seconds: Int, command: String, _ work: (inout MeshTransaction) throws -> Result
    ) throws -> Result {
        try reported {
            let folder = try open()
            defer { fileSystem.close(folder) }
            let lock = try acquireLock(in: folder, waiting: seconds)
            defer { fileSystem.unlock(lock) }
            // Only the text that a second writer shows: that it cannot be written must not stop the work.
            try? note(holder: command, in: lock)
            try recover(folder)
            var transaction = MeshTransaction(directory: self, folder: folder, snapshot: try read(folder))
            return try work(&transaction)
        }
    }

    /// Creates the folder (if there is none) and a mesh in it; until the very last moment nothing there looks like a
    /// mesh, from then on the whole mesh is there.
    ///
    /// - Throws: `Failure` with status 65 if the folder holds any file of a mesh already.
    package func create(yaml: [UInt8], lock: [UInt8], keys: [UInt8], ledger: [UInt8]? = nil) throws {
        try reported {
            let created = try fileSystem.makeFolders(path, mode: 0o777)
            do {
                try withLock(waiting: 0, command: "hauberk init") { transaction in
                    guard transaction.snapshot.files.isEmpty else {
                        throw Failure(
                            .meshInvalid, .meshExists, "there is a mesh in \(shown(path)) already",
                            hint: "choose another folder, or change the mesh with `hauberk add` and `hauberk set`")
                    }
                    try transaction.commit(yaml: yaml, lock: lock, keys: keys, ledger: ledger)
                }
            } catch {
                discard(created)
                throw error
            }
        }
    }

    /// Removes the folders that a failed `create` made, as far as nothing is in them.
    private func discard(_ created: [String]) {
        guard !created.isEmpty, let folder = try? open() else { return }
        let rest = try? fileSystem.names(in: folder)
        if rest == [Self.lockName] { try? fileSystem.removeFile(Place(Self.lockName, in: folder)) }
        fileSystem.close(folder)
        for path in created.reversed() { try? fileSystem.removeFolder(Place(path, in: .current)) }
    }

    static let lockName = ".hauberk.lock"

    /// Polls flock(2) every 20 ms: a blocking one cannot be given a deadline without signals.
    private func acquireLock(in folder: Handle, waiting seconds: Int) throws -> Handle {
        let place = Place(Self.lockName, in: folder)
        let deadline = clock.monotonic() + Int64(seconds) * 1_000_000_000
        while true {
            let handle = try fileSystem.open(place, .sharing(mode: 0o666))
            do {
                while try !fileSystem.lock(handle) {
                    guard clock.monotonic() < deadline else { throw locked(by: holder(in: handle)) }
                    clock.pause(20_000_000)
                }
                // Somebody may have removed the file meanwhile (`git clean`): then the lock is on nothing.
                let (mine, present) = (try fileSystem.status(of: handle), try fileSystem.status(of: place))
                if present?.inode == mine.inode { return handle }
                fileSystem.unlock(handle)
            } catch {
                fileSystem.close(handle)
                throw error
            }
        }
    }

    private func locked(by holder: String) -> Failure {
        Failure(
            .locked, .meshLocked, "the mesh is being changed by \(holder.isEmpty ? "another command" : holder)",
            hint: "wait for it to end and repeat the command")
    }

    private func holder(in lock: Handle) -> String {
        guard let found = try? fileSystem.contents(of: Place(lock.path, in: .current), limit: 4096) else { return "" }
        let fields = String(decoding: found.bytes, as: UTF8.self).split(
            whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count >= 4 else { return "" }
        let command = quoted(fields[3...].joined(separator: " "))
        return "process \(quoted(fields[0])) of \(quoted(fields[1])) on \(quoted(fields[2])): \(command)"
    }

    private func note(holder command: String, in lock: Handle) throws {
        var name = utsname()
        _ = uname(&name)
        let host = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let user = getenv("USER").map { String(cString: $0) } ?? ""
        let text = "\(getpid()) \(user.isEmpty ? String(getuid()) : user) \(host) \(command)\n"
        try fileSystem.empty(lock)
        var bytes = Array(text.utf8.prefix(4000))
        try bytes.withUnsafeMutableBytes { try fileSystem.write([UnsafeRawBufferPointer($0)], to: lock) }
    }

    /// Moves the pending files of the present lock file into place and removes all other traces; the caller holds the
    /// lock.
    func recover(_ folder: Handle) throws {
        let (pending, temporary) = MeshFile.traces(among: try fileSystem.names(in: folder))
        guard !pending.isEmpty || !temporary.isEmpty else { return }
        let lock = try contents(of: MeshFile.lock.rawValue, in: folder)
        let suffix = lock.map { hexadecimal(digest($0.bytes)) }
        let committed = pending.filter { $0.suffix == suffix }
        for (file, suffix) in committed {
            guard let waiting = try status(of: file.pendingName(suffix), in: folder) else { continue }
            guard let settled = try status(of: file.rawValue, in: folder) else { continue }
            try refuseEdit(of: file, settled: settled, pending: waiting)
        }
        if !committed.isEmpty { try fileSystem.syncFolder(folder) }
        for (file, suffix) in committed { try settle(file, suffix, in: folder) }
        for (file, suffix) in pending where !committed.contains(where: { $0 == (file, suffix) }) {
            try fileSystem.removeIfPresent(Place(file.pendingName(suffix), in: folder))
        }
        for name in temporary { try fileSystem.removeIfPresent(Place(name, in: folder)) }
        try fileSystem.syncFolder(folder)
    }

    /// Moves committed bytes into the file's place.
    func settle(_ file: MeshFile, _ suffix: String, in folder: Handle) throws {
        let target = Place(file.rawValue, in: folder)
        try fileSystem.rename(Place(file.pendingName(suffix), in: folder), to: target, .replacing)
    }
}
