internal import Diagnostics
internal import Glibc

extension OutputSession {
    /// What has to happen to each entry, in the order of `order`; everything in the way is reported at once and before
    /// anything is written.
    mutating func judge(_ stale: [OutputManifest.Record], _ produce: Produce) throws -> [Verdict] {
        let leaving = Set(stale.map(\.path))
        var findings: [Failure] = []
        var verdicts: [Verdict] = []
        verdicts.reserveCapacity(order.count)
        var position = 0
        var walk = FolderWalk()
        for index in order {
            let entry = entries[index]
            let record = record(of: entry.path, from: &position)
            do {
                let status = try status(of: entry.path, leaving, &walk)
                verdicts.append(try verdict(index, record, status, produce))
            } catch let failure as Failure where failure.diagnostics.allSatisfy({ isInTheWay($0.id) }) {
                findings.append(failure)
            }
        }
        guard let first = findings.first else { return verdicts }
        // One link above a thousand files is one finding.
        throw Failure(first.status, Array(Set(findings.flatMap(\.diagnostics))))
    }

    private func isInTheWay(_ id: DiagnosticID) -> Bool { id == .foreignOutput || id == .symlinkInTheWay }

    /// The folder that was looked at last.
    struct FolderWalk {
        var path: Substring = ""
        var exists = true
    }

    /// Nil if the file, or a folder above it, is missing or about to go.
    private func status(
        of path: String, _ leaving: Set<String>, _ walk: inout FolderWalk
    ) throws -> FileStatus? {
        let folder = parent(path[...])
        if folder != walk.path {
            walk = FolderWalk(path: folder, exists: try isFolder(folder, leaving))
        }
        guard walk.exists else { return nil }
        let place = Place(path, in: folders.root)
        guard let status = try fileSystem.status(of: place) else { return nil }
        switch status.kind {
        case .regular: return status
        case .symlink: throw symlinkInTheWay(place.path)
        case .folder where leaving.contains(where: { $0.hasPrefix(path + "/") }): return nil
        case .folder, .other: throw foreignFile(place.path)
        }
    }

    /// Looks at each component of the path: true if all are folders, false if one is missing or about to go.
    private func isFolder(_ path: Substring, _ leaving: Set<String>) throws -> Bool {
        guard !path.isEmpty else { return true }
        guard try isFolder(parent(path), leaving) else { return false }
        let place = Place(String(path), in: folders.root)
        switch try fileSystem.status(of: place)?.kind {
        case nil: return false
        case .folder: return true
        case .symlink: throw symlinkInTheWay(place.path)
        case .regular where leaving.contains(String(path)): return false
        case .regular, .other: throw foreignFile(place.path)
        }
    }

    private mutating func verdict(
        _ index: Int, _ record: OutputManifest.Record?, _ status: FileStatus?, _ produce: Produce
    ) throws -> Verdict {
        let entry = entries[index]
        // A file that vanished is repaired, unless we may never have got to write it.
        guard let status else { return record.map { $0.size < 0 ? .create : .repair } ?? .create }
        if let record, record.describes(status), !record.isRacy(recordedAt: recordedAt), status.mode == entry.mode {
            if record.inputs == entry.inputs { return .keep(record) }
            return shared != nil && shared == old.shared ? .update(status) : .write
        }
        if try holds(entry.path, index, produce) {
            return .confirm(status, recorded: record)
        }
        guard let record else { throw foreignFile(Place(entry.path, in: folders.root).path) }
        return record.size < 0 || record.describes(status) ? .write : .repair
    }

    /// True if the file holds just what would be written; its bytes, which may be secret, are wiped from memory.
    private mutating func holds(_ path: String, _ index: Int, _ produce: Produce) throws -> Bool {
        guard let place = try folders.place(of: path, missing: .report) else { return false }
        let handle: Handle
        do {
            handle = try fileSystem.open(place, .reading)
        } catch {
            guard error.number == EACCES else { throw error }
            return false
        }
        defer { fileSystem.close(handle) }
        let status = try fileSystem.status(of: handle)
        guard status.kind == .regular, status.size <= 1 << 31 else { return false }
        return try fileSystem.withBytes(of: handle, status) { bytes in
            var writer = ArtifactWriter(comparing: bytes)
            try produce(index, &writer)
            return writer.matches
        }
    }

