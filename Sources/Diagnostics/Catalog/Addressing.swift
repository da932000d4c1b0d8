/// Mistakes in addresses, prefixes and their allocation.
extension DiagnosticID {
    package static let addressing: [DiagnosticID] = [
        .overlappingAddress, .overlappingRoute, .overlappingPrefix, .addressOutsideMesh, .addressOutsideGroup,
        .addressInForeignGroup, .underlayOverlap, .reservedRange, .prefixExhausted, .unusableAddress,
        .addressOutsideSite,
        .besideClash, .besideUnreadable, .duplicateEndpoint,
    ]

    package static let overlappingAddress = DiagnosticID(
        "overlapping-address",
        """
        Two peers have the same address. WireGuard would move the address to the peer that comes last in the file and
        leave the other with `allowed ips: (none)`. After a merge of two branches that each added a peer, let one of
        them draw a new address: `hauberk set NAME --address auto`.
        """)

    package static let overlappingRoute = DiagnosticID(
        "overlapping-route",
        """
        A routed network of one peer overlaps the mesh's own prefixes or a routed network of another peer. On one
        host a prefix can belong to one peer only; WireGuard silently takes it from the other. Narrow one of them.
        """)

    package static let overlappingPrefix = DiagnosticID(
        "overlapping-prefix",
        """
        Two prefixes of the mesh, or two blocks of groups, overlap. A group's block must lie inside one of the mesh's
        prefixes and be its own.
        """)

    package static let addressOutsideMesh = DiagnosticID(
        "address-outside-mesh",
        """
        An overlay address lies outside of the mesh's prefixes. Peers route only those prefixes into the tunnel, so
        the address could not be reached. Choose an address inside, or add its prefix to `prefixes:`.
        """)

    package static let addressOutsideGroup = DiagnosticID(
        "address-outside-group",
        """
        A peer's address lies outside of the block of its first group. Rules name the block, so the peer would not be
        covered by them. Choose an address in the block, enlarge the group's `prefix:`, or let the address be chosen:
        `hauberk set NAME --address auto`.
        """)

    package static let addressInForeignGroup = DiagnosticID(
        "address-in-foreign-group",
        """
        A peer's address lies in the block of a group that it is not a member of. Rules that name the block would
        cover it by mistake. Choose another address, or make the peer a member with the group named first.
        """)

    package static let underlayOverlap = DiagnosticID(
        "underlay-overlap",
        """
        A prefix of the mesh, or a routed network, overlaps the underlay network of a site. The endpoints of the
        tunnels would be routed into the tunnels. Choose another prefix for the mesh.
        """)

    package static let reservedRange = DiagnosticID(
        "reserved-range", .warning,
        """
        A prefix overlaps a range that another system uses by default: Docker's bridges, Kubernetes' pods and
        services, a provider's reserved networks. On a host where that system runs, one of the two loses its route.
        The message names the range's owner; the warning can be ignored where that system never runs.
        """)

    package static let prefixExhausted = DiagnosticID(
        "prefix-exhausted",
        """
        No address is left: all are in use or in quarantine after a removal. Enlarge the prefix that the message
        names by a shorter length; every address stays as it is. Or shorten `quarantine:`.
        """)

    package static let unusableAddress = DiagnosticID(
        "unusable-address",
        """
        The address cannot be a host's: it is a network or broadcast address, the subnet-router anycast address
        (RFC 4291 section 2.6.1), loopback, multicast, link-local or unspecified.
        """)

    package static let addressOutsideSite = DiagnosticID(
        "address-outside-site",
        """
        A peer's private address lies outside of the networks of its site. Peers of the site are told to reach it
        there. Correct the address, the site, or the site's `network:`.
        """)

    package static let besideClash = DiagnosticID(
        "beside-clash",
        """
        Two meshes that are declared side by side (`beside:`) meet on one host with the same interface name or the
        same listening port, or their prefixes overlap. Give each mesh its own `wireguard: {interface, port}` and
        prefixes.
        """)

    package static let besideUnreadable = DiagnosticID(
        "beside-unreadable",
        """
        `beside:` names a folder that holds no readable mesh. The path is relative to this mesh's folder.
        """)

    package static let duplicateEndpoint = DiagnosticID(
        "duplicate-endpoint",
        """
        Two peers have the same underlay address and the same listening port, so that what is sent to one would
        arrive at the other. Correct the address, or give one of them a port of its own (`port:`).
        """)
}
