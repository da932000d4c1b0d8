/// Mistakes in what a mesh allows.
extension DiagnosticID {
    package static let policy: [DiagnosticID] = [
        .unknownService, .unsupportedPolicy, .invalidQuestion, .emptySet, .unmatchedRule, .coveredRule, .expiredRule,
        .expiringRule,
        .unusedService, .unreachableService, .overlappingServices, .contradictoryExposure, .shadowedService,
        .publicWithoutAddress, .publicEverywhere, .idleException, .guardOff, .lockOut, .reservedName, .failingTest,
        .exitInterface, .exitUnreachable, .exitPublished, .exitClash, .peeringMismatch,
        .cloudFirewallLimit,
    ]

    package static let unknownService = DiagnosticID(
        "unknown-service",
        """
        A rule names a service that is neither declared under `services:` nor well known. `hauberk services` lists
        both.
        """)

    package static let cloudFirewallLimit = DiagnosticID(
        "cloud-firewall-limit",
        """
        What the mesh publishes, or a group or a host of it, does not fit into one of DigitalOcean's Cloud Firewalls,
        which take 50 rules each. Adjacent ports are one rule, and so are all sources of a port: join ports to ranges,
        or spread the services over more groups.
        """)

    package static let unsupportedPolicy = DiagnosticID(
        "unsupported-policy",
        """
        A peer's firewall has no words for something that the policy asks of it. A rule that is written and not
        enforced is worse than none, so nothing is rendered. Give the peer another `firewall:`, or change the policy.
        """)

    package static let exitInterface = DiagnosticID(
        "exit-interface",
        """
        An exit masquerades toward the Internet, and must know by which interface of the gateway: its own
        `interface:`, or the `public-interface:` of the gateway's site.
        """)

    package static let exitUnreachable = DiagnosticID(
        "exit-unreachable",
        """
        A peer is to leave for the Internet by a gateway that it has no tunnel to: the topology keeps the two apart,
        joins them through a relay, or the gateway is disabled. WireGuard sends everything to the one peer whose section
        allows everything, so that the gateway must be a neighbour.
        """)

    package static let exitPublished = DiagnosticID(
        "exit-published",
        """
        A peer with a public address publishes a service, and is to leave by an exit. What comes in by its own
        address would be answered through the tunnel, from the gateway's address, and be lost.
        """)

    package static let exitClash = DiagnosticID(
        "exit-clash",
        """
        A peer has one way to the Internet. It is in the users of two exits, is a gateway itself and in the users of
        another, or is a gateway by two interfaces.
        """)

    package static let peeringMismatch = DiagnosticID(
        "peering-mismatch",
        """
        Two meshes that are joined at a gateway must agree: the gateway is a host of both, each names prefixes that the
        other has and the interface that the other has on the gateway, and each has a peering with the other. Without
        `beside:` the other mesh cannot be read, and the peering must give its `port:` on the gateway.
        """)
}
