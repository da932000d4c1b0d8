/// What is legal in a policy and rarely meant, and what is contradictory.
extension DiagnosticID {
    package static let emptySet = DiagnosticID(
        "empty-set", .warning,
        """
        A rule, an exposure, an exit, the rescue path or an exception of the guard names a set in which no enabled peer
        is, so it does nothing. It is legal, for a group that is about to be filled.
        """)

    package static let unmatchedRule = DiagnosticID(
        "unmatched-rule", .warning,
        """
        A rule can never let anything through. A rule opens a service only on hosts that expose it as `private` or
        `public`, and only to peers that the topology gives a way to them. Expose the service, link the peers, or remove
        the rule.
        """)

    package static let coveredRule = DiagnosticID(
        "covered-rule", .warning,
        """
        Another rule allows all that this one does, and for as long: removing this one changes nothing, and who removes
        it to close something is deceived. Of two rules that say the same, the later one is reported.
        """)

    package static let expiredRule = DiagnosticID(
        "expired-rule", .warning,
        """
        The moment of a rule's `until:` has passed. Hosts that have loaded the rule end it by themselves; the next render
        leaves it out.
        """)

    package static let expiringRule = DiagnosticID(
        "expiring-rule", .warning,
        """
        A rule ends within seven days, by its `until:`. Hosts end it by themselves, also open connections.
        """)

    package static let unusedService = DiagnosticID(
        "unused-service", .warning,
        """
        A service is declared, but no host offers it: it has no `expose:`, and no rule lets anybody reach it in a network
        behind a peer, where nothing has to be exposed.
        """)

    package static let unreachableService = DiagnosticID(
        "unreachable-service", .warning,
        """
        Hosts offer a service privately, but no rule lets anybody else reach it on any of them. Add the rule that is
        missing, or make the service `internal` if the host alone uses it.
        """)

    package static let overlappingServices = DiagnosticID(
        "overlapping-services", .warning,
        """
        Two services of one host share a port, so a rule for the one opens the other as well, and removing one rule may
        close nothing. Declare the port once, under one name.
        """)

    package static let contradictoryExposure = DiagnosticID(
        "contradictory-exposure",
        """
        One port of a host is `internal` by one service, which says that nobody else reaches it, and `private` or
        `public` by another. Only one of the two can be true, and the file must not leave it open which.
        """)

    package static let shadowedService = DiagnosticID(
        "shadowed-service", .warning,
        """
        A declared service has the name of a well-known one and none of its ports. It means the ports that it declares;
        who reads a rule for `ssh` will think of port 22. Give it a name of its own.
        """)

    package static let publicWithoutAddress = DiagnosticID(
        "public-without-address", .warning,
        """
        A service is `public` on a host that has neither `public:` nor `endpoint:`, so nobody on the Internet can find
        it. It is open to whoever reaches the host's other interfaces.
        """)

    package static let publicEverywhere = DiagnosticID(
        "public-everywhere", .warning,
        """
        Public services are opened on the public interface. Where the site does not name it, they are opened on every
        interface but the tunnels, so also on the site's private network. Name it: `sites: {NAME: {public-interface:
        eth0}}`.
        """)

    package static let idleException = DiagnosticID(
        "idle-exception", .warning,
        """
        An exception of the guard concerns no two hosts of which one is of the mesh: neither of its ends is a peer's
        address on the underlay, or both are the same peer. The guard judges nothing else, so the exception does nothing.
        """)

    package static let guardOff = DiagnosticID(
        "guard-off", .warning,
        """
        With `guard: {plaintext: off}`, hosts accept everything on the underlay. A service that is `private` is then kept
        from strangers in the mesh alone, and open to all who reach the host's other addresses.
        """)

    package static let lockOut = DiagnosticID(
        "lock-out", .warning,
        """
        Some hosts accept SSH from nobody, by any way that the policy knows: no rule for `ssh` or 22/tcp, no such public
        service, no exception of the guard, and no rescue path. Whoever applies the policy over SSH loses the host. Name
        a rescue path, or ignore this if you have another way in, such as a provider's console.
        """)

    package static let reservedName = DiagnosticID(
        "reserved-name",
        """
        A peer or group has the form of an address, or a service is called `echo` or `any`. In rules, tests and questions
        these words mean an address, a ping and every port. Choose another name.
        """)

    package static let failingTest = DiagnosticID(
        "failing-test",
        """
        The policy does not give the answer that one of `tests:` expects. The message names the flow and what decides it;
        `hauberk can` says what would change it. Mend the policy, or the test if it asks for what is no longer wanted.
        A test about nobody fails as well, since it would hold whatever the policy says.
        """)

    package static let invalidQuestion = DiagnosticID(
        "invalid-question",
        """
        `hauberk can` takes two ends and a port: peers by name, addresses, or `anyone`; and `3306/tcp`, a service or
        `echo`. One of the words names nothing, or the ends are not on the plane that `--plane` names.
        """)
}
