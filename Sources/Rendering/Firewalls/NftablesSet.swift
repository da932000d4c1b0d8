import Addresses
import HostPlans
import MeshModel

/// Where an entry of a set comes from, for its comment.
enum NftablesOrigin: Hashable, Comparable {
    /// What it says.
    case rule(String)
    case rescue
    case published
    /// By its reason.
    case exception(String)

    init(_ purpose: UnderlayPurpose) {
        switch purpose {
        case .published: self = .published
        case .rescue: self = .rescue
        case .exception(let reason): self = .exception(reason)
        }
    }

    /// The rules of an allowance; the rescue path has none.
    static func origins(_ rules: [String]) -> [NftablesOrigin] { rules.isEmpty ? [.rescue] : rules.map { .rule($0) } }

    private var text: String {
        switch self {
        case .rule(let rule): return rule
        case .rescue: return "rescue"
        case .published: return "published"
        case .exception(let reason): return "exception (\(reason))"
        }
    }

    static func comment(_ origins: some Sequence<NftablesOrigin>) -> String {
        "# " + Set(origins).sorted().map(\.text).joined(separator: "; ")
    }
}

/// Ports that go with an address prefix.
struct NftablesPorts {
    var prefix: IPPrefix
    var ports: [ServicePorts]
    var origins: [NftablesOrigin]

    /// The same ports in entries of which no two hold the same address and port, which nft refuses: from each prefix
    /// are taken those of the prefixes around it, and `excluded`.
    static func disjoint(_ entries: [NftablesPorts], excluding excluded: [ServicePorts] = []) -> [NftablesPorts] {
        var result: [NftablesPorts] = []
        /// The prefixes around the next one, the widest first, each with its own ports and those before it.
        var around: [(prefix: IPPrefix, ports: [ServicePorts])] = []
        for entry in joined(entries) {
            while let last = around.last, !last.prefix.contains(entry.prefix) { around.removeLast() }
            let covered = around.last?.ports ?? excluded
            let rest = entry.ports.subtracting(covered)
            around.append((entry.prefix, (covered + entry.ports).merged))
            if !rest.isEmpty {
                result.append(NftablesPorts(prefix: entry.prefix, ports: rest, origins: entry.origins))
            }
        }
        return result
    }

    /// One entry for each prefix, sorted.
    private static func joined(_ entries: [NftablesPorts]) -> [NftablesPorts] {
        var result: [NftablesPorts] = []
        for entry in entries.sorted(by: { $0.prefix < $1.prefix }) {
            if let last = result.last, last.prefix == entry.prefix {
                result[result.count - 1].ports = (last.ports + entry.ports).merged
                result[result.count - 1].origins += entry.origins
            } else {
                result.append(entry)
            }
        }
        return result
    }
}

extension [ServicePorts] {
    /// What is left without the others; both merged.
    func subtracting(_ others: [ServicePorts]) -> [ServicePorts] {
        others.reduce(self) { rest, other in rest.flatMap { $0.subtracting(other) } }
    }
}

extension ServicePorts {
    fileprivate func subtracting(_ other: ServicePorts) -> [ServicePorts] {
        guard transport == other.transport, range.overlaps(other.range) else { return [self] }
        let below = Port(Int(other.range.lower.number) - 1).flatMap { PortRange(from: range.lower, through: $0) }
        let above = Port(Int(other.range.upper.number) + 1).flatMap { PortRange(from: $0, through: range.upper) }
        return [below, above].compactMap { $0.map { ServicePorts(transport, $0) } }
    }
}

/// Adjacent prefixes as one range.
struct NftablesRange {
    let first: IPAddress
    private(set) var last: IPAddress
    /// Nil when it is made of more than one.
    private var prefix: IPPrefix?

    init(_ prefix: IPPrefix) {
        (first, last, self.prefix) = (prefix.first, prefix.last, prefix)
    }

    /// Of sorted, disjoint prefixes.
    static func joined(_ prefixes: some Sequence<IPPrefix>) -> [NftablesRange] {
        var result: [NftablesRange] = []
        for next in prefixes {
            if let end = result.indices.last, result[end].last.advanced(by: 1) == next.first {
                (result[end].last, result[end].prefix) = (next.last, nil)
            } else {
                result.append(NftablesRange(next))
            }
        }
        return result
    }

