internal import Delivery
internal import Diagnostics
internal import Glibc

/// Where a host's transactions are: `/var/lib/hauberk/apply`, 0700.
///
/// `pending/` is a transaction: it appears by a rename with everything in it that putting back needs, and is the last
/// thing to go. The host's files are written beside their places when it is there, and take them when it is confirmed.
struct ApplyFolder: Sendable {
    let disk: HostDisk

    var base: String { "\(disk.root)/var/lib/hauberk/apply" }
    var pending: String { "\(base)/pending" }
    var lockFile: String { "\(base)/lock" }

    /// The rendered files that it brings.
    var new: String { "\(pending)/new" }

    /// What was loaded when the last transaction of an interface was confirmed.
    private func rulesFile(_ interface: String) -> String { "\(base)/applied/\(interface).rules" }

    func keptRules(of interface: String) throws -> KeptRules? {
        try disk.text(rulesFile(interface)).flatMap { KeptRules($0) }
    }

    /// Notes in the transaction what it has loaded.
    func note(_ rules: KeptRules) throws {
        try disk.remove("\(pending)/rules")
        try disk.keep("\(pending)/rules", Array(rules.text.utf8))
    }

    /// Keeps what the transaction has loaded, for the next one. It may be lost with the power: then the rules are loaded
    /// once more.
    func keepRules(of interface: String) throws {
        if try disk.exists("\(pending)/rules") {
            try disk.files.makeFolders("\(base)/applied", mode: 0o700)
            try disk.rename("\(pending)/rules", to: rulesFile(interface))
        } else if try !disk.exists(target("etc/hauberk/\(interface)/firewall")) {
            try disk.remove(rulesFile(interface))
        }
    }

    func make() throws {
        try disk.files.makeFolders("\(disk.root)/var/lib/hauberk", mode: 0o755)
        try disk.files.makeFolders(base, mode: 0o700)
    }

    /// The lock, or nil when somebody else has it.
    func lock() throws -> Handle? {
        let handle = try disk.files.open(disk.place(lockFile), .sharing(mode: 0o600))
        if try disk.files.lock(handle) { return handle }
        disk.files.close(handle)
        return nil
    }

    /// The transaction that is there, and its phase.
    ///
    /// - Throws: `Failure` for one that another version has begun, and that this one must not touch.
    func present() throws -> (journal: ApplyJournal, phase: ApplyPhase)? {
        let marks = Set(try disk.names(pending))
        guard let text = try disk.text("\(pending)/journal"), let phase = ApplyPhase(marks: marks) else { return nil }
        guard let journal = ApplyJournal(text) else {
            throw Failure(
                .inputOutput, .applyFailed, "\(shown("\(pending)/journal")) is not one that this version can read",
                hint: "end it with the hauberk that began it: hauberk apply --rollback")
        }
        return (journal, phase)
    }

    func has(_ phase: ApplyPhase) throws -> Bool { try disk.exists("\(pending)/\(phase.rawValue)") }

    /// Decides once and for all; false if somebody else has decided.
    func decide(_ phase: ApplyPhase) throws -> Bool {
        do {
            try disk.rename("\(pending)/\(ApplyPhase.armed.rawValue)", to: "\(pending)/\(phase.rawValue)")
        } catch let error as SystemError where error.number == ENOENT {
            return false
        }
        try disk.syncFolder(of: "\(pending)/journal")
        return true
    }

