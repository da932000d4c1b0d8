import Diagnostics
import Keys
import Ledger
import MeshFiles
import SystemAccess

/// A change of who can open the keyring, as one transaction.
struct OperatorChange {
    let path: String
    let identity: IdentityOptions
    let wait: Int

    func run(_ command: String, _ work: (inout UnlockedKeyring, LockFile) throws -> Void) throws {
        try MeshDirectory.at(path).withLock(waiting: wait, command: command) { transaction in
            let loaded = try LoadedMesh(path: path, snapshot: transaction.snapshot)
            guard let lock = loaded.lock, let locked = loaded.keyring else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let opened = try OperatorIdentity(options: identity).open()
            var keyring = try locked.unlock(with: opened)
            let before = keyring.operators
            try work(&keyring, lock)
            if transaction.snapshot.ledger == nil, lock.ledger == nil {
                return try transaction.commit(keys: keyring.bytes)
            }
            let (ledger, head) = try LedgerStep(opened, before).taken(
                to: keyring.operators, of: lock, after: transaction.snapshot.ledger)
            var changed = lock
            changed.ledger = head
            try transaction.commit(lock: changed.text, keys: keyring.bytes, ledger: ledger)
        }
    }
}
