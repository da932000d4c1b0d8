package import Diagnostics
package import Keys
package import MeshFiles

/// What one command adds to a mesh's ledger: events for the step from one lock file to the next.
package struct LedgerChange: Sendable {
    private var ledger: Ledger
    private var state: LedgerState
    private let signer: Ledger.Signer
    private let time: UTCTime

    /// Who changes the ledger, and when.
    package struct Author: Sendable {
        let signer: Ledger.Signer
        let operators: [KeyringOperator]
        let time: UTCTime

        /// - Parameter operators: of the keyring as it was, authentic.
        /// - Throws: when the identity is none of theirs.
        package init(_ identity: Identity, among operators: [KeyringOperator], at time: UTCTime) throws(Failure) {
            guard let own = operators.first(where: { $0.key == identity.publicKey }) else {
                throw Failure(.permission, .ledgerSigner, "this identity is no operator of the keyring")
            }
            signer = Ledger.Signer(name: own.name, identity: identity)
            self.operators = operators
            self.time = time
        }
    }

    /// Opens the present ledger for more lines, or begins one with what the mesh has.
    ///
    /// Chain, head and events must be right; signatures are not looked at, as that would cost seconds.
    /// - Parameter bytes: nil where the mesh has no ledger yet.
    package init(_ bytes: [UInt8]?, file: String, of lock: LockFile, by author: Author) throws(Failure) {
        signer = author.signer
        time = author.time
        guard let bytes else {
            if let lost = Ledger.lost(from: lock, file: file, lockFile: "mesh.lock") {
                throw Failure(.meshInvalid, [lost])
            }
            guard let id = lock.meshID.meshID else {
                throw Failure(.bug, .internalError, "a lock file without an id")
            }
            ledger = Ledger(of: id, file: file)
            state = LedgerState()
            try append([.genesis(signer.identity.publicKey)])
            let others = author.operators.filter { $0.name != signer.name }.sorted { $0.name < $1.name }
            try append(others.map { .operatorAdded($0) } + [.preshared(epoch: lock.presharedEpoch)])
            try append(lock.ledgerKeys.map { .found($0) })
            return
        }
        ledger = try Ledger(parsing: bytes, file: file)
        if let finding = ledger.headFinding(in: lock, file: "mesh.lock") { throw Failure(.meshInvalid, [finding]) }
        let walk = ledger.examine(.chain)
        guard walk.findings.allSatisfy({ $0.severity == .warning }) else {
            throw Failure(.meshInvalid, walk.findings)
        }
        state = walk.state
    }

    /// Appends events, each of which must follow from what the ledger says.
    package mutating func append(_ events: [LedgerEvent]) throws(Failure) {
        try ledger.append(events, to: &state, as: signer, at: time)
    }

    /// Appends what makes the ledger agree with a lock file and a keyring, and says what that was.
    package mutating func reconcile(with lock: LockFile, operators: [KeyringOperator]) throws(Failure) -> [LedgerEvent]
    {
        let events = state.missing(for: lock, operators: operators)
        try append(events)
        return events
    }

    /// The new text, with what the lock file is to carry.
    package var result: (bytes: [UInt8], head: LockedLedger) { (ledger.bytes, ledger.lockedHead) }

    /// The events of a step from one lock file to the next: renames first, then what ends, then what begins.
    package static func events(
        from old: LockFile, to new: LockFile, renames: [(old: String, new: String)]
    ) -> [LedgerEvent] {
        var events: [LedgerEvent] = renames.map { .renamed(old: $0.old, new: $0.new) }
        var before = old.peers
        for (from, to) in renames { before[to] = before.removeValue(forKey: from) }
        events += before.keys.sorted().filter { new.peers[$0] == nil }.map { .removed(peer: $0) }
        for (name, peer) in new.peers.sorted(by: { $0.key < $1.key }) {
            let former = before[name]?.ledgerKeys(of: name) ?? []
            let present = peer.ledgerKeys(of: name)
            let begun = present.filter { !former.contains($0) }
            // A peer whose only key is none any more keeps its former one here, as it has no other.
            let ended = present.isEmpty ? [] : former.filter { !present.contains($0) }
            let (replaced, retired) = (
                ended.filter { key in begun.contains { $0.epoch == key.epoch } },
                ended.filter { key in !begun.contains { $0.epoch == key.epoch } }
            )
            events += replaced.map { .retired(peer: name, epoch: $0.epoch) } + begun.map { .key($0) }
            events += retired.map { .retired(peer: name, epoch: $0.epoch) }
        }
        if old.presharedEpoch != new.presharedEpoch { events.append(.preshared(epoch: new.presharedEpoch)) }
        return events
    }
}

extension Array<UInt8> {
    /// The 16 bytes of a lock file's id as the keyring has it.
    fileprivate var meshID: MeshID? {
        MeshID(parsing: map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined())
    }
}
