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
            let key = String(decoding: text[..<equals].trimmed, as: UTF8.self)
            set(key.lowercased(), named: Self.words(for: key), to: text[(equals + 1)...].trimmed, place)
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

    private mutating func set(_ key: String, named: String, to bytes: ArraySlice<UInt8>, _ place: SourceLocation) {
        self.value = bytes.startIndex..<bytes.endIndex
        let value = String(decoding: bytes, as: UTF8.self)
        do throws(AddressError) {
            switch section {
            case .interface: try setInterface(key, named, value, place)
            case .peer: try setPeer(key, named, value, place)
            case .unknown: break
            case .none: report(place, "\(named) stands before the first section")
            }
        } catch {
            report(place, error.message)
        }
    }

    private mutating func setInterface(
        _ key: String, _ named: String, _ value: String, _ place: SourceLocation
    ) throws(AddressError) {
        switch key {
        case "privatekey":
            config.hasPrivateKey = true
            config.privateKey = self.value
            checkSecret(named, value, place)
        case "address":
            for item in value.commaSeparated { config.addresses.append(try InterfaceAddress(parsing: item)) }
        case "listenport": config.port = value == "0" ? nil : try Port(parsing: value)
        case "fwmark": config.fwmark = number(named, value, place)
        case "mtu": config.mtu = number(named, value, place)
        case "dns", "table", "preup", "postup", "predown", "postdown", "saveconfig":
            config.settings.append(WireGuardConfig.Setting(key: key, value: value))
        default: report(place, "an interface has no setting \(named)")
        }
    }

    private mutating func setPeer(
        _ key: String, _ named: String, _ value: String, _ place: SourceLocation
    ) throws(AddressError) {
        let last = config.peers.count - 1
        switch key {
        case "publickey":
            config.peers[last].publicKey = value
            if let problem = PublicKeyText.problem(of: value) { report(place, "\(named): the text \(problem)") }
        case "presharedkey":
            config.peers[last].hasPresharedKey = true
            config.peers[last].presharedKey = self.value
            checkSecret(named, value, place)
        case "allowedips":
            for item in value.commaSeparated {
                let address = try InterfaceAddress(parsing: item.contains("/") ? item : item + hostLength(item))
                config.peers[last].allowedIPs.append(address.prefix)
            }
        case "endpoint": config.peers[last].endpoint = try Endpoint(parsing: value)
        case "persistentkeepalive":
            config.peers[last].keepalive = value == "off" || value == "0" ? nil : number(named, value, place)
        default: report(place, "a peer has no setting \(named)")
        }
    }

    private func hostLength(_ address: String) -> String { address.contains(":") ? "/128" : "/32" }

    private mutating func number<Number: FixedWidthInteger>(
        _ key: String, _ value: String, _ place: SourceLocation
    ) -> Number? {
        let isHexadecimal = value.hasPrefix("0x")
        let digits = isHexadecimal ? value.dropFirst(2) : value[...]
        if let number = Number(digits, radix: isHexadecimal ? 16 : 10), !digits.hasPrefix("+") { return number }
        if value == "off" { return nil }
        report(place, "\(key): \(quoted(value)) is not a number in range")
        return nil
    }

    private mutating func checkSecret(_ key: String, _ value: String, _ place: SourceLocation) {
        if !PublicKeyText.isValid(value) { report(place, "\(key) is not 32 bytes in base64") }
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
