package import Diagnostics
package import Keys
package import MeshFiles

extension Ledger {
    /// The lock file names this very ledger, to its last line; else the finding.
    package func headFinding(in lock: LockFile, file lockFile: String) -> Diagnostic? {
        guard lock.meshID == meshID.bytes else {
            return Diagnostic(
                .ledgerMesh, at: SourceLocation(file: file, line: 2, column: 6),
                "the ledger is of another mesh than \(lockFile)",
                hint: "restore \(file) and \(lockFile) from one commit")
        }
        guard lock.ledger != lockedHead else { return nil }
        let hint = "restore \(file) and the `ledger` line of \(lockFile) from one commit"
        guard let named = lock.ledger else {
            return Diagnostic(
                .ledgerHead, at: SourceLocation(file: lockFile), "\(lockFile) does not name the ledger's last line",
                hint: hint)
        }
        let what =
            named.lines == lines.count
            ? "its last line is not the one that \(lockFile) names"
            : "the ledger has \(lines.count) lines, and \(lockFile) names line \(named.lines) as the last"
        let end = SourceLocation(file: file, line: lines.count + 2, column: 1)
        return Diagnostic(.ledgerHead, at: end, what, hint: hint)
    }

    /// A ledger that the lock file names is not there; nil when it names none.
    package static func lost(from lock: LockFile, file: String, lockFile: String) -> Diagnostic? {
        guard let named = lock.ledger else { return nil }
        return Diagnostic(
            .ledgerHead, at: SourceLocation(file: lockFile),
            "\(lockFile) names line \(named.lines) of \(file), which is not there", hint: "restore \(file) from Git")
    }
}

extension LedgerState {
    /// The events that are missing for this state to say what the lock file and the keyring say, in a fixed order.
    ///
    /// - Parameter operators: those of the keyring; nil when they are not to be compared.
    package func missing(for lock: LockFile, operators listed: [KeyringOperator]?) -> [LedgerEvent] {
        var events: [LedgerEvent] = []
        for who in (listed ?? []).sorted(by: { $0.name < $1.name }) where operators[who.name] != who.key {
            if let old = operators[who.name] {
                events.append(.operatorRemoved(KeyringOperator(name: who.name, key: old)))
            }
            events.append(.operatorAdded(who))
        }
        if let listed {
            let names = Set(listed.map(\.name))
            for (name, key) in operators.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
                events.append(.operatorRemoved(KeyringOperator(name: name, key: key)))
            }
        }
        if presharedEpoch != lock.presharedEpoch { events.append(.preshared(epoch: lock.presharedEpoch)) }
        for name in keys.keys.sorted() where lock.peers[name] == nil { events.append(.removed(peer: name)) }
        for key in lock.ledgerKeys where !holds(key) {
            if keys[key.peer]?.contains(where: { $0.epoch == key.epoch }) ?? false {
                events.append(.retired(peer: key.peer, epoch: key.epoch))
            }
            events.append(.found(key))
        }
        return events + surplus(over: lock)
    }

    /// Ends what is valid here and is no key of the lock file: the next key of a rotation that a merge has left out.
    private func surplus(over lock: LockFile) -> [LedgerEvent] {
        keys.sorted { $0.key < $1.key }.flatMap { name, entries -> [LedgerEvent] in
            let epochs = Set(lock.peers[name]?.ledgerKeys(of: name).map(\.epoch) ?? [])
            // A peer whose only key is none any more keeps its former one here, as it has no other.
            if epochs.isEmpty { return [] }
            return entries.filter { !epochs.contains($0.epoch) }.map { .retired(peer: name, epoch: $0.epoch) }
        }
    }

    /// What ``missing(for:operators:)`` finds, as findings with their places in the lock file's text.
    package func disagreements(
        with lock: LockFile, operators: [KeyringOperator]?, text: LockText
    ) -> [Diagnostic] {
        let events = missing(for: lock, operators: operators)
        let rows = events.isEmpty ? [:] : text.rows
        let locked = Set(events.isEmpty ? [] : lock.ledgerKeys.map { "\($0.peer) \($0.epoch)" })
        return events.map { event in
            let (message, place) =
                switch event {
                case .found(let key):
                    ("the ledger does not know the key of peer \(quoted(key.peer)), epoch \(key.epoch)", key.peer)
                case .retired(let peer, let epoch) where !locked.contains("\(peer) \(epoch)"):
                    (
                        "the ledger has a valid key of peer \(quoted(peer)), epoch \(epoch), which the lock file has not",
                        peer
                    )
                case .retired(let peer, let epoch):
                    ("the ledger has another key of peer \(quoted(peer)), epoch \(epoch)", peer)
                case .removed(let peer): ("the ledger has a valid key of \(quoted(peer)), no peer of the lock file", "")
                case .operatorAdded(let who): ("the ledger does not know operator \(quoted(who.name))", "")
                case .operatorRemoved(let who):
                    ("the ledger knows operator \(quoted(who.name)) with a key that the keyring does not have", "")
                default: ("the ledger does not know preshared epoch \(lock.presharedEpoch)", "")
                }
            return Diagnostic(
                .ledgerDisagreement, at: text.location(of: rows[place]), message,
                hint: "if that is right, run `hauberk ledger reconcile`, which signs what is missing")
        }
    }
}

/// The text of a lock file, for the places of its peers.
package struct LockText: Sendable {
    let file: String
    let bytes: [UInt8]

    /// Bytes that parse.
    package init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The number of each peer's line, by its name.
    var rows: [String: Int] {
        var rows: [String: Int] = [:]
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            guard line.starts(with: "peer ".utf8) else { continue }
            let name = line.dropFirst(5).prefix { $0 != 0x20 }
            rows[String(decoding: name, as: UTF8.self)] = index + 1
        }
        return rows
    }

    /// The place of a name in that line, else the file.
    func location(of row: Int?) -> SourceLocation {
        row.map { SourceLocation(file: file, line: $0, column: 6) } ?? SourceLocation(file: file)
    }
}

extension LockFile {
    /// The valid keys of all peers, sorted by name, that of the next epoch after the present one; one that is no key is
    /// left out.
    package var ledgerKeys: [KeyringEntry] {
        peers.sorted { $0.key < $1.key }.flatMap { $1.ledgerKeys(of: $0) }
    }
}

extension LockedPeer {
    /// The peer's key, and that of the next epoch while it rotates: both are valid.
    package func ledgerKeys(of name: String) -> [KeyringEntry] {
        [(epoch, publicKey), (nextEpoch, next ?? "")].compactMap { epoch, text in
            (try? PublicKey(parsing: text)).map { KeyringEntry(peer: name, epoch: epoch, publicKey: $0) }
        }
    }
}