    /// Makes the transaction. Nothing of the host has been changed by then.
    ///
    /// What is for the live state alone need not survive the kernel's run: after another start nothing of it is put back,
    /// and no later step reads it. So only the journal and the mark wait for the disk.
    func begin(_ journal: ApplyJournal, _ files: [HostFile], _ state: [(name: String, bytes: [UInt8])]) throws {
        let draft = "\(base)/pending.new"
        try disk.removeTree(draft)
        try disk.files.makeFolders(draft, mode: 0o700)
        do {
            for file in files {
                let path = "\(draft)/new/\(file.path)"
                try disk.files.makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), mode: 0o700)
                try disk.keep(path, file.bytes, mode: file.mode)
            }
            for (name, bytes) in state {
                let path = "\(draft)/\(name)"
                try disk.files.makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), mode: 0o700)
                try disk.keep(path, bytes)
            }
            try disk.create("\(draft)/journal", Array(journal.text.utf8))
            try disk.mark("\(draft)/\(ApplyPhase.armed.rawValue)")
            try disk.rename(draft, to: pending)
            try disk.syncFolder(of: pending)
        } catch {
            try? disk.removeTree(draft)
            throw error
        }
    }

    // MARK: the host's files

    func target(_ path: String) -> String { "\(disk.root)/\(path)" }

    private func staged(_ path: String, _ journal: ApplyJournal) -> String {
        let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return target("\(path[..<cut]).\(path[cut...]).hauberk-\(journal.id)")
    }

    /// The folders that the files need and that are not there, outermost first.
    func missingFolders(_ paths: [String]) throws -> [String] {
        var result: [String] = []
        for path in paths {
            var folder = ""
            for component in path.split(separator: "/").dropLast() {
                folder += folder.isEmpty ? String(component) : "/\(component)"
                if result.contains(folder) { continue }
                if try !disk.exists(target(folder)) { result.append(folder) }
            }
        }
        return result
    }

    /// Writes the new files beside their places.
    func stage(_ files: [HostFile], _ journal: ApplyJournal) throws {
        for folder in journal.folders { try disk.files.makeFolders(target(folder), mode: 0o755) }
        for file in files { try disk.create(staged(file.path, journal), file.bytes, mode: file.mode) }
        for file in files { try disk.syncFolder(of: target(file.path)) }
    }

    /// Puts the new files into their places; again is no change.
    func switchFiles(_ journal: ApplyJournal) throws {
        // The configuration last: it names the others.
        for (path, _) in journal.files.sorted(by: { !$0.path.hasSuffix(".conf") && $1.path.hasSuffix(".conf") })
        where try disk.exists(staged(path, journal)) {
            try disk.rename(staged(path, journal), to: target(path))
            try disk.syncFolder(of: target(path))
        }
        for path in journal.removed {
            try disk.remove(target(path))
            try disk.syncFolder(of: target(path))
        }
    }

    /// Takes the new files away that never came to their places.
    func unstage(_ journal: ApplyJournal) throws {
        // A file that is not there must not be removed: a read-only file system says no to that.
        for (path, _) in journal.files where try disk.exists(staged(path, journal)) {
            try disk.remove(staged(path, journal))
        }
        for folder in journal.folders.reversed() {
            try? disk.files.removeFolder(disk.place(target(folder)))
        }
        try end(journal, "returned")
    }

    func end(_ journal: ApplyJournal, _ outcome: String) throws {
        try disk.remove("\(base)/last.new")
        try disk.create("\(base)/last.new", Array("\(outcome) \(journal.id)\n".utf8))
        try disk.rename("\(base)/last.new", to: "\(base)/last")
        try disk.removeTree("\(base)/pending.gone")
        try disk.rename(pending, to: "\(base)/pending.gone")
        try disk.syncFolder(of: pending)
        try disk.removeTree("\(base)/pending.gone")
    }

    /// How the transaction ended: `confirmed` or `returned`; nil when the last was another.
    func outcome(_ id: String) throws -> String? {
        let words = try disk.text("\(base)/last")?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
        return words.count == 2 && words[1] == id ? words[0] : nil
    }

    /// Paths of the files that are not as they are to be.
    func changed(_ files: [HostFile]) throws -> [HostFile] {
        try files.filter { file in
            guard let status = try disk.files.status(of: disk.place(target(file.path))) else { return true }
            guard status.kind == .regular, status.mode == file.mode else { return true }
            return try disk.bytes(target(file.path)) != file.bytes
        }
    }

    /// Files of a former tree of this interface's that the new one has not, the configuration of an interface among
    /// them that keys have rotated away from.
    func stale(_ tree: HostTree) throws -> [String] {
        let folder = "etc/hauberk/\(tree.interface)"
        let kept = Set(tree.files.map(\.path))
        let ours =
            ["firewall", "rules.nft", "rules.v4", "rules.v6"].map { "\(folder)/\($0)" } + [
                "etc/systemd/system/hauberk-firewall-\(tree.interface).service",
                "usr/share/netfilter-persistent/plugins.d/30-hauberk-\(tree.interface)",
            ] + tree.interfaces.map(HostTree.configuration)
        return try ours.filter { path in
            if kept.contains(path) { return false }
            return try disk.files.status(of: disk.place(target(path)))?.kind == .regular
        }
    }
}
