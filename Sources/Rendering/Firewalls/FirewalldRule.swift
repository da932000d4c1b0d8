import Addresses
import HostPlans
import MeshModel

/// A rich rule (firewalld.richlanguage(5)) of a policy.
///
/// Rules of a smaller step come first; those of one step are all accepts or all refusals, so that their order means
/// nothing.
struct FirewalldRule: Hashable, Sendable {
    /// One side of a packet.
    enum End: Hashable, Sendable {
        case address(IPPrefix)
        /// An ipset by its name.
        case set(String)
    }

    enum Content: Hashable, Sendable {
        case everything
        case ports(ServicePorts)
        case sourcePort(ServicePorts)
        case echoRequest
        case icmp
    }

    enum Action: String, Sendable {
        case accept
        case drop
        case reject
    }

    var step: Int
    /// Nil for both families, where neither side is named.
    var family: IPFamily?
    var source: End?
    var destination: End?
    var content: Content
    var action: Action

    /// As XML, indented for a policy's file.
    var text: String {
        let family = family.map { " family=\"ip\($0 == .v4 ? "v4" : "v6")\"" } ?? ""
        let lines =
            [source.map { "<source \($0.attribute)/>" }, destination.map { "<destination \($0.attribute)/>" }, element]
            .compactMap { $0 } + ["<\(actionText)/>"]
        return "  <rule\(family) priority=\"\(step - 100)\">\n" + lines.map { "    \($0)\n" }.joined() + "  </rule>\n"
    }

    private var element: String? {
        switch content {
        case .everything: return nil
        case .ports(let ports): return "<port port=\"\(ports.range)\" protocol=\"\(ports.transport.rawValue)\"/>"
        case .sourcePort(let ports):
            return "<source-port port=\"\(ports.range)\" protocol=\"\(ports.transport.rawValue)\"/>"
        case .echoRequest: return "<icmp-type name=\"echo-request\"/>"
        case .icmp: return "<protocol value=\"\(family == .v6 ? "ipv6-icmp" : "icmp")\"/>"
        }
    }

    private var actionText: String {
        guard action == .reject else { return action.rawValue }
        return family == .v6 ? "reject type=\"icmp6-adm-prohibited\"" : "reject type=\"icmp-admin-prohibited\""
    }
}

extension FirewalldRule.End {
    fileprivate var attribute: String {
        switch self {
        case .address(let prefix): return "address=\"\(prefix.bare)\""
        case .set(let name): return "ipset=\"\(name)\""
        }
    }
}

extension IPPrefix {
    /// A single address without its length.
    var bare: String { length == family.bits ? network.description : description }
}

/// The names of what is ours in firewalld, which takes no more than 17 characters (`max_zone_name_len` in its
/// functions.py: the kernel's names of chains, less firewalld's own parts).
struct FirewalldNames: Sendable {
    /// Short and unique for each interface: letters and digits alone, at most seven.
    let id: String

    init(_ interface: InterfaceName) {
        let plain = interface.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        if plain == interface.name, plain.count <= 7 {
            id = plain
        } else {
            id = plain.prefix(3) + Self.digest(interface.name)
        }
    }

    var zone: String { "hauberk-\(id)" }

    func policy(_ role: Character) -> String { "hauberk-\(id)-\(role)" }

    func set(_ number: Int) -> String { "hauberk-\(id)-s\(number)" }

    /// Four characters of the FNV-1a hash (RFC 9923) of the name.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash % 1_679_616, radix: 36)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
