import Addresses
import HostPlans
import MeshModel

/// A policy of firewalld: what becomes of packets from one zone to another.
struct FirewalldPolicy: Sendable {
    /// Where packets come from or go to.
    enum Zone: Sendable {
        case host
        case any
        case tunnel
    }

    enum Target: String, Sendable {
        /// The user's own zones decide what no rule names.
        case leave = "CONTINUE"
        case accept = "ACCEPT"
        case reject = "REJECT"
    }

    let role: Character
    let purpose: String
    let ingress: Zone
    let egress: Zone
    /// Below zero, so before the zones.
    let priority: Int
    let target: Target
    var rules: [FirewalldRule] = []
}

/// The rules of one host in the words of firewalld, with the sets of addresses that they name.
struct FirewalldTree: Sendable {
    let policy: FirewallPolicy
    let names: FirewalldNames
    private(set) var policies: [FirewalldPolicy] = []
    /// Sets of many addresses, each of one family, by the number in the name.
    private(set) var sets: [PrefixSet] = []

    /// From how many prefixes on a set takes the place of a rule for each.
    private static let fewest = 4

    init(_ policy: FirewallPolicy) {
        self.policy = policy
        names = FirewalldNames(policy.interface)
        addOverlay()
        addTransit()
        addUnderlay()
    }

    mutating func add(_ policy: FirewalldPolicy, _ rules: [[FirewalldRule]]) {
        var full = policy
        full.rules = rules.flatMap { $0 }
        policies.append(full)
    }

    /// One rule for each family, pair of sides and content; none for a family that a side has nothing of.
    mutating func rules(
        _ step: Int, _ action: FirewalldRule.Action, _ flow: (from: AddressMatch, to: AddressMatch),
        _ contents: [FirewalldRule.Content]
    ) -> [FirewalldRule] {
        var result: [FirewalldRule] = []
        for family in IPFamily.allCases {
            guard let from = flow.from.narrowed(to: family), let to = flow.to.narrowed(to: family) else { continue }
            let (sources, destinations) = (ends(from), ends(to))
            for source in sources {
                for destination in destinations {
                    for content in contents {
                        result.append(
                            FirewalldRule(
                                step: step, family: family, source: source, destination: destination,
                                content: content, action: action))
                    }
                }
            }
        }
        return result
    }

    private mutating func ends(_ match: AddressMatch) -> [FirewalldRule.End?] {
        guard case .only(let set) = match else { return [nil] }
        // The kernel's sets hold no prefix of length 0.
        if set.prefixes.count < Self.fewest || set.prefixes.contains(where: { $0.length == 0 }) {
            return set.prefixes.map { .address($0) }
        }
        let number = sets.firstIndex(of: set) ?? sets.count
        if number == sets.count { sets.append(set) }
        return [.set(names.set(number + 1))]
    }

    // MARK: files

    /// By path below firewalld's folder.
    var files: [(path: String, text: String)] {
        var result = [("zones/\(names.zone).xml", zoneText)]
        for policy in policies { result.append(("policies/\(names.policy(policy.role)).xml", text(policy))) }
        for (index, set) in sets.enumerated() {
            result.append(("ipsets/\(names.set(index + 1)).xml", text(set, names.set(index + 1))))
        }
        return result.sorted { $0.0 < $1.0 }
    }

    private static let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    private static let note = "Rendered by Hauberk: what is changed here is lost with the next render."

    private var zoneText: String {
        Self.head + """
            <zone target="%%REJECT%%">
              <short>\(names.zone)</short>
              <description>Mesh \(policy.mesh), peer \(policy.peer). \(Self.note)</description>
            \(policy.tunnels.map { "  <interface name=\"\($0)\"/>\n" }.joined())</zone>

            """
    }

    private func text(_ policy: FirewalldPolicy) -> String {
        Self.head + """
            <policy target="\(policy.target.rawValue)" priority="\(policy.priority)">
              <short>\(names.policy(policy.role))</short>
              <description>\(policy.purpose). \(Self.note)</description>
              <ingress-zone name="\(text(policy.ingress))"/>
              <egress-zone name="\(text(policy.egress))"/>
            \(policy.rules.map(\.text).joined())</policy>

            """
    }

    private func text(_ zone: FirewalldPolicy.Zone) -> String {
        switch zone {
        case .host: return "HOST"
        case .any: return "ANY"
        case .tunnel: return names.zone
        }
    }

    private func text(_ set: PrefixSet, _ name: String) -> String {
        let isSix = set.prefixes.first?.family == .v6
        return Self.head + """
            <ipset type="hash:net">
              <short>\(name)</short>
              <description>\(Self.note)</description>
            \(isSix ? "  <option name=\"family\" value=\"inet6\"/>\n" : "")\
            \(set.prefixes.map { "  <entry>\($0.bare)</entry>\n" }.joined())</ipset>

            """
    }
}
