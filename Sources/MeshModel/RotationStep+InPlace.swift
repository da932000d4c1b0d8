import MeshFiles

/// How the preshared keys change because a peer that knew the one of the mesh is gone.
package enum PresharedRenewal: Sendable {
    /// A rotation was begun for them.
    case begun
    /// The rotation that runs, and that no host has switched to, changes them as well.
    case joined
    /// At once: no rotation is declared, or one runs that cannot take them along.
    case inPlace
}

// Keys that change where they are.
extension RotationStep {
    /// Gives peers new keys at once, on every interface; a rotation that runs goes on, and all are asked anew.
    ///
    /// - Parameters:
    ///   - keys: the new public keys in base64, by peer; their next keys are thrown away.
    ///   - dated: whether the lock file says since when they are so, as that of a mesh with `rotation:` does.
    package mutating func replace(keys: [String: String], presharedKeys: Bool, dated: Bool) {
        for (name, key) in keys {
            guard let peer = lock.peers[name] else { continue }
            lock.peers[name]?.epoch = peer.tombstone.epoch + 1
            lock.peers[name]?.spent = nil
            lock.peers[name]?.publicKey = key
            lock.peers[name]?.next = nil
            lock.peers[name]?.since = dated ? now : nil
        }
        if presharedKeys {
            // The secret of the next epoch is as old as that of this one, when it was drawn already.
            lock.presharedEpoch = lock.nextPresharedEpoch + (running?.rotatesPreshared ?? false ? 1 : 0)
            lock.presharedSpent = nil
            lock.presharedSince = dated ? now : nil
        }
        askAnew()
    }

    /// Changes the preshared keys because a peer knew them: by a rotation where that is declared and possible.
    mutating func renewPresharedKeys(_ rotation: DeclaredRotation?) -> PresharedRenewal {
        if let rotation, running == nil,
            (try? begin(keys: [:], presharedKeys: true, deadline: rotation.deadline)) != nil
        {
            return .begun
        }
        if let running, running.stage == .prepared, !running.isAborting, !running.rotatesPreshared {
            lock.rotation?.running?.rotatesPreshared = true
            askAnew()
            return .joined
        }
        replace(keys: [:], presharedKeys: true, dated: rotation != nil)
        return .inPlace
    }
}
