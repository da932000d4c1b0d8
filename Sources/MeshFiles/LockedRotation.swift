/// One of the two WireGuard interfaces of a mesh whose keys rotate.
package enum MeshTunnel: String, CaseIterable, Sendable {
    /// That of the name and port in `mesh.yaml`.
    case first
    /// Its twin: the name and `-b`, the next port.
    case second

    package var other: MeshTunnel { self == .first ? .second : .first }
}

/// How far a rotation is.
package enum RotationStage: String, CaseIterable, Sendable {
    /// Both interfaces are there; packets take the present one.
    case prepared
    /// Both interfaces are there; packets take the next one, peer by peer, once its handshake was seen.
    case switched
    /// The next interface is the mesh's; the former one is there for peers that were absent, and for nobody else.
    case retiring
}

/// What is known of a host in the present stage of a rotation.
package enum RotationProgress: String, CaseIterable, Sendable {
    /// It has said that it is in this stage.
    case ready
    /// It was left behind: its former way is kept.
    case absent
}

/// The line of `mesh.lock` about rotation.
package struct LockedRotation: Hashable, Sendable {
    /// The interface that the present keys are on.
    package var tunnel: MeshTunnel
    /// Nil while nothing rotates.
    package var running: Running?

    package struct Running: Hashable, Sendable {
        package var stage: RotationStage
        package var begun: UTCTime
        /// When absent hosts are waited for no longer.
        package var deadline: UTCTime
        /// Whether the preshared keys change as well, to the next epoch.
        package var rotatesPreshared: Bool
        /// Whether it was further already, so that hosts can have given up their former interface.
        package var isAgain = false
        /// Whether it goes back to the present keys.
        package var isAborting: Bool

        package init(
            stage: RotationStage, begun: UTCTime, deadline: UTCTime, rotatesPreshared: Bool, isAborting: Bool = false
        ) {
            self.stage = stage
            self.begun = begun
            self.deadline = deadline
            self.rotatesPreshared = rotatesPreshared
            self.isAborting = isAborting
        }
    }

    package init(tunnel: MeshTunnel, running: Running? = nil) {
        self.tunnel = tunnel
        self.running = running
    }

    /// As the lock file has it: `first`, or `second prepared begun=TIME deadline=TIME preshared again aborting`.
    var text: String {
        guard let running else { return tunnel.rawValue }
        return "\(tunnel.rawValue) \(running.stage.rawValue) begun=\(running.begun) deadline=\(running.deadline)"
            + (running.rotatesPreshared ? " preshared" : "") + (running.isAgain ? " again" : "")
            + (running.isAborting ? " aborting" : "")
    }
}
