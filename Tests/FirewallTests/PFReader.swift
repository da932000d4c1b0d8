import Addresses
import HostPlans
import MeshModel

/// A strict reader of the part of pf.conf(5) that we write, and an interpreter of it: the first rule that matches
/// decides, for every rule is `quick`.
struct PFReader {
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var tables: [String: [IPPrefix]] = [:]
    private(set) var rules: [PFRule] = []

    /// Throws the first line that is no pf.
    init(_ text: String) throws {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            var words = PFWords(String(line), line: number + 1)
            if words.next == "table" {
                if !rules.isEmpty { throw Mistake(description: "line \(number + 1): a table behind a rule") }
                let (name, prefixes) = try words.table()
                if tables.updateValue(prefixes, forKey: name) != nil {
                    throw Mistake(description: "line \(number + 1): a second table \(name)")
                }
            } else {
                rules.append(try words.rule())
            }
        }
        for case .table(let name) in rules.flatMap({ [$0.source.match, $0.destination.match] })
        where tables[name] == nil {
            throw Mistake(description: "there is no table \(name)")
        }
    }

    func without(_ rule: Int) -> PFReader {
        var result = self
        result.rules.remove(at: rule)
        return result
    }

    /// The first rule that matches; nil when none does, and so the user's own rules decide.
    func first(_ packet: Packet, isInput: Bool, interface: String) -> PFRule? {
        rules.first { $0.matches(packet, isInput: isInput, interface: interface, tables) }
    }
}

struct PFRule {
    enum Match {
        case any
        case table(String)
        case list([IPPrefix])
    }

    struct End {
        var match = Match.any
        var isInverted = false
        /// Empty for every port.
        var ports: [PortRange] = []
    }

    var passes = false
    var isInput: Bool?
    var interface: String?
    var family: IPFamily?
    var transport: String?
    var source = End()
    var destination = End()
    var icmpType: String?
    var keepsState = false

    func matches(_ packet: Packet, isInput: Bool, interface: String, _ tables: [String: [IPPrefix]]) -> Bool {
        if let own = self.isInput, own != isInput { return false }
        if let own = self.interface, own != interface { return false }
        if let family, family != packet.source.family { return false }
        var ports: (source: Port?, destination: Port?) = (nil, nil)
        var (name, type) = ("", "")
        switch packet.content {
        case .transport(let transport, let from, let to):
            (name, ports) = (transport.rawValue, (from, to))
        case .dhcpAnswer:
            let isFour = packet.source.family == .v4
            (name, ports) = ("udp", (Port(isFour ? 67 : 547), Port(isFour ? 68 : 546)))
        case .echoRequest: (name, type) = (packet.source.family == .v4 ? "icmp" : "ipv6-icmp", "echoreq")
        case .otherICMP: name = packet.source.family == .v4 ? "icmp" : "ipv6-icmp"
        case .neighborDiscovery: (name, type) = ("ipv6-icmp", "neighbrsol")
        case .other: name = "sctp"
        }
        if let transport, transport != name { return false }
        if let icmpType, icmpType != type { return false }
        return Self.holds(source, packet.source, ports.source, tables)
            && Self.holds(destination, packet.destination, ports.destination, tables)
    }

    private static func holds(
        _ end: End, _ address: IPAddress, _ port: Port?, _ tables: [String: [IPPrefix]]
    ) -> Bool {
        if !end.ports.isEmpty {
            guard let port, end.ports.contains(where: { $0.contains(port) }) else { return false }
        }
        switch end.match {
        case .any: return true
        case .table(let name): return (tables[name] ?? []).contains { $0.contains(address) } != end.isInverted
        case .list(let list): return list.contains { $0.contains(address) } != end.isInverted
        }
    }
}

/// The words of one line, from the first on.
private struct PFWords {
    private var words: ArraySlice<String>
    private let line: Int

    init(_ text: String, line: Int) {
        words = text.split(whereSeparator: { $0 == " " }).map(String.init)[...]
        self.line = line
    }

    var next: String? { words.first }

    private func mistake(_ text: String) -> PFReader.Mistake {
        PFReader.Mistake(description: "line \(line): \(text) at \(words.joined(separator: " "))")
    }

