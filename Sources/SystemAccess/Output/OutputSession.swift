internal import Diagnostics
internal import Glibc

/// One bringing of a tree to a plan, under the tree's lock.
struct OutputSession: ~Copyable {
    typealias Produce = (_ index: Int, _ writer: inout ArtifactWriter) throws -> Void

    /// What has to happen to one entry.
    enum Verdict: Equatable {
        case keep(OutputManifest.Record)
        /// Its bytes were compared and are right; the mode may not be.
        case confirm(FileStatus, recorded: OutputManifest.Record?)
        /// There is no such file.
        case create
        /// There is one, of ours.
        case write
        /// There is one as we left it, whose bytes may be of use.
        case update(FileStatus)
        /// It was ours and is not as we left it.
        case repair
    }

    let tree: OutputTree
    let fileSystem: any FileSystem
    let entries: [OutputEntry]
    /// Indices of the entries by path.
    let order: [Int]
    let scope: OutputScope
    /// What all artifacts depend on; nil when nothing of former ones may be used.
    let shared: InputDigest?
    var folders: OutputFolders
    var report = OutputReport()
    /// The manifest as the last render left it; empty if there is none.
    var old = OutputManifest()
    /// When it was written, in nanoseconds.
    var recordedAt: Int64 = 0
    /// A kept file's record is not the old one.
    var hasNewRecords = false

    init(
        tree: OutputTree, root: Handle, _ plan: (entries: [OutputEntry], order: [Int]),
        _ settings: (scope: OutputScope, shared: InputDigest?)
    ) {
        self.tree = tree
        fileSystem = tree.fileSystem
        entries = plan.entries
        order = plan.order
        scope = settings.scope
        shared = settings.shared
        folders = OutputFolders(root: root, tree.fileSystem)
    }

    mutating func run(_ durability: Durability, _ produce: Produce) throws {
        try readManifest()
        for name in [tree.temporaryName, tree.manifestTemporaryName] {
            try fileSystem.removeIfPresent(Place(name, in: folders.root))
        }
        let stale = staleRecords()
        let verdicts = try judge(stale, produce)
        if hasNewPaths(verdicts) { try writeManifest(intentions(verdicts), durability) }
        try remove(stale)
        let records = try bring(verdicts, produce)
        guard !report.isQuiet || hasNewRecords || !stale.isEmpty else { return }
        if durability == .synced, !report.isQuiet { try fileSystem.sync(folders.root, .fileSystem) }
        try writeManifest(OutputManifest(records: merged(records), shared: shared), durability)
    }

    // MARK: The manifest

    private mutating func readManifest() throws {
        let place = Place(tree.manifestName, in: folders.root)
        guard let found = try fileSystem.contents(of: place, limit: 1 << 30) else { return }
        guard let manifest = OutputManifest(parsing: found.bytes, mesh: tree.mesh) else {
            throw Failure(
                .inputOutput, .damagedManifest, "\(shown(place.path)) is not a whole list of rendered files",
                hint: "remove it; files that are as they should be are then recognised by their bytes")
        }
        old = manifest
        recordedAt = found.status.modified
    }

    private func writeManifest(_ manifest: OutputManifest, _ durability: Durability) throws {
        let temporary = Place(tree.manifestTemporaryName, in: folders.root)
        let handle = try fileSystem.open(temporary, .creating(mode: 0o600))
        defer { fileSystem.close(handle) }
        do {
            try manifest.text(mesh: tree.mesh).withUnsafeBytes { try fileSystem.write([$0], to: handle) }
            if durability == .synced { try fileSystem.sync(handle, .file) }
            try fileSystem.rename(temporary, to: Place(tree.manifestName, in: folders.root), .replacing)
        } catch {
            try? fileSystem.removeFile(temporary)
            throw error
        }
        if durability == .synced { try fileSystem.syncFolder(folders.root) }
    }

    /// The files that are about to appear must be known as ours before they do, or a render that comes after a killed
    /// one takes them for somebody's.
    private func intentions(_ verdicts: [Verdict]) -> OutputManifest {
        var records = old.records
        let known = Set(records.map(\.path))
        for (index, verdict) in zip(order, verdicts) where verdict == .create && !known.contains(entries[index].path) {
            records.append(.intent(entries[index].path))
        }
        return OutputManifest(records: records.sorted { $0.path < $1.path }, shared: old.shared)
    }

    private func hasNewPaths(_ verdicts: [Verdict]) -> Bool {
        var position = 0
        for (index, verdict) in zip(order, verdicts) where verdict == .create {
            if record(of: entries[index].path, from: &position) == nil { return true }
        }
        return false
    }

    /// The old record of the path, searching on from `position`: both lists are sorted.
    func record(of path: String, from position: inout Int) -> OutputManifest.Record? {
        while position < old.records.count, old.records[position].path < path { position += 1 }
        guard position < old.records.count, old.records[position].path == path else { return nil }
        return old.records[position]
    }

    /// The new records and the old ones that are out of scope.
    private func merged(_ records: [OutputManifest.Record]) -> [OutputManifest.Record] {
        let others = old.records.filter { !scope.contains($0.path) }
        guard !others.isEmpty else { return records }
        let planned = Set(records.map(\.path))
        return (records + others.filter { !planned.contains($0.path) }).sorted { $0.path < $1.path }
    }

    // MARK: Stale files

    private func staleRecords() -> [OutputManifest.Record] {
        var position = 0
        return old.records.filter { record in
            guard scope.contains(record.path) else { return false }
            while position < order.count, entries[order[position]].path < record.path { position += 1 }
            return position == order.count || entries[order[position]].path != record.path
        }
    }

    private mutating func remove(_ stale: [OutputManifest.Record]) throws {
        for record in stale {
            guard let place = try folders.place(of: record.path, missing: .report),
                try fileSystem.status(of: place)?.kind == .regular
            else { continue }
            try fileSystem.removeFile(place)
            report.removed.append(record.path)
        }
        for record in stale.reversed() { try removeEmptyFolders(above: record.path) }
    }

    private mutating func removeEmptyFolders(above path: String) throws {
        var folder = parent(path[...])
        while !folder.isEmpty {
            do {
                // A killed render may have removed the inner folders only: go on to those above.
                if let place = try folders.place(of: String(folder), missing: .report) {
                    try fileSystem.removeFolder(place)
                }
            } catch let error as SystemError where error.number != ENOENT {
                guard [ENOTEMPTY, EEXIST, ENOTDIR, EBUSY].contains(error.number) else { throw error }
                return
            } catch is SystemError {}
            folder = parent(folder)
        }
    }
}
