import Addresses
import Diagnostics
import MeshModel

/// Reads a configuration line by line (the grammar of wg(8), "CONFIGURATION FILE FORMAT", and wg-quick(8)).
///
/// Section and key names are matched without regard to case, and everything from `#` on is a comment, as both tools
/// do. Messages never quote the value of a secret.
struct WireGuardConfigParser {
    private enum Section { case none, interface, peer, unknown }

    private let file: String
    private var section = Section.none
    private(set) var config = WireGuardConfig()
    private(set) var findings: [Diagnostic] = []
    /// Where the value that is being read stands.
    private var value = 0..<0

    init(file: String) {
        self.file = file
    }

    mutating func read(_ bytes: ArraySlice<UInt8>, line: Int) {
        let text = bytes.prefix { $0 != UInt8(ascii: "#") }.trimmed
        guard !text.isEmpty else { return }
        let place = SourceLocation(file: file, line: line, column: text.startIndex - bytes.startIndex + 1)
        if text.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }) {
            report(place, "the line holds a control character")
        } else if text.first == UInt8(ascii: "[") {
            begin(text, place)
        } else if let equals = text.firstIndex(of: UInt8(ascii: "=")) {
            set(String(decoding: text[..<equals].trimmed, as: UTF8.self), to: text[(equals + 1)...].trimmed, place)
        } else {
            report(place, "the line is neither a section nor `Key = value`")
        }
    }

    mutating func finish() {
        closePeer()
    }

    private mutating func begin(_ text: ArraySlice<UInt8>, _ place: SourceLocation) {
        closePeer()
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "[interface]": section = .interface
        case "[peer]":
            section = .peer
            config.peers.append(WireGuardConfig.Peer(location: place))
        default:
            section = .unknown
            report(place, "a WireGuard configuration has no such section", hint: "write [Interface] or [Peer]")
        }
    }

    private mutating func closePeer() {
        guard section == .peer, let peer = config.peers.last, peer.publicKey.isEmpty else { return }
        report(peer.location, "the peer has no PublicKey")
    }

    private mutating func set(_ key: String, to bytes: ArraySlice<UInt8>, _ place: SourceLocation) {
        self.value = bytes.startIndex..<bytes.endIndex
        do throws(AddressError) {
            switch section {
            case .interface: try setInterface(key, String(decoding: bytes, as: UTF8.self), place)
            case .peer: try setPeer(key, bytes, place)
            case .unknown: break
            case .none: report(place, "\(Self.words(for: key)) stands before the first section")
            }
        } catch {
            report(place, error.message)
        }
    }

    private mutating func setInterface(
        _ name: String, _ value: String, _ place: SourceLocation
    ) throws(AddressError) {
        let key = name.lowercased()
        switch key {
        case "privatekey":
            config.hasPrivateKey = true
            config.privateKey = self.value
            checkSecret(name, value.utf8.span, place)
        case "address":
            for item in value.commaSeparated { config.addresses.append(try InterfaceAddress(parsing: item)) }
        case "listenport": config.port = value == "0" ? nil : try Port(parsing: value)
        case "fwmark": config.fwmark = number(name, value, place)
        case "mtu": config.mtu = number(name, value, place)
        case "dns", "table", "preup", "postup", "predown", "postdown", "saveconfig":
            config.settings.append(WireGuardConfig.Setting(key: key, value: value))
        default: report(place, "an interface has no setting \(Self.words(for: name))")
        }
    }

    private mutating func setPeer(
        _ name: String, _ bytes: ArraySlice<UInt8>, _ place: SourceLocation
    ) throws(AddressError) {
        let last = config.peers.count - 1
        switch Self.peerKey(name) {
        case "publickey":
            let value = String(decoding: bytes, as: UTF8.self)
            config.peers[last].publicKey = value
            if let problem = PublicKeyText.problem(of: value) {
                report(place, "\(Self.words(for: name)): the text \(problem)")
            }
        case "presharedkey":
            config.peers[last].hasPresharedKey = true
            config.peers[last].presharedKey = self.value
            checkSecret(name, bytes.span, place)
        case "allowedips":
            for item in bytes.split(separator: UInt8(ascii: ",")) {
                let item = item.trimmed
                if item.isEmpty { continue }
                config.peers[last].allowedIPs.append(try allowed(item))
            }
        case "endpoint": config.peers[last].endpoint = try Endpoint(parsing: bytes.span)
        case "persistentkeepalive":
            let value = String(decoding: bytes, as: UTF8.self)
            config.peers[last].keepalive = value == "off" || value == "0" ? nil : number(name, value, place)
        default: report(place, "a peer has no setting \(Self.words(for: name))")
        }
    }

    /// The name in small letters, without work for those that are written as in wg(8).
    private static func peerKey(_ name: String) -> String {
        switch name {
        case "PublicKey": "publickey"
        case "PresharedKey": "presharedkey"
        case "AllowedIPs": "allowedips"
        case "Endpoint": "endpoint"
        default: name.lowercased()
        }
    }

    private func allowed(_ item: ArraySlice<UInt8>) throws(AddressError) -> IPPrefix {
        if item.contains(UInt8(ascii: "/")) { return try InterfaceAddress(parsing: item.span).prefix }
        let address = String(decoding: item, as: UTF8.self)
        return try InterfaceAddress(parsing: address + hostLength(address)).prefix
    }

    private func hostLength(_ address: String) -> String { address.contains(":") ? "/128" : "/32" }

    private mutating func number<Number: FixedWidthInteger>(
        _ name: String, _ value: String, _ place: SourceLocation
    ) -> Number? {
        let isHexadecimal = value.hasPrefix("0x")
        let digits = isHexadecimal ? value.dropFirst(2) : value[...]
        if let number = Number(digits, radix: isHexadecimal ? 16 : 10), !digits.hasPrefix("+") { return number }
        if value == "off" { return nil }
        report(place, "\(Self.words(for: name)): \(quoted(value)) is not a number in range")
        return nil
    }

    private mutating func checkSecret(_ name: String, _ value: Span<UInt8>, _ place: SourceLocation) {
        if !PublicKeyText.isValid(value) { report(place, "\(Self.words(for: name)) is not 32 bytes in base64") }
    }

    /// A key as a message may show it. A line that lost its equals sign or its name can have a secret in that place,
    /// so only what looks like the name of a setting is quoted.
    private static func words(for key: String) -> String {
        let isName = (1...20).contains(key.utf8.count) && key.utf8.allSatisfy { (0x41...0x5a).contains($0 & 0xdf) }
        return isName ? quoted(key) : "of that name"
    }

    private mutating func report(_ place: SourceLocation, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(.invalidConfiguration, at: place, message, hint: hint))
    }
}

extension ArraySlice<UInt8> {
    /// Without spaces, tabs and carriage returns at both ends.
    fileprivate var trimmed: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        let start = firstIndex { !isSpace($0) } ?? endIndex
        let end = lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
        return self[start..<end]
    }
}

extension String {
    fileprivate var commaSeparated: [String] {
        utf8.split(separator: UInt8(ascii: ",")).map { String(decoding: ArraySlice($0).trimmed, as: UTF8.self) }
            .filter { !$0.isEmpty }
    }
}