    /// An address, a prefix, or a range.
    var text: String {
        if let prefix { return prefix.nftText }
        // From the widest, so that a block which is named address by address is its prefix again.
        for length in 0...first.family.bits {
            if let whole = IPPrefix(containing: first, length: length), whole.first == first, whole.last == last {
                return whole.nftText
            }
        }
        return "\(first)-\(last)"
    }
}

/// A named set of the table.
struct NftablesSet {
    let name: String
    let type: String
    /// Whether an element may be more than one value.
    let isInterval: Bool
    /// Elements below their comments; neither is empty.
    let parts: [(comment: String?, elements: [String])]

    /// Addresses alone.
    init(_ name: String, of set: PrefixSet) {
        self.name = name
        type = set.prefixes.first?.family == .v6 ? "ipv6_addr" : "ipv4_addr"
        isInterval = Self.isInterval(set.prefixes)
        parts = [(nil, Self.texts(set.prefixes, isInterval: isInterval))]
    }

    /// Ports of any address.
    init(_ name: String, ports: [ServicePorts], of origins: [NftablesOrigin]) {
        self.name = name
        type = "inet_proto . inet_service"
        isInterval = ports.contains { $0.range.count > 1 }
        parts = [(NftablesOrigin.comment(origins), ports.map(\.nftText))]
    }

    /// Ports by address; `entries` are of one family, sorted and disjoint.
    init(_ name: String, entries: [NftablesPorts]) {
        self.name = name
        let isSix = entries.first?.prefix.family == .v6
        type = "\(isSix ? "ipv6_addr" : "ipv4_addr") . inet_proto . inet_service"
        let isInterval =
            entries.contains { $0.ports.contains { $0.range.count > 1 } } || Self.isInterval(entries.map(\.prefix))
        self.isInterval = isInterval
        parts = Dictionary(grouping: entries) { Set($0.origins).sorted() }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { origins, entries in
                let elements = Dictionary(grouping: entries, by: \.ports)
                    .sorted { $0.key.lexicographicallyPrecedes($1.key) }
                    .flatMap { ports, entries in
                        Self.texts(entries.map(\.prefix), isInterval: isInterval).flatMap { address in
                            ports.map { "\(address) . \($0.nftText)" }
                        }
                    }
                return (NftablesOrigin.comment(origins), elements)
            }
    }

    /// A set of single values is a hash table, which is faster; but many neighbors are few ranges, and nft without
    /// root cannot send more than some 400 KB at once (wmem_max).
    private static func isInterval(_ prefixes: [IPPrefix]) -> Bool {
        prefixes.contains { !$0.isHost }
            || prefixes.count > 100 && NftablesRange.joined(prefixes).count < prefixes.count / 4
    }

    private static func texts(_ prefixes: [IPPrefix], isInterval: Bool) -> [String] {
        isInterval ? NftablesRange.joined(prefixes).map(\.text) : prefixes.map(\.nftText)
    }

    /// The declaration, two levels in.
    var text: String {
        var lines = ["    set \(name) {", "        type \(type)"]
        // Nobody changes it while rules name it.
        lines.append("        flags constant\(isInterval ? ", interval" : "")")
        lines.append("        elements = {")
        for (index, part) in parts.enumerated() {
            if let comment = part.comment { lines.append("            \(comment)") }
            let isLast = index == parts.count - 1
            for (place, element) in part.elements.enumerated() {
                lines.append("            \(element)\(isLast && place == part.elements.count - 1 ? "" : ",")")
            }
        }
        return (lines + ["        }", "    }", ""]).joined(separator: "\n")
    }
}

extension IPPrefix {
    var isHost: Bool { length == family.bits }

    /// An address alone where the prefix is one.
    var nftText: String { isHost ? network.description : description }
}

extension ServicePorts {
    /// As an element: `tcp . 80` or `udp . 5000-5009`.
    var nftText: String { "\(transport.rawValue) . \(range)" }
}

extension IPFamily {
    /// The keyword of nft for headers of the family.
    var nftWord: String { self == .v4 ? "ip" : "ip6" }

    /// The end of the names of sets.
    var nftDigit: String { self == .v4 ? "4" : "6" }
}
