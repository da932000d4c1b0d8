import Addresses
import HostPlans

/// A set of ours in the kernel, named by what it holds: new rules with a new set never meet an old one with the same
/// name, so that the change is as atomic as the rules'.
struct IptablesSet: Sendable {
    let prefixes: PrefixSet
    let family: IPFamily
    let name: String

    /// At most 31 characters (IPSET_MAXNAMELEN): 24 for the interface, and 7.
    static func name(_ set: PrefixSet, _ interface: InterfaceName) -> String {
        // FNV-1a with 64 bits (draft-eastlake-fnv).
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for prefix in set.prefixes {
            for byte in "\(prefix)\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        let digits = String(hash % 78_364_164_096, radix: 36)  // 36 ^ 7
        return IptablesText.prefix(interface) + String(repeating: "0", count: 7 - digits.count) + digits
    }

    /// The sets that rules name, of all that a policy has; sorted by name.
    static func all(of policy: FirewallPolicy, in rules: String) -> [IptablesSet] {
        let exits = policy.exit.map { [$0.users, $0.never] } ?? []
        let matches = [policy.wireGuardSources] + (policy.underlayIngress + policy.underlayEgress).map(\.remote)
        let others = matches.compactMap { match -> PrefixSet? in if case .only(let set) = match { set } else { nil } }
        let transit = policy.transit.flatMap { [$0.source, $0.destination] }
        let allowed = (policy.ingress + policy.egress).map(\.remote)
        let whole = [policy.members, policy.notInternet, policy.echo].compactMap { $0 } + exits + others + transit
        var result: [String: IptablesSet] = [:]
        for set in whole + allowed {
            for family in IPFamily.allCases {
                guard let narrowed = set.narrowed(to: family) else { continue }
                let name = name(narrowed, policy.interface)
                if result[name] != nil || !rules.contains(" \(name) ") { continue }
                result[name] = IptablesSet(prefixes: narrowed, family: family, name: name)
            }
        }
        return result.values.sorted { $0.name < $1.name }
    }

    /// For `ipset restore`: filled beside, then swapped in.
    func text(_ interface: InterfaceName) -> String {
        let new = IptablesText.prefix(interface) + (family == .v4 ? "NEW4" : "NEW6")
        let kind = "hash:net family \(family == .v4 ? "inet" : "inet6") maxelem \(max(prefixes.prefixes.count, 65_536))"
        let elements = prefixes.prefixes.map { "add \(new) \($0)\n" }.joined()
        return "create \(name) \(kind)\ncreate \(new) \(kind)\n\(elements)swap \(new) \(name)\ndestroy \(new)\n"
    }
}