    /// Corrects the mode of a file whose bytes are right.
    private mutating func mend(_ entry: OutputEntry, _ status: FileStatus) throws -> OutputManifest.Record {
        guard status.mode != entry.mode, let place = try folders.place(of: entry.path, missing: .report) else {
            return OutputManifest.Record(entry, status)
        }
        let handle = try fileSystem.open(place, .reading)
        defer { fileSystem.close(handle) }
        try fileSystem.setMode(entry.mode, of: handle)
        report.repaired.append(entry.path)
        return OutputManifest.Record(entry, try fileSystem.status(of: handle))
    }

    /// Writes what has to be written.
    ///
    /// - Returns: the records of all entries, by path.
    mutating func bring(_ verdicts: [Verdict], _ produce: Produce) throws -> [OutputManifest.Record] {
        var records: [OutputManifest.Record] = []
        records.reserveCapacity(order.count)
        var repairs: [String] = []
        for (index, verdict) in zip(order, verdicts) {
            switch verdict {
            case .keep(let record):
                records.append(record)
                continue
            case .confirm(let status, let recorded):
                let record = try mend(entries[index], status)
                hasNewRecords = hasNewRecords || record != recorded
                records.append(record)
                continue
            case .create, .write, .update: report.written.append(entries[index].path)
            case .repair: repairs.append(entries[index].path)
            }
            records.append(try replace(index, verdict, produce))
        }
        report.unchanged = order.count - report.written.count - repairs.count - report.repaired.count
        report.repaired = (report.repaired + repairs).sorted()
        return records
    }

    private mutating func replace(_ index: Int, _ verdict: Verdict, _ produce: Produce) throws -> OutputManifest.Record
    {
        let entry = entries[index]
        guard let target = try folders.place(of: entry.path, missing: .create) else {
            throw foreignFile(entry.path)
        }
        let temporary = Place(tree.temporaryName, in: folders.root)
        let handle = try fileSystem.open(temporary, .creating(mode: entry.mode & 0o7777))
        defer { fileSystem.close(handle) }
        do {
            try write(index, to: handle, verdict, at: target, produce)
            if entry.mode & 0o7077 != 0 { try fileSystem.setMode(entry.mode, of: handle) }
            try put(temporary, at: target, verdict)
        } catch {
            try? fileSystem.removeFile(temporary)
            throw error
        }
        return OutputManifest.Record(entry, try fileSystem.status(of: handle))
    }

    /// Writes the new bytes, with the old ones at hand where they are as we left them.
    private func write(
        _ index: Int, to handle: Handle, _ verdict: Verdict, at target: Place, _ produce: Produce
    ) throws {
        var former: UnsafeRawBufferPointer?
        defer { if let former { fileSystem.unmap(former) } }
        if case .update(let status) = verdict {
            let old = try fileSystem.open(target, .reading)
            defer { fileSystem.close(old) }
            if try fileSystem.status(of: old).isSameFile(as: status) {
                former = fileSystem.map(old, count: Int(clamping: status.size))
            }
        }
        var writer = ArtifactWriter(file: handle, fileSystem, former: former)
        try produce(index, &writer)
    }

    /// Renames the finished file into place.
    ///
    /// An old file changes places with the new one and is then removed, instead of being renamed over: ext4 writes
    /// out the new bytes at once for the latter (auto_da_alloc, ext4(5)), which costs seconds for 1,000 files.
    private func put(_ temporary: Place, at target: Place, _ verdict: Verdict) throws {
        if verdict == .create {
            do {
                return try fileSystem.rename(temporary, to: target, .keeping)
            } catch {
                // EINVAL: the file system cannot do this. EEXIST: an emptied folder of ours, or something very new.
                guard error.number == EEXIST || error.number == EINVAL else { throw error }
            }
        }
        switch try fileSystem.status(of: target)?.kind {
        case nil: return try fileSystem.rename(temporary, to: target, .replacing)
        case .regular: break
        case .folder, .symlink, .other: throw foreignFile(target.path)
        }
        do {
            try fileSystem.rename(temporary, to: target, .exchanging)
        } catch {
            // EINVAL: the file system cannot exchange.
            guard error.number == EINVAL else { throw error }
            return try fileSystem.rename(temporary, to: target, .replacing)
        }
        try fileSystem.removeFile(temporary)
    }
}
