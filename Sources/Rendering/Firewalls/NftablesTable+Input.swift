import Addresses
import HostPlans
import MeshModel

/// What comes in, by the tunnel and by the underlay.
extension NftablesTable {
    /// An invalid packet is refused; replies and related packets pass. What is left was begun by the other side, and is
    /// judged every time, so that a rule which is gone cuts connections at the next packet.
    static func states(_ refuse: String) -> [String] {
        ["ct state vmap { invalid : \(refuse), related : accept }", "ct state established ct direction reply accept"]
    }

    static let echoRequests = ["icmp type echo-request", "icmpv6 type echo-request"]

    mutating func addInput() {
        var first = [
            "type filter hook input priority filter - 5; policy \(policy.guardMode == .reject ? "drop" : "accept");"
        ]
        if policy.guardMode == .log {
            first += ["ct status dnat goto judge-input", "# Judged, and counted, by before-dnat."]
            first.append("ct state new fib daddr type local accept")
        }
        add(chain: "input", nil, first + ["goto judge-input"])
        add(
            chain: "before-dnat", "Ports of containers, before somebody rewrites their destination.",
            [
                "type filter hook prerouting priority dstnat - 5; policy accept;",
                "ct state new fib daddr type local goto judge-input",
                "ct status dnat ct direction original fib daddr type local goto judge-input",
            ])
        addJudgement()
        addTunnelInput()
        if isGuarded { addUnderlayInput() }
        addTransit()
    }

    private mutating func addJudgement() {
        var lines = ["iif \"lo\" accept", "iifname \(tunnel) goto tunnel-in"]
        let refuse = goto(.spoofed)
        lines += rules(.source, policy.prefixes, "mesh", refuse)
        lines += rules(.destination, policy.prefixes, "mesh", policy.transit.isEmpty ? refuse : "goto from-behind")
        if let neighborInterfaces { lines.append("iifname \(neighborInterfaces) accept") }
        lines.append(isGuarded ? "goto underlay-in" : "accept")
        add(chain: "judge-input", nil, lines)
        if policy.transit.isEmpty { return }
        add(
            chain: "from-behind", "From a network behind this host to an address of the mesh.",
            Self.states(refuse) + ["jump transit", refuse])
    }

    private mutating func addTunnelInput() {
        let refuse = goto(.tunnelIn)
        let beyond = policy.transit.isEmpty ? refuse : "goto own-network"
        var lines = Self.states(goto(.invalid))
        for family in IPFamily.allCases {
            let own = PrefixSet(policy.addresses.map(IPPrefix.host))
            let other = match(.destination, own, family, "own", isNegated: true)
            if let other { lines.append("\(other) \(beyond)") }
        }
        lines += accepting("ingress", policy.ingress.lasting).rules(.source, .destination)
        lines += echoes(.source)
        lines += expiring(policy.ingress, .source, "ingress")
        add(chain: "tunnel-in", nil, lines + [refuse])
        if policy.transit.isEmpty { return }
        add(
            chain: "own-network", "To an address of this host outside of the mesh, as to the network that it is in.",
            ["jump transit", refuse])
    }

    mutating func echoes(_ address: NftablesAddress) -> [String] {
        zip(IPFamily.allCases, Self.echoRequests).compactMap { family, request in
            match(address, policy.echo, family, "echo").map { "\(request) \($0) accept" }
        }
    }

    /// Rules of their own for what ends at a moment.
    mutating func expiring(_ allowances: [Allowance], _ address: NftablesAddress, _ name: String) -> [String] {
        var lines: [String] = []
        for (index, allowance) in allowances.enumerated() {
            guard let until = allowance.until else { continue }
            lines.append(NftablesOrigin.comment(NftablesOrigin.origins(allowance.rules)))
            for family in IPFamily.allCases {
                guard let match = match(address, allowance.remote, family, "\(name)-\(index + 1)-") else { continue }
                lines += allowance.ports.nftMatches.map { "meta time < \(until) \(match) \($0) accept" }
            }
        }
        return lines
    }

    // MARK: the underlay

    private mutating func addUnderlayInput() {
        let refuse = goto(.underlayIn)
        var lines = wireGuard()
        for request in Self.echoRequests {
            lines.append("\(request) \(policy.underlayEcho == .echo ? "accept" : refuse)")
        }
        lines += Self.neighborDiscovery + Self.dhcpAnswers
        lines += rules(.source, policy.members, "members", "goto member-in") + Self.states(refuse)
        lines += underlayIngress.flatMap { $0.sets.forStrangers.rules(.source, .destination, on: $0.interface) }
        add(chain: "underlay-in", nil, lines + [refuse])
        if policy.members == nil { return }
        lines = ["meta l4proto { icmp, ipv6-icmp } accept", "ct state invalid \(refuse)"]
        lines.append("ct state established ct direction reply goto member-answers")
        lines += underlayIngress.flatMap { $0.sets.rules(.source, .destination, on: $0.interface) }
        add(chain: "member-in", "From a host of the mesh, outside of the tunnel.", lines + [refuse])
        add(
            chain: "member-answers", "What this host may ask for may be answered.",
            underlayEgress.rules(.source, .source) + [refuse])
    }

    /// RFC 4861 section 7.1 has the hop limit, RFC 2710 and RFC 3810 the link-local sources of multicast listeners.
    private static let neighborDiscovery = [
        """
        icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } \
        ip6 hoplimit 255 accept
        """,
        """
        icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } \
        ip6 saddr fe80::/10 accept
        """,
    ]

    /// From UDP port 67 to 68, or to 546 from a link-local address (RFC 2131, RFC 8415).
    static let dhcpAnswers = ["udp sport 67 udp dport 68 accept", "ip6 saddr fe80::/10 udp dport 546 accept"]

    private mutating func wireGuard() -> [String] {
        var lines: [String] = []
        let own = policy.tunnelPorts.map(\.description).nftChoice
        switch policy.wireGuardSources {
        case .any: lines.append("udp dport \(own) accept")
        case .only(let known):
            let all = known.union(policy.members)
            let name = all == policy.members ? "members" : "endpoints"
            lines += rules(.source, all, name, "udp dport \(own) accept")
        }
        let ports = Set(policy.neighbors.map(\.port)).sorted().map(\.description)
        if !ports.isEmpty { lines.append("udp dport \(ports.nftChoice) accept") }
        return lines
    }
}

extension [Allowance] {
    /// Those that do not end, prefix by prefix.
    var lasting: [NftablesPorts] {
        filter { $0.until == nil }.flatMap { allowance in
            allowance.remote.prefixes.map { prefix in
                NftablesPorts(
                    prefix: prefix, ports: allowance.ports, origins: NftablesOrigin.origins(allowance.rules))
            }
        }
    }
}

extension [ServicePorts] {
    /// One match for each protocol, such as `tcp dport { 80, 443 }`.
    var nftMatches: [String] {
        Transport.allCases.compactMap { transport in
            let ranges = filter { $0.transport == transport }.map(\.range.description)
            return ranges.isEmpty ? nil : "\(transport.rawValue) dport \(ranges.nftChoice)"
        }
    }
}
