import Addresses
import HostPlans
import MeshModel

/// What passes from one interface to another.
extension NftablesTable {
    mutating func addForward() {
        let clamp = "tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu"
        var lines = ["type filter hook forward priority filter - 5; policy accept;"]
        // Both ways: each protects only what the other end sends.
        lines += ["oifname \(tunnel) \(clamp)", "iifname \(tunnel) \(clamp)"]
        lines.append("ct status dnat goto translated")
        lines += rules(.source, policy.prefixes, "mesh", goto(.spoofed)).map { "iifname != \(tunnel) \($0)" }
        lines += rules(.destination, policy.prefixes, "mesh", goto(.leaking)).map { "oifname != \(tunnel) \($0)" }
        lines += ["iifname \(tunnel) goto tunnel-forward", "oifname \(tunnel) goto tunnel-forward"]
        if let neighborInterfaces { lines.append("oifname \(neighborInterfaces) accept") }
        if isGuarded, policy.members != nil {
            lines += rules(.destination, policy.members, "members", "goto underlay-forward")
            add(
                chain: "underlay-forward", "From a container, or somebody else, to a host of the mesh in plaintext.",
                ["jump to-member", goto(.underlayForward)])
        }
        add(chain: "forward", nil, lines)
        addTranslated()
        addTunnelForward()
    }

    private mutating func addTranslated() {
        let spoofed = rules(.source, policy.prefixes, "mesh", goto(.spoofed))
        add(
            chain: "translated", "Judged by before-dnat.",
            ["iifname \(tunnel) accept"] + spoofed.map { "ct state new,established ct direction original \($0)" }
                + ["accept"])
    }

    private mutating func addTunnelForward() {
        let (refuse, entry) = (goto(.tunnelForward), goto(.tunnelEntry))
        var lines = Self.states(goto(.invalid))
        if !policy.transit.isEmpty { lines.append("jump transit") }
        if let exit = policy.exit {
            lines.append("# To the Internet.")
            let others = (quotedTunnels + policy.neighbors.map { "\"\($0.interface)\"" }.sorted()).nftChoice
            lines += exitMatches(exit).map { "iifname \(tunnel) oifname != \(others) \($0) accept" }
        }
        add(chain: "tunnel-forward", nil, lines + ["iifname \(tunnel) \(refuse)", entry])
    }

    private mutating func exitMatches(_ exit: ExitPlan) -> [String] {
        IPFamily.allCases.compactMap { family in
            guard let users = match(.source, exit.users, family, "exit-users"),
                let beyond = match(.destination, exit.never, family, "not-exit", isNegated: true)
            else { return nil }
            return "\(users) \(beyond)"
        }
    }

    mutating func addTranslation() {
        guard let exit = policy.exit else { return }
        add(
            chain: "source-nat", nil,
            ["type nat hook postrouting priority srcnat - 5; policy accept;"]
                + exitMatches(exit).map { "iifname \(tunnel) oifname \"\(exit.interface)\" \($0) masquerade" })
    }

    // MARK: rules for what passes

    /// Accepts what rules let pass between others, and returns with the rest.
    mutating func addTransit() {
        if policy.transit.isEmpty { return }
        var ports: [[ServicePorts]] = []
        var lines: [String] = []
        for (index, allowance) in policy.transit.joined.enumerated() {
            let number = ports.firstIndex(of: allowance.ports) ?? ports.count
            if number == ports.count { ports.append(allowance.ports) }
            let time = allowance.until.map { "meta time < \($0) " } ?? ""
            let isPing = allowance.ports.isEmpty
            lines.append(isPing ? "# pings" : NftablesOrigin.comment(NftablesOrigin.origins(allowance.rules)))
            for family in IPFamily.allCases {
                guard let source = match(.source, allowance.source, family, "transit-\(index + 1)-from"),
                    let target = match(.destination, allowance.destination, family, "transit-\(index + 1)-to")
                else { continue }
                lines.append("\(time)\(source) \(target) jump ports-\(number + 1)")
            }
        }
        for (number, ports) in ports.enumerated() {
            let matches = Self.echoRequests + ports.nftMatches
            add(chain: "ports-\(number + 1)", nil, matches.map { "\($0) accept" })
        }
        add(chain: "transit", "What may pass between others, and from others to this host's own networks.", lines)
    }
}

extension [TransitAllowance] {
    /// One for each source, destination and expiry, in the order of the first.
    fileprivate var joined: [TransitAllowance] {
        var result: [TransitAllowance] = []
        for next in self {
            if let last = result.indices.last, result[last].source == next.source,
                result[last].destination == next.destination, result[last].until == next.until
            {
                result[last].ports = (result[last].ports + next.ports).merged
                result[last].rules = Set(result[last].rules + next.rules).sorted()
            } else {
                result.append(next)
            }
        }
        return result
    }
}
