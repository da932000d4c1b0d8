import Addresses
import HostPlans
import MeshModel

/// What each of the policies says. Where firewalld has no word for a part of the reference (an interface in a rule, a
/// port of each side, the direction of a connection), it is told the wider thing, which ``NftablesFirewall``'s table
/// beside it narrows; never the stricter, for a packet has to pass both.
extension FirewalldTree {
    // MARK: the tunnel

    mutating func addOverlay() {
        let own: AddressMatch = PrefixSet(policy.addresses.map(IPPrefix.host)).map { .only($0) } ?? .any
        var input = policy.ingress.flatMap { rules(1, .accept, (.only($0.remote), own), $0.ports.contents) }
        if let echo = policy.echo { input += rules(1, .accept, (.only(echo), own), [.echoRequest]) }
        add(
            FirewalldPolicy(
                role: "i", purpose: "What others may begin with this host through the tunnel", ingress: .tunnel,
                egress: .host, priority: -30_000, target: .reject), [input, crossing(1)])
        var output = policy.egress.flatMap { rules(1, .accept, (.any, .only($0.remote)), $0.ports.contents) }
        if let echo = policy.echo { output += rules(1, .accept, (.any, .only(echo)), [.echoRequest]) }
        // Whoever reaches the Internet through the tunnel may reach all of it.
        if let inside = policy.notInternet { output += rules(2, .reject, (.any, .only(inside)), [.everything]) }
        add(
            FirewalldPolicy(
                role: "o", purpose: "What this host may begin through the tunnel", ingress: .host, egress: .tunnel,
                priority: -30_000, target: policy.notInternet == nil ? .reject : .accept), [output])
    }

    /// Between others, both ways of the file's rules, pings wherever anything may pass.
    private mutating func crossing(_ step: Int) -> [FirewalldRule] {
        policy.transit.flatMap {
            rules(step, .accept, (.only($0.source), .only($0.destination)), $0.ports.contents + [.echoRequest])
        }
    }

    // MARK: between others

    mutating func addTransit() {
        let mesh = AddressMatch.only(policy.prefixes)
        var leaving = crossing(1)
        if let exit = policy.exit {
            leaving += rules(2, .reject, (.any, .only(exit.never)), [.everything])
            leaving += rules(3, .accept, (.only(exit.users), .any), [.everything])
        }
        add(
            FirewalldPolicy(
                role: "x", purpose: "What passes from the tunnel to others", ingress: .tunnel, egress: .any,
                priority: -30_000, target: .reject), [leaving])
        let spoofed = rules(1, .drop, (mesh, .any), [.everything])
        add(
            FirewalldPolicy(
                role: "y", purpose: "What passes from others into the tunnel", ingress: .any, egress: .tunnel,
                priority: -29_999, target: .reject), [spoofed, crossing(2)])
        add(
            FirewalldPolicy(
                role: "z", purpose: "What passes by the tunnel", ingress: .any, egress: .any, priority: -29_990,
                target: .leave),
            [spoofed, rules(2, .reject, (.any, mesh), [.everything]), guardedEgress(3)])
    }

    // MARK: the underlay

    mutating func addUnderlay() {
        let mesh = AddressMatch.only(policy.prefixes)
        let members = policy.guardMode == .reject ? policy.members : nil
        let refused = members.map { rules(6, .drop, (.only($0), .any), [.everything]) } ?? []
        add(
            FirewalldPolicy(
                role: "u", purpose: "What others may begin with this host outside of the tunnel", ingress: .any,
                egress: .host, priority: -29_990, target: .leave),
            [
                rules(1, .drop, (mesh, .any), [.everything]), reaching(2),
                rules(3, .drop, (.any, mesh), [.everything]), echo(4), ingress(5), refused,
            ])
        add(
            FirewalldPolicy(
                role: "k", purpose: "What this host may begin outside of the tunnel", ingress: .host, egress: .any,
                priority: -29_990, target: .leave),
            [
                rules(1, .reject, (.any, mesh), [.everything]), rules(2, .reject, (mesh, .any), [.everything]),
                guardedEgress(3),
            ])
    }

