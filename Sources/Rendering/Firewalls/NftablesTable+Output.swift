import Addresses
import HostPlans
import MeshModel

/// What leaves, by the tunnel and by the underlay.
extension NftablesTable {
    mutating func addOutput() {
        let leak = goto(.leaking)
        var lines = [
            "type filter hook output priority filter - 5; policy accept;", "oif \"lo\" accept",
            "oifname \(tunnel) goto tunnel-out",
        ]
        lines += rules(.destination, policy.prefixes, "mesh", leak)
        if !policy.transit.isEmpty {
            // Answers to networks behind this host, from its address in the mesh.
            lines += rules(.source, policy.prefixes, "mesh", "ct state established ct direction reply accept")
        }
        lines += rules(.source, policy.prefixes, "mesh", leak)
        if let neighborInterfaces { lines.append("oifname \(neighborInterfaces) accept") }
        if isGuarded { lines += rules(.destination, policy.members, "members", "goto underlay-out") }
        add(chain: "output", nil, lines)
        addTunnelOutput()
        guard isGuarded, policy.members != nil else { return }
        add(
            chain: "underlay-out", "To a host of the mesh, outside of the tunnel.",
            ["jump to-member", goto(.underlayOut)])
        addToMember()
    }

    private mutating func addTunnelOutput() {
        let refuse = goto(.tunnelOut)
        var lines = Self.states(goto(.invalid))
        if let notInternet = policy.notInternet {
            lines.append("# To the Internet, through the exit.")
            for family in IPFamily.allCases {
                let match = match(.destination, notInternet, family, "not-internet", isNegated: true)
                if let match { lines.append("\(match) accept") }
            }
        }
        lines += accepting("egress", policy.egress.lasting).rules(.destination, .destination)
        lines += echoes(.destination)
        lines += expiring(policy.egress, .destination, "egress")
        add(chain: "tunnel-out", nil, lines + [refuse])
    }

    /// Accepts what may go to a member on the underlay, and returns with the rest.
    private mutating func addToMember() {
        let ports = Set(policy.tunnelPorts + policy.neighbors.map(\.port)).sorted().map(\.description)
        var lines = ["meta l4proto { icmp, ipv6-icmp } accept", "udp sport \(ports.nftChoice) accept"]
        lines += Self.dhcpAnswers
        lines += ["ct state invalid return", "ct state related goto to-member-answers"]
        lines.append("ct state established ct direction reply goto to-member-answers")
        lines += underlayEgress.rules(.destination, .destination)
        add(chain: "to-member", nil, lines)
        add(
            chain: "to-member-answers", "Who may ask may be answered.",
            underlayIngress.flatMap { $0.sets.rules(.destination, .source) })
    }
}
