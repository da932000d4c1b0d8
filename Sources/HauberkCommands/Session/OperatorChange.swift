import Diagnostics
import Keys
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
            var keyring = try locked.unlock(with: try OperatorIdentity(options: identity).open())
            try work(&keyring, lock)
            try transaction.commit(keys: keyring.bytes)
        }
    }
}
