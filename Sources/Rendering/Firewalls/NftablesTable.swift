import Addresses
import HostPlans
import MeshModel

/// The inside of our table: counters, sets and chains, put together from a policy hook by hook.
///
/// What each chain decides, and in which order, is ``FirewallPolicy/verdict(for:at:)`` line by line. A match that
/// nothing of a family could meet leaves out its rule.
struct NftablesTable {
    let policy: FirewallPolicy
    var sets: [NftablesSet] = []
    private var chains: [String] = []
    private var refusals: [NftablesRefusal] = []
    /// Names of sets of addresses by what is in them.
    private var names: [PrefixSet: String] = [:]
    /// What this host offers on the underlay, each with the match on its interface.
    private(set) var underlayIngress: [(interface: String, sets: NftablesPortSets)] = []
    /// What other members offer on the underlay.
    private(set) var underlayEgress = NftablesPortSets(name: "", isAnywhere: false)

    init(_ policy: FirewallPolicy) {
        self.policy = policy
        if isGuarded { addUnderlaySets() }
        addInput()
        addOutput()
        addForward()
        addTranslation()
        for refusal in refusals { addRefusal(refusal) }
    }

    var body: String {
        let counters = refusals.map { "    counter \($0.rawValue) { }\n" }.sorted().joined()
        return ([counters] + sets.sorted { $0.name < $1.name }.map(\.text) + chains).joined(separator: "\n")
    }

    var isGuarded: Bool { policy.guardMode != .off }
    var tunnel: String { quotedTunnels.nftChoice }

    var quotedTunnels: [String] { policy.tunnels.map { "\"\($0)\"" } }

    /// Interfaces of other meshes as one match; nil for none.
    var neighborInterfaces: String? {
        let names = Set(policy.neighbors.map(\.interface)).sorted().map { "\"\($0)\"" }
        return names.isEmpty ? nil : names.nftChoice
    }

    mutating func add(chain name: String, _ comment: String? = nil, _ rules: [String]) {
        let lines = (comment.map { ["# \($0)"] } ?? []) + rules
        chains.append("    chain \(name) {\n\(lines.map { "        \($0)\n" }.joined())    }\n")
    }

    /// The words that end a packet's way; the chain for it is made on first use.
    mutating func goto(_ refusal: NftablesRefusal) -> String {
        if !refusals.contains(refusal) { refusals.append(refusal) }
        return "goto refuse-\(refusal.rawValue)"
    }

    private mutating func addRefusal(_ refusal: NftablesRefusal) {
        let isWatched = refusal.isUnderlay && policy.guardMode == .log
        let prefix = "hauberk \(policy.interface) \(refusal.hook)\(isWatched ? "?" : refusal.mark) "
        let verdict = isWatched ? "accept" : refusal.isRejected ? "reject with icmpx type admin-prohibited" : "drop"
        add(
            chain: "refuse-\(refusal.rawValue)", isWatched ? "let through: the guard only watches" : nil,
            [
                "counter name \"\(refusal.rawValue)\"",
                "limit rate 60/minute burst 10 packets log prefix \"\(prefix)\"", verdict,
            ])
    }

    // MARK: addresses

    /// A match on an address, such as `ip saddr 10.88.0.0/16`; nil when nothing of the family could meet it.
    ///
    /// `name` is that of the set which is made, once, where there are too many prefixes for one line.
    mutating func match(
        _ address: NftablesAddress, _ set: PrefixSet?, _ family: IPFamily, _ name: String, isNegated: Bool = false
    ) -> String? {
        guard let prefixes = set?.narrowed(to: family) else {
            return isNegated ? "meta nfproto \(family.nftProto)" : nil
        }
        let field = "\(family.nftWord) \(address.rawValue)\(isNegated ? " !=" : "")"
        if prefixes.prefixes.contains(where: { $0.length == 0 }) {
            return isNegated ? nil : "meta nfproto \(family.nftProto)"
        }
        if prefixes.prefixes.count <= 4 { return "\(field) \(prefixes.prefixes.map(\.nftText).nftChoice)" }
        let known = names[prefixes] ?? name + family.nftDigit
        if names.updateValue(known, forKey: prefixes) == nil { sets.append(NftablesSet(known, of: prefixes)) }
        return "\(field) @\(known)"
    }

    /// One rule for each family that can meet the match.
    mutating func rules(
        _ address: NftablesAddress, _ set: PrefixSet?, _ name: String, _ rest: String
    ) -> [String] {
        IPFamily.allCases.compactMap { match(address, set, $0, name).map { "\($0) \(rest)" } }
    }

    // MARK: ports

