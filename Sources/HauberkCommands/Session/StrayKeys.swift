import Diagnostics
import Keys
import MeshFiles
import MeshModel

/// Next keys of a rotation that a merge has left in the keyring, where no rotation of the lock file has them.
struct StrayKeys {
    /// In the keyring's order.
    let keys: [(peer: String, epoch: UInt32, location: SourceLocation?)]

    init(_ keyring: Keyring, _ lock: LockFile) {
        keys = keyring.keys.filter { key in
            guard let peer = lock.peers[key.peer] else { return false }
            return key.epoch > peer.epoch && !(peer.next != nil && key.epoch == peer.nextEpoch)
        }
    }

    var findings: [Diagnostic] {
        keys.map { key in
            Diagnostic(
                .ledgerDisagreement, at: key.location,
                "the keyring has a key of peer \(quoted(key.peer)), epoch \(key.epoch), which the lock file has not",
                hint: "take the lines of mesh.lock from where it rotates, or run `hauberk ledger reconcile`, which "
                    + "removes the key")
        }
    }
}
