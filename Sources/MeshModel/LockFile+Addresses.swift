package import Addresses
package import MeshFiles

extension LockedPeer {
    /// The addresses that the peer has, IPv4 first. Setting keeps the first of each family.
    package var addresses: [IPAddress] {
        get { [v4, v6].compactMap { $0 } }
        set {
            v4 = newValue.first { $0.family == .v4 }
            v6 = newValue.first { $0.family == .v6 }
        }
    }

    /// Whether the private key is on the host alone.
    package var isHeldByPeer: Bool { holder == .peer }

    /// What stays of a peer that is gone: its addresses, its key, and the last epoch that it had a key of.
    var tombstone: LockedPeer {
        LockedPeer(
            v4: v4, v6: v6, publicKey: publicKey, epoch: next == nil ? nextEpoch - 1 : nextEpoch, holder: holder)
    }

    /// What a rotation that runs knows of a peer after a change of the mesh file: one that is disabled is not waited for,
    /// and finds its former way when it comes back; so does an app until it can have the next configuration.
    mutating func settleProgress(of peer: DeclaredPeer, in running: LockedRotation.Running?) {
        guard let running else { return }
        let isLateApp = peer.platform == .app && running.stage == .prepared && !running.isAborting
        if peer.isDisabled || isLateApp { progress = .absent }
    }

    /// The address of a family; nil where the peer has none.
    func address(of family: IPFamily) -> IPAddress? { family == .v4 ? v4 : v6 }
}

extension LockedGroup {
    /// The blocks that the group has, IPv4 first. Setting keeps the first of each family.
    var blocks: [IPPrefix] {
        get { [v4, v6].compactMap { $0 } }
        set {
            v4 = newValue.first { $0.family == .v4 }
            v6 = newValue.first { $0.family == .v6 }
        }
    }
}

extension LockFile {
    /// Moves what a peer was allotted to another name.
    package mutating func rename(_ old: String, to new: String) {
        peers[new] = peers.removeValue(forKey: old)
    }
}
