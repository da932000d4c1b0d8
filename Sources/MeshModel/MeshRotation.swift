package import MeshFiles

/// A rotation of keys, as the hosts' files have to know it.
package struct MeshRotation: Sendable {
    package let stage: RotationStage
    /// The public keys of the next epoch in base64, by the index of the peer; the others keep theirs.
    package let nextKeys: [Int: String]
    /// The epochs of those, by the index of the peer.
    let nextEpochs: [Int: UInt32]
    /// The epoch of the preshared keys afterwards.
    let presharedEpoch: UInt32
    /// The peers, by index, that were left behind and keep their former way.
    package let absent: Set<Int>

    /// - Parameter peers: the names of the peers, by their index.
    init?(_ lock: LockFile, _ peers: [String]) {
        guard let running = lock.rotation?.running else { return nil }
        var (keys, epochs, absent): ([Int: String], [Int: UInt32], Set<Int>) = ([:], [:], [])
        for (index, name) in peers.enumerated() {
            guard let peer = lock.peers[name] else { continue }
            if let next = peer.next { (keys[index], epochs[index]) = (next, peer.nextEpoch) }
            if peer.progress == .absent { absent.insert(index) }
        }
        stage = running.stage
        presharedEpoch = running.rotatesPreshared ? lock.nextPresharedEpoch : lock.presharedEpoch
        (nextKeys, nextEpochs, self.absent) = (keys, epochs, absent)
    }
}

/// What a host's file for one of two interfaces says beside what it would say for the only one.
package struct TunnelRole: Hashable, Sendable {
    /// Of the routes through it; nil for those that packets take.
    package let metric: UInt32?
    /// The peers, by index, that are reached through it whatever the metric says, ascending.
    package let kept: [Int]
    /// The peers that the interface has at all, by index; nil for every one.
    package let members: Set<Int>?
}

extension Mesh {
    /// The role of the interface that this value is about on a host; nil for one that the host has not, or no longer.
    ///
    /// Metrics are worse than what routes have without one: 0 in IPv4, 1024 in IPv6 (ip-route(8)). Each interface has its
    /// own, since a route of the same prefix and metric would take the other's place.
    package func role(of host: Int) -> TunnelRole? {
        let worse: UInt32 = tunnel == .first ? 2049 : 2050
        guard let rotation else { return isNext ? nil : TunnelRole(metric: nil, kept: [], members: nil) }
        let isApp = peers[host].declared.platform == .app
        switch rotation.stage {
        case .prepared:
            if isNext { return isApp ? nil : TunnelRole(metric: worse, kept: [], members: nil) }
            return TunnelRole(metric: nil, kept: [], members: nil)
        case .switched, .retiring:
            // An app has one interface, and gets the next one as a whole.
            if isNext { return TunnelRole(metric: nil, kept: [], members: nil) }
            if isApp { return nil }
            // One that comes back finds the others that were left behind where it was itself.
            let kept = rotation.absent.filter { $0 != host }.sorted()
            if rotation.absent.contains(host) || rotation.stage == .switched {
                return TunnelRole(metric: worse, kept: kept, members: nil)
            }
            if rotation.absent.isEmpty { return nil }
            return TunnelRole(metric: worse, kept: kept, members: rotation.absent)
        }
    }
}