    private mutating func addUnderlaySets() {
        let (scoped, every) =
            policy.publicInterface == nil
            ? ([], policy.underlayIngress)
            : (
                policy.underlayIngress.filter { $0.scope == .publicSide },
                policy.underlayIngress.filter { $0.scope == .every }
            )
        if let interface = policy.publicInterface {
            underlayIngress.append(("iifname \"\(interface)\" ", accepting("published", scoped)))
        }
        underlayIngress.append(("", accepting("admitted", every)))
        if policy.members != nil { underlayEgress = accepting("offered", policy.underlayEgress) }
    }

    private mutating func accepting(_ name: String, _ allowances: [UnderlayAllowance]) -> NftablesPortSets {
        let anywhere = allowances.filter { $0.remote == .any }
        let ports = allowances.flatMap { allowance -> [NftablesPorts] in
            guard case .only(let set) = allowance.remote else { return [] }
            let origins = [NftablesOrigin(allowance.purpose)]
            return set.prefixes.map { NftablesPorts(prefix: $0, ports: allowance.ports, origins: origins) }
        }
        return accepting(
            name, ports, anywhere: anywhere.flatMap(\.ports).merged,
            from: anywhere.map { NftablesOrigin($0.purpose) })
    }

    /// Rules that accept what is in the sets of ports, made once for each name.
    mutating func accepting(
        _ name: String, _ ports: [NftablesPorts], anywhere: [ServicePorts] = [], from origins: [NftablesOrigin] = []
    ) -> NftablesPortSets {
        var result = NftablesPortSets(name: name, isAnywhere: !anywhere.isEmpty)
        if !anywhere.isEmpty { sets.append(NftablesSet(name, ports: anywhere, of: origins)) }
        for family in IPFamily.allCases {
            let own = ports.filter { $0.prefix.family == family }
            let entries = NftablesPorts.disjoint(own, excluding: anywhere)
            if entries.isEmpty { continue }
            result.families.append(family)
            let isForStrangers = entries.contains {
                !$0.prefix.isHost || policy.members?.contains($0.prefix.network) != true
            }
            if isForStrangers { result.strangers.append(family) }
            sets.append(NftablesSet(name + family.nftDigit, entries: entries))
        }
        return result
    }
}

/// Sets of ports by address, and of any address.
struct NftablesPortSets {
    let name: String
    let isAnywhere: Bool
    var families: [IPFamily] = []
    /// Of the families, those of whose addresses not all are members' underlay addresses.
    fileprivate var strangers: [IPFamily] = []

    /// What can be of use once members have been sorted out.
    var forStrangers: NftablesPortSets {
        var result = self
        result.families = strangers
        return result
    }

    /// Rules that accept what is in the sets; `port` is that of the side which offers the service.
    func rules(_ address: NftablesAddress, _ port: NftablesPort, on interface: String = "") -> [String] {
        let key = "meta l4proto . th \(port.rawValue)"
        return (isAnywhere ? ["\(interface)\(key) @\(name) accept"] : [])
            + families.map { family in
                "\(interface)\(family.nftWord) \(address.rawValue) . \(key) @\(name)\(family.nftDigit) accept"
            }
    }
}

enum NftablesAddress: String {
    case source = "saddr"
    case destination = "daddr"
}

enum NftablesPort: String {
    case source = "sport"
    case destination = "dport"
}

/// Why a packet is refused: a counter and a chain each. The raw value is the name of both.
enum NftablesRefusal: String {
    /// An address of the mesh outside of its tunnel, coming in.
    case spoofed
    /// The same, going out.
    case leaking
    case underlayIn = "underlay-in"
    case underlayOut = "underlay-out"
    case underlayForward = "underlay-forward"
    case tunnelIn = "tunnel-in"
    case tunnelOut = "tunnel-out"
    case tunnelForward = "tunnel-forward"
    /// Toward the tunnel from outside of it, where a stranger could learn from an answer.
    case tunnelEntry = "tunnel-entry"
    /// Of no connection that the kernel knows, in or into the tunnel: late packets among them, which no answer helps.
    case invalid

    /// Whether the guard decides it.
    var isUnderlay: Bool { self == .underlayIn || self == .underlayOut || self == .underlayForward }

    /// Whether the sender is told.
    var isRejected: Bool { ![.spoofed, .underlayIn, .tunnelEntry, .invalid].contains(self) }

    /// Part of the log's prefix, at most 3 letters: of its 29 the interface may take 15.
    var hook: String {
        switch self {
        case .spoofed, .underlayIn, .tunnelIn: return "in"
        case .leaking, .underlayOut, .tunnelOut: return "out"
        case .underlayForward, .tunnelForward, .tunnelEntry: return "fwd"
        case .invalid: return "inv"
        }
    }

    var mark: String { self == .spoofed || self == .leaking ? "!" : ":" }
}

extension IPFamily {
    var nftProto: String { self == .v4 ? "ipv4" : "ipv6" }
}

extension [String] {
    /// One alone, or `{ a, b }`.
    var nftChoice: String { count == 1 ? self[0] : "{ \(joined(separator: ", ")) }" }
}