    /// From networks behind this very host to its address in the mesh.
    private mutating func reaching(_ step: Int) -> [FirewalldRule] {
        policy.transit.flatMap { allowance in
            let inside = allowance.destination.prefixes.filter { policy.prefixes.contains($0.network) }
            return PrefixSet(inside).map {
                rules(step, .accept, (.only(allowance.source), .only($0)), allowance.ports.contents + [.echoRequest])
            } ?? []
        }
    }

    private mutating func echo(_ step: Int) -> [FirewalldRule] {
        if policy.underlayEcho == .echo { return rules(step, .accept, (.any, .any), [.echoRequest]) }
        return policy.guardMode == .reject ? rules(step, .drop, (.any, .any), [.echoRequest]) : []
    }

    private mutating func ingress(_ step: Int) -> [FirewalldRule] {
        var result = rules(step, .accept, (wireGuardSources, .any), policy.tunnelPorts.map { .ports(.udp($0)) })
        for neighbor in policy.neighbors {
            result += rules(step, .accept, (.any, .any), [.ports(.udp(neighbor.port))])
        }
        if let members = policy.members { result += rules(step, .accept, (.only(members), .any), [.icmp]) }
        for allowance in policy.underlayIngress {
            result += rules(step, .accept, (allowance.remote, .any), allowance.ports.contents)
        }
        return result + basics(step)
    }

    /// Neighbor discovery, multicast listeners, and the answers of DHCP servers.
    private mutating func basics(_ step: Int) -> [FirewalldRule] {
        FirewalldBasics.all.flatMap { rules(step, .accept, (.only($0.source), .any), [$0.content]) }
    }

    private var wireGuardSources: AddressMatch {
        guard case .only(let known) = policy.wireGuardSources else { return .any }
        return .only(known.union(policy.members))
    }

    /// Toward other members; nothing where the guard does not refuse.
    private mutating func guardedEgress(_ step: Int) -> [FirewalldRule] {
        guard policy.guardMode == .reject, let members = policy.members else { return [] }
        let ports = policy.tunnelPorts + policy.neighbors.map(\.port)
        var result = rules(
            step, .accept, (.any, .only(members)),
            [.icmp] + ports.map { .sourcePort(.udp($0)) } + FirewalldBasics.dynamicHostPorts)
        for allowance in policy.underlayEgress {
            result += rules(step, .accept, (.any, allowance.remote), allowance.ports.contents)
        }
        return result + rules(step + 1, .reject, (.any, .only(members)), [.everything])
    }
}

/// What every network needs to work.
private enum FirewalldBasics {
    static let all: [(source: PrefixSet, content: FirewalldRule.Content)] = [
        everywhere("::/0").map { ($0, .icmp) },
        everywhere("0.0.0.0/0").map { ($0, .ports(.udp(68))) },
        everywhere("fe80::/10").map { ($0, .ports(.udp(546))) },
    ].compactMap { $0 }

    static let dynamicHostPorts: [FirewalldRule.Content] = [.ports(.udp(68)), .ports(.udp(546))]

    private static func everywhere(_ text: String) -> PrefixSet? {
        (try? IPPrefix(parsing: text)).flatMap { PrefixSet([$0]) }
    }
}

extension [ServicePorts] {
    fileprivate var contents: [FirewalldRule.Content] { map { .ports($0) } }
}

extension ServicePorts {
    fileprivate static func udp(_ port: Port) -> ServicePorts { ServicePorts(.udp, PortRange(port)) }

    fileprivate static func udp(_ number: Int) -> ServicePorts {
        guard let port = Port(number) else { preconditionFailure("no such port: \(number)") }
        return udp(port)
    }
}
