import Addresses
import Diagnostics
import MeshFiles

/// The settings of a peer's own interface.
extension MeshDecoder {
    mutating func read(override field: PeerField, _ node: YAMLNode, into overrides: inout PeerOverrides) {
        switch field {
        case .interface:
            overrides.interface = reader.value(node, of: "interface", parse: InterfaceName.init(parsing:))?.value
        case .port: overrides.port = reader.value(node, of: "port", parse: Port.init(parsing:))?.value
        case .mtu: overrides.mtu = mtu(node)
        case .keepalive: overrides.keepalive = keepalive(node)
        case .dns: overrides.dns = nameServers(node)
        case .table: overrides.table = table(node) ?? .pooled
        case .fwmark: overrides.fwmark = mark(node)
        case .preUp: overrides.preUp = hooks(node, of: "pre-up")
        case .postUp: overrides.postUp = hooks(node, of: "post-up")
        case .preDown: overrides.preDown = hooks(node, of: "pre-down")
        case .postDown: overrides.postDown = hooks(node, of: "post-down")
        default: break
        }
    }

    /// Addresses of name servers and search domains, as wg-quick(8) takes them.
    private mutating func nameServers(_ node: YAMLNode) -> [String] {
        reader.values(node, of: "dns") { text throws(AddressError) -> String in
            if let address = try? IPAddress(parsing: text) { return address.description }
            return try HostName(parsing: text).description
        }.map(\.value)
    }

    private mutating func table(_ node: YAMLNode) -> RoutingTable? {
        switch node.value {
        case .scalar("off", _): return .off
        case .scalar("auto", _): return .automatic
        case .scalar("main", _): return .pooled
        default:
            return reader.number(node, of: "table", in: 1...999_999_999, or: ["main", "auto", "off"]).map {
                .numbered(UInt32($0))
            }
        }
    }

    /// Decimal, or hexadecimal after `0x`; 0 is no mark.
    private mutating func mark(_ node: YAMLNode) -> UInt32? {
        guard let text = reader.text(node, of: "fwmark") else { return nil }
        if text == "off" { return nil }
        let isHexadecimal = text.hasPrefix("0x")
        let digits = isHexadecimal ? text.dropFirst(2) : text[...]
        let isStrict = digits.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }
        let hasLeadingZero = !isHexadecimal && digits.count > 1 && digits.first == "0"
        if isStrict, !hasLeadingZero, let mark = UInt32(digits, radix: isHexadecimal ? 16 : 10) {
            return mark == 0 ? nil : mark
        }
        reader.report(
            .invalidValue, node, "fwmark: \(quoted(text)) is not a 32-bit number", hint: "write 51820 or 0xca6c")
        return nil
    }

    private mutating func hooks(_ node: YAMLNode, of field: String) -> [OneLine] {
        reader.items(node, of: field).compactMap { item in
            guard let text = reader.text(item, of: field) else { return nil }
            guard let line = OneLine(text) else {
                reader.report(
                    .invalidHook, item, "\(field): \(quoted(text)) is not one command on one line",
                    hint: "write a list of commands")
                return nil
            }
            if text.utf8.contains(UInt8(ascii: "#")) {
                reader.report(
                    .invalidHook, item, "\(field): \(quoted(text)) holds \"#\", which wg-quick takes for a comment",
                    hint: "put the command into a script")
                return nil
            }
            return line
        }
    }

    /// An app refuses a configuration with settings that it does not know (wireguard-apple, `TunnelConfiguration`).
    mutating func checkPlatform(_ peer: DeclaredPeer, _ entry: YAMLEntry) {
        guard peer.platform == .app else { return }
        let refused: Set<PeerField> = [.table, .fwmark, .preUp, .postUp, .preDown, .postDown, .routes]
        for field in reader.entries(entry.value, of: peer.name) {
            guard let name = PeerField(rawValue: field.name), refused.contains(name) else { continue }
            reader.report(
                .platformField, field.key, "a peer of platform app cannot have \(quoted(field.name))",
                hint: "remove the field, or `platform: app`")
        }
    }
}
