/// Mistakes in who peers with whom.
extension DiagnosticID {
    package static let topology: [DiagnosticID] = [
        .unreachablePair, .topologyField, .emptySelector, .duplicateLink, .noPeers, .pendingAllocation,
    ]

    package static let unreachablePair = DiagnosticID(
        "unreachable-pair",
        """
        Two peers are to talk, but neither has an address that the other could send to: both are behind NAT, or on
        private addresses of different sites. WireGuard does not punch holes. Name a peer that both can reach as a
        relay (`relays: [NAME]`), give one of them a public address, or leave the pair out with `topology: custom`.
        """)

    package static let topologyField = DiagnosticID(
        "topology-field",
        """
        `hubs:` goes with `topology: hub`, and `links:` with `topology: custom`; each is required there and refused
        elsewhere, since it would do nothing.
        """)

    package static let emptySelector = DiagnosticID(
        "empty-selector", .warning,
        """
        `links`, `hubs` or `relays` names a group that has no members, so that the entry joins nobody. It is legal,
        for a group that is about to be filled.
        """)

    package static let duplicateLink = DiagnosticID(
        "duplicate-link", .warning,
        """
        The same two selectors are linked twice. Links have no direction and no order; one of the entries can go.
        """)

    package static let noPeers = DiagnosticID(
        "no-peers",
        """
        The command names a peer that the mesh does not have, or the mesh has none.
        """)

    package static let pendingAllocation = DiagnosticID(
        "pending-allocation", .warning,
        """
        `mesh.yaml` and `mesh.lock` differ: a peer was added, removed or changed with an editor, and the program has
        not allocated its addresses and keys yet. `hauberk render` does it, as does any command that writes.
        """)
}
