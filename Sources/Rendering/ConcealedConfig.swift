package import HostPlans

/// A WireGuard configuration in memory of the caller's, which has to outlive it: what it says, and where its secrets are.
///
/// The secrets are never copied: the parser gets the text with something else in their places.
package struct ConcealedConfig {
    private let config: WireGuardConfig
    private let privateKey: UnsafeRawBufferPointer?
    /// By the number of the section.
    private let presharedKeys: [Int: UnsafeRawBufferPointer]

    /// A valid key that nobody has: 32 times the same byte.
    private static let standIn = Array("KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=".utf8)

    /// Reads the parts of a text, each a whole section or several.
    package init(_ parts: [UnsafeRawBufferPointer]) {
        var bytes: [UInt8] = []
        var sections = 0
        var privateKey: UnsafeRawBufferPointer?
        var presharedKeys: [Int: UnsafeRawBufferPointer] = [:]
        for part in parts {
            for line in part.split(separator: UInt8(ascii: "\n")).map(UnsafeRawBufferPointer.init(rebasing:)) {
                switch ConfigLine(line) {
                case .section(let isPeer):
                    if isPeer { sections += 1 }
                    bytes += line
                case .secret(let isPrivate, let range):
                    let value = UnsafeRawBufferPointer(rebasing: line[range])
                    if isPrivate { privateKey = value } else { presharedKeys[sections - 1] = value }
                    bytes += line[..<range.lowerBound]
                    bytes += Self.standIn
                case .plain: bytes += line
                case .unknown: break
                }
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        (self.privateKey, self.presharedKeys) = (privateKey, presharedKeys)
        config = WireGuardConfig.parse(bytes, file: "").config
    }

    /// What it says, peers by the names that `names` gives for their sections.
    package func facts(_ names: (WireGuardConfig.Peer) -> String) -> InterfaceFacts {
        InterfaceFacts(config, names)
    }

    /// What becomes of the private key on the way to another configuration.
    package func privateKeyChange(to other: ConcealedConfig) -> SecretChange? {
        Self.change(privateKey, other.privateKey)
    }

    /// The same of the key that a section holds, on the way to another's.
    package func presharedKeyChange(_ section: Int, to other: ConcealedConfig, _ otherSection: Int) -> SecretChange? {
        Self.change(presharedKeys[section], other.presharedKeys[otherSection])
    }

    private static func change(_ old: UnsafeRawBufferPointer?, _ new: UnsafeRawBufferPointer?) -> SecretChange? {
        switch (old, new) {
        case (nil, nil): return nil
        case (nil, _): return .added
        case (_, nil): return .removed
        case (let old?, let new?): return old.elementsEqual(new) ? nil : .changed
        }
    }
}

/// What a line is, as far as secrets go.
private enum ConfigLine {
    case section(isPeer: Bool)
    /// The value without the spaces around it, from the line's start.
    case secret(isPrivate: Bool, Range<Int>)
    case plain
    /// Nothing that is known: it may hold anything.
    case unknown

    private static let known: Set = [
        "publickey", "endpoint", "allowedips", "persistentkeepalive", "address", "listenport", "fwmark", "mtu", "dns",
        "table", "preup", "postup", "predown", "postdown", "saveconfig",
    ]

    init(_ line: UnsafeRawBufferPointer) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        var range = 0..<(line.firstIndex(of: UInt8(ascii: "#")) ?? line.count)
        func trim() {
            while let first = range.first, isSpace(line[first]) { range.removeFirst() }
            while let last = range.last, isSpace(line[last]) { range.removeLast() }
        }
        trim()
        guard let first = range.first else {
            self = .unknown
            return
        }
        func lowercased(_ part: Range<Int>) -> String {
            String(decoding: line[part], as: UTF8.self).lowercased()
        }
        if line[first] == UInt8(ascii: "[") {
            self = .section(isPeer: range.count < 20 && lowercased(range) == "[peer]")
            return
        }
        guard let equals = range.first(where: { line[$0] == UInt8(ascii: "=") }), equals - first <= 24 else {
            self = .unknown
            return
        }
        let end = range.upperBound
        range = first..<equals
        trim()
        let key = lowercased(range)
        range = equals + 1..<end
        trim()
        switch key {
        case "privatekey", "presharedkey": self = .secret(isPrivate: key == "privatekey", range)
        default: self = Self.known.contains(key) ? .plain : .unknown
        }
    }
}
