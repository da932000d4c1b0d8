import Diagnostics
import Keys
import Ledger
import MeshFiles
import MeshModel
import SystemAccess

/// One step of a rotation, with everything that follows from it, committed as one transaction.
struct RotationEdit {
    let path: String
    let identity: IdentityOptions
    let wait: Int
    /// What a second writer is told.
    let command: String

    /// What a step works on.
    struct Turn {
        let declared: DeclaredMesh
        let loaded: LoadedMesh
        var step: RotationStep
        /// The next keys of the peers that are named, in their order.
        var keys: (names: [String], batch: KeyBatch) = ([], PrivateKey.generate(count: 0))
    }

    /// Takes the lock, lets `work` take its step, then seals, signs and commits what came of it.
    ///
    /// - Parameter anyway: whether the step can be taken in a mesh that breaks a rule.
    func run(anyway: Bool = false, _ work: (inout Turn) throws -> Void) throws -> Turn {
        try MeshDirectory.at(path).withLock(waiting: wait, command: command) { transaction in
            let loaded = try LoadedMesh(path: path, snapshot: transaction.snapshot)
            guard let lock = loaded.lock, let keyring = loaded.keyring, let declared = loaded.check?.declared else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            if !anyway { _ = try loaded.complete() }
            var turn = Turn(
                declared: declared, loaded: loaded, step: RotationStep(declared, lock, at: Moment.now))
            try work(&turn)
            try commit(turn, &transaction, (lock, keyring))
            return turn
        }
    }

    private func commit(
        _ turn: Turn, _ transaction: inout MeshTransaction, _ old: (lock: LockFile, keyring: Keyring)
    ) throws {
        var lock = turn.step.lock
        guard lock != old.lock else { return }
        let hasLedger = transaction.snapshot.ledger != nil || old.lock.ledger != nil
        let sealing = KeyringStep(from: old.lock, to: lock)
        let events = turn.step.acknowledged.compactMap { name in
            old.lock.peers[name].map { LedgerEvent.acknowledged(host: name, epoch: $0.epochInUse(of: old.lock)) }
        }
        let isTold = !events.isEmpty || !LedgerChange.events(from: old.lock, to: lock, renames: []).isEmpty
        guard !sealing.isEmpty || hasLedger && isTold else { return try transaction.commit(lock: lock.text) }
        let opened = try OperatorIdentity(options: identity).open()
        var keyring = try old.keyring.unlock(with: opened)
        let operators = keyring.operators
        try sealing.take(&keyring, turn.keys)
        var ledger: [UInt8]?
        if hasLedger {
            (ledger, lock.ledger) = try LedgerStep(opened, operators).taken(
                from: old.lock, to: lock, renames: [], saying: events, after: transaction.snapshot.ledger)
        }
        try transaction.commit(lock: lock.text, keys: sealing.isEmpty ? nil : keyring.bytes, ledger: ledger)
    }
}

/// What a step from one lock file to the next asks of the keyring.
struct KeyringStep {
    private let dropped: [SealedKey]
    private let added: [SealedKey]
    private let droppedSecrets: [UInt32]
    private let drawnSecrets: [UInt32]

    init(from old: LockFile, to new: LockFile) {
        let (before, after) = (old.sealedKeys, new.sealedKeys)
        dropped = before.subtracting(after).sorted()
        added = after.subtracting(before).sorted()
        droppedSecrets = old.presharedEpochs.subtracting(new.presharedEpochs).sorted()
        drawnSecrets = new.presharedEpochs.subtracting(old.presharedEpochs).sorted()
    }

    var isEmpty: Bool {
        dropped.isEmpty && added.isEmpty && droppedSecrets.isEmpty && drawnSecrets.isEmpty
    }

    /// Removes what has no place in the new lock file, and seals the keys of the peers that are named.
    func take(_ keyring: inout UnlockedKeyring, _ keys: (names: [String], batch: KeyBatch)) throws {
        // A merge can leave the keyring with what the lock file does not know; nobody uses that.
        for key in dropped + added { keyring.remove(key.peer, epoch: key.epoch) }
        try takeSecrets(&keyring)
        let epochs = Dictionary(added.map { ($0.peer, $0.epoch) }, uniquingKeysWith: max)
        try keyring.insert(keys.batch, for: keys.names.map { ($0, epochs[$0] ?? 1) })
    }
}

extension KeyringStep {
    /// Whether preshared secrets come or go.
    var changesSecrets: Bool { !droppedSecrets.isEmpty || !drawnSecrets.isEmpty }

    /// Forgets and draws the preshared secrets alone.
    func takeSecrets(_ keyring: inout UnlockedKeyring) throws {
        for epoch in droppedSecrets + drawnSecrets { keyring.removePresharedSecret(epoch: epoch) }
        for epoch in drawnSecrets { try keyring.drawPresharedSecret(epoch: epoch) }
    }
}

/// A private key by what it belongs to.
struct SealedKey: Hashable, Comparable {
    let peer: String
    let epoch: UInt32

    static func < (a: SealedKey, b: SealedKey) -> Bool { (a.peer, a.epoch) < (b.peer, b.epoch) }
}

extension LockFile {
    /// The private keys that the keyring has for this lock file.
    var sealedKeys: Set<SealedKey> {
        var result: Set<SealedKey> = []
        for (name, peer) in peers where !peer.isHeldByPeer {
            result.insert(SealedKey(peer: name, epoch: peer.epoch))
            if peer.next != nil { result.insert(SealedKey(peer: name, epoch: peer.nextEpoch)) }
        }
        return result
    }

    /// The epochs of the preshared secrets that the keyring has for this lock file.
    fileprivate var presharedEpochs: Set<UInt32> {
        let rotates = rotation?.running?.rotatesPreshared ?? false
        return rotates ? [presharedEpoch, nextPresharedEpoch] : [presharedEpoch]
    }
}

extension LockedPeer {
    /// The epoch of the key that the peer is to use in the end: the next one, unless the rotation is aborted.
    fileprivate func epochInUse(of lock: LockFile) -> UInt32 {
        next == nil || (lock.rotation?.running?.isAborting ?? false) ? epoch : nextEpoch
    }
}
