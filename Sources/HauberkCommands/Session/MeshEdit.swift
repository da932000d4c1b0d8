import Addresses
import Diagnostics
import Keys
import Ledger
import MeshFiles
import MeshModel
import SystemAccess

/// One change of a mesh: edits of `mesh.yaml`, then everything that follows from them, committed as one transaction.
struct MeshEdit {
    let path: String
    let identity: IdentityOptions
    let wait: Int
    /// What a second writer is told.
    let command: String

    /// What a change asks for besides the edits of `mesh.yaml`.
    struct Wishes {
        var editor: MeshFileEditor
        /// Peers that are to have new addresses.
        var redrawing: Set<String> = []
        /// Peers that keep everything under a new name.
        var renames: [(old: String, new: String)] = []
        /// The list that new peers come from; empty where flags name them.
        var list: [PeerListEntry] = []
        /// Private keys that peers bring with them.
        var keys: [String: PrivateKey] = [:]
    }

    /// What a change has done.
    struct Outcome {
        /// What was allocated, after the change.
        var lock: LockFile
        /// Nil when nothing had to be allocated or given up.
        var update: LockUpdate?
        /// What deserves a word.
        var warnings: [Diagnostic]
    }

    /// Takes the lock, lets `work` edit, checks the result against every rule, allocates, seals and commits.
    ///
    /// Throws every finding of the mesh as it would be; then nothing has changed.
    func run(_ work: (LoadedMesh, inout Wishes) throws -> Void) throws -> Outcome {
        let directory = MeshDirectory.at(path)
        return try directory.withLock(waiting: wait, command: command) { transaction in
            let before = try LoadedMesh(path: path, snapshot: transaction.snapshot, .form)
            // A key that is lost for good must not keep its peer from being removed, or from bringing a key of its own.
            let broken = before.findings.filter { finding in
                finding.severity == .error && finding.location?.file != LoadedMesh.yamlName
                    && finding.id != .keyringMissing
            }
            guard let tree = before.tree, broken.isEmpty else { throw Failure(.meshInvalid, before.findings) }
            guard let lock = before.lock, let keyring = before.keyring else { throw Self.incomplete(before) }
            var wishes = Wishes(editor: MeshFileEditor(tree))
            try work(before, &wishes)
            return try commit(wishes, &transaction, (lock, keyring))
        }
    }

    /// A mesh file without its two companions, or one that lost one of them.
    static func incomplete(_ loaded: LoadedMesh) -> Failure {
        let (lock, keys) = (loaded.snapshot.lock, loaded.snapshot.keys)
        if lock == nil, keys == nil {
            return Failure(
                .fileMissing, .noMesh, "the mesh in \(quoted(loaded.path)) has no lock file and no keyring yet",
                hint: "create them with `hauberk init \(loaded.path)`")
        }
        let lost = lock == nil ? LoadedMesh.lockName : LoadedMesh.keysName
        return Failure(
            .fileMissing, .noMesh, "there is no \(lost) in \(quoted(loaded.path))",
            hint: "restore \(lost) from Git or from a backup")
    }

    private func commit(
        _ wishes: Wishes, _ transaction: inout MeshTransaction, _ old: (lock: LockFile, keyring: Keyring)
    ) throws -> Outcome {
        let edited = try wishes.editor.apply()
        let places = EditPlaces(before: wishes.editor.tree, edited: edited, old.lock, list: wishes.list)
        var lock = old.lock
        for (from, to) in wishes.renames { lock.rename(from, to: to) }
        // What redraws its address must not be held against the one that it has.
        for name in wishes.redrawing { lock.peers[name]?.addresses = [] }
        let check = MeshCheck.check(edited.root, file: LoadedMesh.yamlName, lock: lock, at: Moment.now.seconds)
        guard let declared = check.declared, !check.isRefused else { throw places.failure(check.findings) }
        for name in wishes.redrawing { lock.peers[name]?.addresses = old.lock.peers[name]?.addresses ?? [] }
        var update: LockUpdate
        do throws(Failure) {
            update = try LockUpdate.plan(declared, from: lock, redrawing: wishes.redrawing, now: Moment.now)
        } catch {
            throw places.allocationFailure(error.diagnostics)
        }
        if update.lock.groups != old.lock.groups {
            // A new block may leave out addresses that its members have already.
            let outcome = MeshCheck.check(
                edited.root, file: LoadedMesh.yamlName, lock: update.lock, at: Moment.now.seconds)
            if outcome.isRefused { throw places.allocationFailure(outcome.findings) }
        }
        let isQuiet = update.lock == old.lock
        let hasLedger = transaction.snapshot.ledger != nil || old.lock.ledger != nil
        let secrets = KeyringStep(from: old.lock, to: update.lock)
        guard changesKeys(update, wishes, hasLedger ? old.lock : nil) || secrets.changesSecrets else {
            try transaction.commit(yaml: edited.source, lock: update.lock.text)
            return Outcome(lock: update.lock, update: isQuiet ? nil : update, warnings: check.findings)
        }
        let opened = try OperatorIdentity(options: identity).open()
        let keyring = try old.keyring.unlock(with: opened)
        let keys = try seal(&update, wishes, (old.lock, keyring))
        lock = update.lock
        var ledger: [UInt8]?
        if hasLedger {
            (ledger, lock.ledger) = try LedgerStep(opened, keyring.operators).taken(
                from: old.lock, to: update.lock, renames: wishes.renames, after: transaction.snapshot.ledger)
        }
        try transaction.commit(yaml: edited.source, lock: lock.text, keys: keys, ledger: ledger)
        return Outcome(lock: lock, update: isQuiet ? nil : update, warnings: check.findings)
    }

