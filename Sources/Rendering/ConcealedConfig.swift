package import HostPlans

/// A WireGuard configuration in memory of the caller's: what it says, and where its secrets stand in it.
///
/// The secrets are never copied: the parser gets the text with something else in their places.
package struct ConcealedConfig {
    package private(set) var config: WireGuardConfig
    private var privateKey: Range<Int>?
    /// By the number of the section.
    private var presharedKeys: [Int: Range<Int>] = [:]

    /// A valid key that nobody has: 32 times the same byte.
    private static let standIn = Array("KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=".utf8)

    /// Reads a text, or a part of one that begins with a section.
    package init(_ text: UnsafeRawBufferPointer) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var sections = 0
        var start = 0
        config = WireGuardConfig()
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let line = UnsafeRawBufferPointer(rebasing: text[start..<end])
            switch ConfigLine(line) {
            case .section(let isPeer):
                if isPeer { sections += 1 }
                bytes += line
            case .secret(let isPrivate, let value):
                let range = start + value.lowerBound..<start + value.upperBound
                if isPrivate { privateKey = range } else { presharedKeys[sections - 1] = range }
                bytes += line[..<value.lowerBound]
                bytes += Self.standIn
            case .plain: bytes += line
            case .unknown: break
            }
            bytes.append(UInt8(ascii: "\n"))
            start = end + 1
        }
        config = WireGuardConfig.parse(bytes, file: "").config
    }

    /// Whether it says anything that WireGuard reads.
    package var isConfig: Bool { privateKey != nil || !config.peers.isEmpty || !config.addresses.isEmpty }

    /// What it says, peers by the names that `names` gives for their keys.
    package func facts(_ names: (WireGuardConfig.Peer) -> String) -> InterfaceFacts {
        InterfaceFacts(config, names)
    }

    /// What becomes of the private key on the way to another configuration.
    package func privateKeyChange(
        _ text: UnsafeRawBufferPointer, to other: ConcealedConfig, _ otherText: UnsafeRawBufferPointer
    ) -> SecretChange? {
        Self.change(privateKey.map { text[$0] }, other.privateKey.map { otherText[$0] })
    }

    /// The same of the key shared with a peer; the numbers are those of sections.
    package func presharedKeyChange(
        _ section: Int, _ text: UnsafeRawBufferPointer, to other: ConcealedConfig, _ otherSection: Int,
        _ otherText: UnsafeRawBufferPointer
    ) -> SecretChange? {
        Self.change(
            presharedKeys[section].map { text[$0] }, other.presharedKeys[otherSection].map { otherText[$0] })
    }

    private static func change(
        _ old: Slice<UnsafeRawBufferPointer>?, _ new: Slice<UnsafeRawBufferPointer>?
    ) -> SecretChange? {
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
