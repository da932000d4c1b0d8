import MeshFiles

/// The keys that are older than `rotation:` allows.
package struct DueKeys: Sendable {
    /// Sorted by name; an age in seconds, nil when nobody knows it.
    package fileprivate(set) var peers: [(name: String, age: Int64?)] = []
    /// Peers whose key is due and cannot be changed here, since it is on the host alone; sorted.
    package fileprivate(set) var held: [String] = []
    /// Nil when they are not due; an age of nil when nobody knows it.
    package fileprivate(set) var presharedKeys: (age: Int64?, Void)?

    package init() {}

    package var isEmpty: Bool { peers.isEmpty && presharedKeys == nil }
}

extension RotationStep {
    /// What is older than declared; a key of unknown age is.
    ///
    /// - Parameter mode: of the mesh's preshared keys.
    package func due(_ rotation: DeclaredRotation, _ mode: PresharedKeyMode) -> DueKeys {
        var result = DueKeys()
        if let limit = rotation.keys {
            for name in hosts {
                guard let peer = lock.peers[name], isDue(peer.since, limit) else { continue }
                if peer.isHeldByPeer {
                    result.held.append(name)
                } else {
                    result.peers.append((name, age(peer.since)))
                }
            }
        }
        if let limit = rotation.presharedKeys, mode != .off, isDue(lock.presharedSince, limit) {
            result.presharedKeys = (age(lock.presharedSince), ())
        }
        return result
    }

    private func age(_ since: UTCTime?) -> Int64? { since.map { now.seconds - $0.seconds } }

    private func isDue(_ since: UTCTime?, _ limit: Int64) -> Bool { age(since).map { $0 >= limit } ?? true }
}
