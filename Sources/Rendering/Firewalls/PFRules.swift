import Addresses
import HostPlans
import MeshModel

/// The anchor's text: tables, then rules of which the first that matches decides.
struct PFRules: Sendable {
    private let policy: FirewallPolicy
    /// By name; nil for a policy without members.
    private var guarded: PrefixSet? { policy.guardMode == .reject ? policy.members : nil }

    init(_ policy: FirewallPolicy) { self.policy = policy }

    var text: String {
        let sections: [(String, [String])] = [
            ("Inside of the host nothing is judged.", ["pass quick on lo0 all no state"]),
            ("Through the tunnel", tunnelInput + ["block return in quick on $tunnel all"]),
            ("", tunnelOutput + ["block return out quick on $tunnel all"]),
            ("Mesh addresses anywhere else: spoofed, or leaking", spoofed),
            ("What every network needs", basics),
            ("WireGuard, and what is published or excepted", underlay),
            ("Other members: nothing else", members), ("Strangers", strangers),
        ]
        let rules = sections.filter { !$0.1.isEmpty }.map { title, lines in
            (title.isEmpty ? "" : "\n# \(title)\n") + lines.map { $0 + "\n" }.joined()
        }
        return head + tables + rules.joined()
    }

    private var head: String {
        """
        # Hauberk: the firewall of peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface), for pf.
        # Rendered: what is changed here is lost with the next render.
        # An anchor: the script beside it has it loaded and says which interface $tunnel is.

        """
    }

    /// pf takes no empty list, so there is no table without an address.
    private var tables: String {
        let known: PrefixSet?
        if case .only(let set) = policy.wireGuardSources { known = set.union(policy.members) } else { known = nil }
        return [("hauberk_mesh", policy.prefixes), ("hauberk_members", policy.members), ("hauberk_callers", known)]
            .map { name, set in
                guard let set else { return "" }
                return "table <\(name)> const { \(set.prefixes.map(\.bare).joined(separator: ", ")) }\n"
            }.joined()
    }

    // MARK: the tunnel

    private var tunnelInput: [String] {
        let own = PrefixSet(policy.addresses.map(IPPrefix.host))
        return IPFamily.allCases.flatMap { family -> [String] in
            guard let to = own?.narrowed(to: family) else { return [] }
            let allowed = policy.ingress.flatMap { allowance in
                flow("in", family, from: allowance.remote, to: to, allowance.ports)
            }
            return allowed + echo("in", family, from: policy.echo, to: to)
        }
    }

    private var tunnelOutput: [String] {
        IPFamily.allCases.flatMap { family -> [String] in
            let allowed = policy.egress.flatMap { allowance in
                flow("out", family, from: nil, to: allowance.remote, allowance.ports)
            }
            let internet = policy.notInternet?.narrowed(to: family).map { inside in
                "pass out quick on $tunnel \(family.word) from any to ! { \(inside.list) } flags any "
                    + "keep state (if-bound)"
            }
            return allowed + echo("out", family, from: nil, to: policy.echo) + [internet].compactMap { $0 }
        }
    }

    /// Nil for any on the side that is the host's own.
    private func flow(
        _ direction: String, _ family: IPFamily, from: PrefixSet?, to: PrefixSet, _ ports: [ServicePorts]
    ) -> [String] {
        guard let ends = ends(family, from, to) else { return [] }
        return Transport.allCases.compactMap { transport in
            let numbers = ports.filter { $0.transport == transport }.map(\.range.pf)
            if numbers.isEmpty { return nil }
            return "pass \(direction) quick on $tunnel \(family.word) proto \(transport.rawValue) \(ends) "
                + "port { \(numbers.joined(separator: ", ")) }\(transport.flags) keep state (if-bound)"
        }
    }

    private func echo(_ direction: String, _ family: IPFamily, from: PrefixSet?, to: PrefixSet?) -> [String] {
        guard policy.echo != nil, let to, let ends = ends(family, from, to) else { return [] }
        return ["pass \(direction) quick on $tunnel \(family.word) \(family.echoRequest(ends)) keep state (if-bound)"]
    }