    /// Whether the change is one that the keyring or the ledger tells: for all others no identity is asked for.
    ///
    /// - Parameter ledgered: the lock file before, of a mesh with a ledger; nil without one.
    private func changesKeys(_ update: LockUpdate, _ wishes: Wishes, _ ledgered: LockFile?) -> Bool {
        if !update.needingKeys.isEmpty || !update.droppingKeys.isEmpty || !wishes.renames.isEmpty { return true }
        guard let ledgered else { return false }
        return !LedgerChange.events(from: ledgered, to: update.lock, renames: wishes.renames).isEmpty
    }

    /// The new bytes of the keyring; nil when it stays as it is.
    private func seal(
        _ update: inout LockUpdate, _ wishes: Wishes, _ old: (lock: LockFile, keyring: UnlockedKeyring)
    ) throws -> [UInt8]? {
        let secrets = KeyringStep(from: old.lock, to: update.lock)
        if update.needingKeys.isEmpty, update.droppingKeys.isEmpty, wishes.renames.isEmpty, !secrets.changesSecrets {
            return nil
        }
        var keyring = old.keyring
        try secrets.takeSecrets(&keyring)
        for (from, to) in wishes.renames {
            guard let peer = old.lock.peers[from], !peer.isHeldByPeer else { continue }
            for key in peer.ledgerKeys(of: from) { try keyring.rename(key, to: to) }
        }
        // A merge can leave the keyring with the key of a peer that the lock file does not have; nobody uses that key.
        for name in update.droppingKeys + update.needingKeys { keyring.remove(name) }
        let batch = Self.keys(for: update.needingKeys, given: wishes.keys)
        update.complete(with: batch.publicKeys.map(\.description))
        if !wishes.keys.isEmpty { try Self.refuseSharedKeys(update.lock, wishes) }
        try keyring.insert(
            batch, for: update.needingKeys.map { ($0, update.lock.peers[$0]?.epoch ?? 1) })
        return keyring.bytes
    }

    /// A peer of a list that brings the private key of another is refused: WireGuard tells peers apart by it alone.
    private static func refuseSharedKeys(_ lock: LockFile, _ wishes: Wishes) throws {
        var owners: [String: String] = [:]
        var findings: [Diagnostic] = []
        for (name, peer) in lock.peers.sorted(by: { $0.key < $1.key }) {
            guard let other = owners.updateValue(name, forKey: peer.publicKey) else { continue }
            let place = wishes.list.last { $0.name.text == name || $0.name.text == other }?.name.location
            findings.append(
                Diagnostic(
                    .sharedKey, at: place, "peer \(quoted(other)) and peer \(quoted(name)) have the same private key",
                    hint: "empty the field of one, and a new key is made"))
        }
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
    }

    /// Fresh keys, or the given one of a peer that brings its own.
    private static func keys(for names: [String], given: [String: PrivateKey]) -> KeyBatch {
        let fresh = PrivateKey.generate(count: names.count)
        if given.isEmpty { return fresh }
        return KeyBatch(copying: names.indices.map { given[names[$0]] ?? fresh.privateKey(at: $0) })
    }
}
