package import Addresses

/// `mesh.lock`: what the program has allotted. It holds no secret. One line a group, peer or removed peer, sorted, so
/// that two people's additions merge by line.
package struct LockFile: Hashable, Sendable {
    /// The newest format that this program reads and writes.
    package static let version = 4

    /// The mesh's name.
    package var name: String
    /// 16 random bytes; binds the keyring to the mesh.
    package var meshID: [UInt8]
    /// From 1; every preshared key changes with it.
    package var presharedEpoch: UInt32
    /// The last epoch of the preshared keys, where it is of a rotation that was taken back; nil elsewhere.
    package var presharedSpent: UInt32?
    /// Since when the preshared keys are those of that epoch; nil when nobody knows.
    package var presharedSince: UTCTime?
    /// How keys rotate; nil for a mesh that has never rotated any.
    package var rotation: LockedRotation?
    /// The end of the ledger; nil where there is none.
    package var ledger: LockedLedger?
    package var groups: [String: LockedGroup]
    package var peers: [String: LockedPeer]
    /// Removed peers, whose addresses rest for a while; one name may be there several times. Order means nothing.
    package var gone: [LockedGone]

    package init(
        name: String, meshID: [UInt8], presharedEpoch: UInt32 = 1
    ) {
        self.name = name
        self.meshID = meshID
        self.presharedEpoch = presharedEpoch
        groups = [:]
        peers = [:]
        gone = []
    }

    /// The epoch of the next preshared keys.
    package var nextPresharedEpoch: UInt32 { max(presharedEpoch, presharedSpent ?? 0) + 1 }
}

/// The end of the key ledger: what is cut off there does not fit any more.
package struct LockedLedger: Hashable, Sendable {
    /// How many lines the ledger has.
    package var lines: UInt32
    /// The digest of its last line, 64 lower-case hexadecimal digits.
    package var head: String

    package init(lines: UInt32, head: String) {
        self.lines = lines
        self.head = head
    }
}

/// The blocks of addresses that a group owns; nil where it has none of that family.
package struct LockedGroup: Hashable, Sendable {
    package var v4: IPPrefix?
    package var v6: IPPrefix?

    package init(v4: IPPrefix?, v6: IPPrefix?) {
        self.v4 = v4
        self.v6 = v6
    }
}

/// Who has a peer's private key.
package enum KeyHolder: Hashable, Sendable {
    /// The keyring.
    case program
    /// The peer alone.
    case peer
}

/// What a peer was allotted; nil where it has no address of that family.
package struct LockedPeer: Hashable, Sendable {
    package var v4: IPAddress?
    package var v6: IPAddress?
    /// 32 bytes as 44 characters of canonical base64.
    package var publicKey: String
    /// From 1; counts the peer's keys.
    package var epoch: UInt32
    /// The last epoch that it had a key of, where that is of a rotation that was taken back; nil elsewhere.
    package var spent: UInt32?
    package var holder: KeyHolder
    /// Since when it has its key; nil when nobody knows.
    package var since: UTCTime?
    /// The key of the next epoch, while the peer's key rotates; nil for one that keeps its key.
    package var next: String?
    /// What is known of the host in the present stage of a rotation; nil for nothing yet.
    package var progress: RotationProgress?

    package init(
        v4: IPAddress?, v6: IPAddress?, publicKey: String, epoch: UInt32 = 1, holder: KeyHolder = .program
    ) {
        self.v4 = v4
        self.v6 = v6
        self.publicKey = publicKey
        self.epoch = epoch
        self.holder = holder
    }

    /// The epoch of the next key: one that no key has had.
    package var nextEpoch: UInt32 { max(epoch, spent ?? 0) + 1 }
}

/// A removed peer: what it had last, and since when it is gone.
package struct LockedGone: Hashable, Sendable {
    package var name: String
    package var peer: LockedPeer
    package var removed: UTCTime

    package init(name: String, peer: LockedPeer, removed: UTCTime) {
        self.name = name
        self.peer = peer
        self.removed = removed
    }
}