    private mutating func take() throws -> String {
        guard let word = words.popFirst() else { throw mistake("a word is missing") }
        return word
    }

    private mutating func expect(_ word: String) throws {
        if try take() != word { throw mistake("\(word) is missing") }
    }

    private mutating func skip(_ word: String) -> Bool {
        if next != word { return false }
        words.removeFirst()
        return true
    }

    /// What stands in braces, separated by commas.
    private mutating func list() throws -> [String] {
        try expect("{")
        var result: [String] = []
        while true {
            let word = try take()
            let isLast = !word.hasSuffix(",")
            result.append(isLast ? word : String(word.dropLast()))
            if isLast { break }
        }
        try expect("}")
        return result
    }

    private func prefix(_ text: String) throws -> IPPrefix {
        if let address = try? IPAddress(parsing: text) { return .host(address) }
        guard let prefix = try? IPPrefix(parsing: text) else { throw mistake("\(text) is no address") }
        return prefix
    }

    private func name(_ word: String) throws -> String {
        guard word.hasPrefix("<"), word.hasSuffix(">"), word.count <= 33 else { throw mistake("\(word) is no table") }
        return String(word.dropFirst().dropLast())
    }

    mutating func table() throws -> (String, [IPPrefix]) {
        try expect("table")
        let name = try name(try take())
        try expect("const")
        let prefixes = try list().map(prefix)
        if !words.isEmpty { throw mistake("too much") }
        return (name, prefixes)
    }

    mutating func rule() throws -> PFRule {
        var rule = PFRule()
        switch try take() {
        case "pass": rule.passes = true
        case "block": if !skip("drop"), !skip("return") { throw mistake("drop or return is missing") }
        default: throw mistake("neither pass nor block")
        }
        if skip("in") { rule.isInput = true } else if skip("out") { rule.isInput = false }
        try expect("quick")
        if skip("on") { rule.interface = try take() }
        if skip("inet") { rule.family = .v4 } else if skip("inet6") { rule.family = .v6 }
        if skip("proto") {
            let transport = try take()
            guard ["tcp", "udp", "icmp", "ipv6-icmp"].contains(transport) else { throw mistake("protocol") }
            rule.transport = transport
        }
        if !skip("all") {
            try expect("from")
            rule.source = try end(of: rule)
            try expect("to")
            rule.destination = try end(of: rule)
        }
        try options(&rule)
        if !words.isEmpty { throw mistake("too much") }
        return rule
    }

    private mutating func end(of rule: PFRule) throws -> PFRule.End {
        var end = PFRule.End()
        end.isInverted = skip("!")
        if next == "{" {
            let prefixes = try list().map(prefix)
            // pf itself refuses a list of two families where the rule has neither, and one of the wrong family.
            if let family = rule.family, prefixes.contains(where: { $0.family != family }) { throw mistake("family") }
            end.match = .list(prefixes)
        } else if next?.hasPrefix("<") == true {
            end.match = .table(try name(try take()))
        } else if !skip("any") {
            end.match = .list([try prefix(try take())])
        }
        if skip("port") {
            guard ["tcp", "udp"].contains(rule.transport) else { throw mistake("ports without their protocol") }
            end.ports = try (next == "{" ? try list() : [try take()]).map(range)
        }
        return end
    }

    private func range(_ text: String) throws -> PortRange {
        guard !text.contains("-"), let range = try? PortRange(parsing: text.replacing(":", with: "-")) else {
            throw mistake("\(text) is no port")
        }
        return range
    }

    private mutating func options(_ rule: inout PFRule) throws {
        for (word, transport) in [("icmp-type", "icmp"), ("icmp6-type", "ipv6-icmp")] where skip(word) {
            let type = try take()
            let known = ["echoreq", "neighbrsol", "neighbradv", "routersol", "routeradv", "redir"]
            guard rule.transport == transport, known.contains(type) else { throw mistake("ICMP type") }
            rule.icmpType = type
        }
        if skip("flags") { try expect("any") }
        if skip("keep") {
            try expect("state")
            _ = skip("(if-bound)")
            rule.keepsState = true
        } else if skip("no") {
            try expect("state")
        }
        if rule.keepsState, !rule.passes { throw mistake("a block keeps no state") }
    }
}
