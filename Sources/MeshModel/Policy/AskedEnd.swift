package import Addresses

/// One side of a question about a policy, with what it says of the plane that is meant.
package struct AskedEnd: Hashable, Sendable {
    package let end: FlowEnd
    package let place: Place

    package enum Place: Hashable, Sendable {
        /// A peer by its name, or by its address in the mesh.
        case member
        /// A peer by an address of its underlay.
        case underlay(UnderlaySide)
        /// In a network behind this peer, by its index in the mesh file.
        case behind(Int)
        /// None of the mesh's.
        case outside
    }

    package init(_ end: FlowEnd, _ place: Place) {
        self.end = end
        self.place = place
    }

    package static func peer(_ index: Int) -> AskedEnd { AskedEnd(.peer(index), .member) }

    package static let anyone = AskedEnd(.anyone, .outside)

    /// What an address outside of the mesh's own prefixes is: a peer's on the underlay, one behind a peer, or nobody's.
    package static func address(_ address: IPAddress, in mesh: DeclaredMesh) -> AskedEnd {
        for (index, peer) in mesh.peers.enumerated() where !peer.isDisabled {
            if peer.publicAddresses.contains(where: { $0.value == address }) {
                return AskedEnd(.peer(index), .underlay(.public))
            }
            if peer.privateAddresses.contains(where: { $0.value == address }) {
                return AskedEnd(.peer(index), .underlay(.private))
            }
        }
        let gateway = mesh.peers.firstIndex { peer in
            !peer.isDisabled && peer.routes.contains { $0.value.contains(address) }
        }
        return AskedEnd(.address(address), gateway.map(Place.behind) ?? .outside)
    }

    /// The plane that two ends make plain; nil when neither is of the mesh.
    ///
    /// A peer reaches the Internet by itself, on the underlay, unless an exit takes it there.
    package static func plane(from: AskedEnd, to: AskedEnd, in mesh: DeclaredMesh) -> Plane? {
        switch (from.place, to.place) {
        case (.outside, .outside): return nil
        case (.behind, _), (_, .behind): return .forward
        case (_, .outside):
            guard case .peer(let peer) = from.end, let exits = mesh.policy?.exits else { return .underlay }
            let leaves = exits.contains { $0.users.value.contains(peer: peer, in: mesh) && $0.via.value != peer }
            return leaves ? .forward : .underlay
        case (.outside, _), (.underlay, _), (_, .underlay): return .underlay
        case (.member, .member): return .overlay
        }
    }

    /// The flow between two ends on a plane.
    ///
    /// To a host outside of the mesh through the mesh is to the Internet, whichever host it is.
    package static func flow(
        _ plane: Plane, from: AskedEnd, to: AskedEnd, _ subject: FlowSubject, in mesh: DeclaredMesh
    ) -> Flow {
        let destination = plane == .forward && to.place == .outside ? FlowEnd.anyone : to.end
        return Flow(plane, from: from.end, to: destination, subject, side: side(from: from, to: to, in: mesh))
    }

    /// Hosts of one site meet on its private network, unless a public address is named.
    private static func side(from: AskedEnd, to: AskedEnd, in mesh: DeclaredMesh) -> UnderlaySide {
        if case .underlay(let side) = to.place { return side }
        guard case .peer(let a) = from.end, case .peer(let b) = to.end, let site = mesh.peers[a].site,
            site == mesh.peers[b].site, !mesh.peers[a].privateAddresses.isEmpty, !mesh.peers[b].privateAddresses.isEmpty
        else { return .public }
        return .private
    }
}