    /// Nil where a side has nothing of the family.
    private func ends(_ family: IPFamily, _ from: PrefixSet?, _ to: PrefixSet) -> String? {
        guard let target = to.narrowed(to: family) else { return nil }
        guard let from else { return "from any to { \(target.list) }" }
        return from.narrowed(to: family).map { "from { \($0.list) } to { \(target.list) }" }
    }

    // MARK: outside of it

    private var spoofed: [String] {
        [
            "block drop in quick from <hauberk_mesh> to any", "block drop in quick from any to <hauberk_mesh>",
            "block return out quick from any to <hauberk_mesh>", "block return out quick from <hauberk_mesh> to any",
        ]
    }

    private var basics: [String] {
        guard policy.guardMode == .reject else { return [] }
        var result = ["neighbrsol", "neighbradv", "routersol", "routeradv", "redir"].map {
            "pass quick inet6 proto ipv6-icmp from any to any icmp6-type \($0) no state"
        }
        result += [
            "pass quick inet proto udp from any port 67 to any port 68 no state",
            "pass quick inet6 proto udp from fe80::/10 to any port 546 no state",
        ]
        for family in IPFamily.allCases {
            let action = policy.underlayEcho == .echo ? "pass" : "block drop"
            let state = policy.underlayEcho == .echo ? " keep state" : ""
            result.append("\(action) in quick \(family.word) \(family.echoRequest("from any to any"))\(state)")
            if policy.members?.narrowed(to: family) == nil { continue }
            let icmp = family == .v4 ? "icmp" : "ipv6-icmp"
            result.append("pass in quick \(family.word) proto \(icmp) from <hauberk_members> to any no state")
            result.append("pass out quick \(family.word) proto \(icmp) from any to <hauberk_members> no state")
        }
        return result
    }

    private var underlay: [String] {
        guard policy.guardMode == .reject else { return [] }
        let callers = policy.wireGuardSources == .any ? "any" : "<hauberk_callers>"
        var result = ["pass in quick proto udp from \(callers) to any port \(policy.port) no state"]
        if policy.members != nil {
            result.append("pass out quick proto udp from any port \(policy.port) to <hauberk_members> no state")
        }
        for allowance in policy.underlayIngress {
            let place = allowance.scope == .publicSide ? policy.publicInterface.map { " on \($0)" } ?? "" : ""
            result += beginning("in quick\(place)", allowance.ports) { "from \(allowance.remote.pf) to any port \($0)" }
        }
        for allowance in policy.underlayEgress {
            result += beginning("out quick", allowance.ports) { "from any to \(allowance.remote.pf) port \($0)" }
        }
        return result
    }

    private func beginning(_ start: String, _ ports: [ServicePorts], _ ends: (String) -> String) -> [String] {
        Transport.allCases.compactMap { transport in
            let numbers = ports.filter { $0.transport == transport }.map(\.range.pf)
            if numbers.isEmpty { return nil }
            let list = "{ \(numbers.joined(separator: ", ")) }"
            return "pass \(start) proto \(transport.rawValue) \(ends(list))\(transport.flags) keep state"
        }
    }

    private var members: [String] {
        if guarded == nil { return [] }
        return [
            "block drop in quick from <hauberk_members> to any",
            "block return out quick from any to <hauberk_members>",
        ]
    }

    /// What this host begins makes a state, on which the answer comes in.
    private var strangers: [String] {
        guard policy.guardMode == .reject else { return [] }
        return ["pass out quick all flags any keep state", "block drop in quick all"]
    }
}

extension AddressMatch {
    fileprivate var pf: String {
        switch self {
        case .any: return "any"
        case .only(let set): return "{ \(set.list) }"
        }
    }
}

extension PrefixSet {
    fileprivate var list: String { prefixes.map(\.bare).joined(separator: ", ") }
}

extension PortRange {
    /// pf's range has both ends.
    fileprivate var pf: String { lower == upper ? "\(lower)" : "\(lower):\(upper)" }
}

extension Transport {
    /// A connection is let in also in its middle, as after the states were ended.
    fileprivate var flags: String { self == .tcp ? " flags any" : "" }
}

extension IPFamily {
    fileprivate var word: String { self == .v4 ? "inet" : "inet6" }

    fileprivate func echoRequest(_ ends: String) -> String {
        self == .v4 ? "proto icmp \(ends) icmp-type echoreq" : "proto ipv6-icmp \(ends) icmp6-type echoreq"
    }
}
