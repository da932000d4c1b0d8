import Addresses
package import HostPlans

/// The peers of a configuration by the places of their settings in its bytes.
///
/// With thousands of peers, most are the same in the configuration and in the kernel. They are compared here as text and
/// left out of both; what is left is read by the plain readers. Whatever is not written as the program writes it is
/// theirs altogether, so that what a text means is said in one place.
package struct PeerSections: Sendable {
    /// The places of one peer's settings; a range is empty where there is none.
    private struct Section {
        var whole = 0..<0
        var key = 0..<0
        var presharedKey = 0..<0
        var allowedIPs = 0..<0
        var endpoint = 0..<0
        var keepalive = 0..<0

        func moved(by distance: Int) -> Section {
            func moved(_ range: Range<Int>) -> Range<Int> {
                range.isEmpty ? range : (range.lowerBound + distance)..<(range.upperBound + distance)
            }
            return Section(
                whole: moved(whole), key: moved(key), presharedKey: moved(presharedKey), allowedIPs: moved(allowedIPs),
                endpoint: moved(endpoint), keepalive: moved(keepalive))
        }
    }

    /// The bytes before the first peer.
    private let head: ArraySlice<UInt8>
    /// What they say.
    package let config: WireGuardConfig

    private let bytes: [UInt8]
    private var sections: [Section] = []
    /// Numbers of sections by their keys: open addressing, -1 for a free slot; a power of two in number.
    private var slots: [Int32] = []

    /// Nil for what the plain reader has to judge: a setting in another form, a mistake, a key or an allowed IP that two
    /// peers have, and a table other than `off`, where the routes are those of the peers.
    package init?(_ bytes: [UInt8]) { self.init(bytes, like: nil) }

    /// The configuration that was there before: sections that it shares with the new one have been read. Two of its peers
    /// may have the same allowed IP, as the plain reader lets them.
    package static func former(_ bytes: [UInt8], of new: PeerSections) -> PeerSections? {
        PeerSections(bytes, like: new)
    }

    private init?(_ bytes: [UInt8], like other: PeerSections?) {
        guard let start = Self.firstPeer(in: bytes.span) else { return nil }
        self.bytes = bytes
        head = bytes[..<start]
        let (config, findings) = WireGuardConfig.parse(Array(head), file: "")
        guard findings.isEmpty, config.peers.isEmpty, config.settings.last(where: { $0.key == "table" })?.value == "off"
        else { return nil }
        self.config = config
        // A section of a peer is about 200 bytes.
        sections.reserveCapacity(bytes.count / 160)
        guard read(from: start, like: other) else { return nil }
        slots = [Int32](repeating: -1, count: Self.slots(for: sections.count))
        for number in sections.indices {
            guard enter(number) else { return nil }
        }
    }

    /// The place of the first line `[Peer]`.
    private static func firstPeer(in bytes: Span<UInt8>) -> Int? {
        var place = 0
        while place < bytes.count {
            if bytes.stands("[Peer]\n", at: place) { return place }
            place = bytes.lineEnd(place) + 1
        }
        return nil
    }

    private static func slots(for count: Int) -> Int {
        var size = 16
        while size < count * 2 { size *= 2 }
        return size
    }

    private mutating func read(from start: Int, like other: PeerSections?) -> Bool {
        let source = bytes
        let bytes = source.span
        var prefixes: [IPPrefix] = []
        prefixes.reserveCapacity(other == nil ? bytes.count / 80 : 0)
        var (section, place, next) = (Section(), start, 0)
        while place < bytes.count {
            if let other, let (known, number) = other.section(as: bytes, at: place, from: next) {
                guard close(section, at: place) else { return false }
                (section, next) = (known, number + 1)
                place = section.whole.upperBound
                continue
            }
            let end = bytes.lineEnd(place)
            defer { place = end + 1 }
            if end == place || bytes[place] == UInt8(ascii: "#") { continue }
            if bytes.stands("[Peer]\n", at: place) {
                guard close(section, at: place) else { return false }
                section = Section()
                section.whole = place..<place
            } else if let value = bytes.value("PublicKey = ", place, end), section.key.isEmpty {
                guard Self.isKey(bytes.extracting(value)) else { return false }
                section.key = value
            } else if let value = bytes.value("PresharedKey = ", place, end), section.presharedKey.isEmpty {
                guard PublicKeyText.isValid(bytes.extracting(value)) else { return false }
                section.presharedKey = value
            } else if let value = bytes.value("AllowedIPs = ", place, end), section.allowedIPs.isEmpty {
                guard Self.take(bytes, value, into: &prefixes) else { return false }
                section.allowedIPs = value
            } else if let value = bytes.value("Endpoint = ", place, end), section.endpoint.isEmpty {
                guard (try? Endpoint(parsing: bytes.extracting(value))) != nil else { return false }
                section.endpoint = value
            } else if let value = bytes.value("PersistentKeepalive = ", place, end), section.keepalive.isEmpty {
                guard Self.isNumber(bytes.extracting(value)) else { return false }
                section.keepalive = value
            } else {
                return false
            }
        }
        return close(section, at: bytes.count) && (other != nil || Self.areDifferent(prefixes))
    }

    /// The next section or the one behind it, when it stands at the place as well: moved there.
    private func section(as text: Span<UInt8>, at place: Int, from next: Int) -> (Section, Int)? {
        for number in next..<min(next + 2, sections.count) {
            let section = sections[number]
            let (end, distance) = (place + section.whole.count, place - section.whole.lowerBound)
            // What comes behind it must not go on with it.
            guard end == text.count || end < text.count && text[end - 1] == 0x0a && text.stands("[Peer]\n", at: end),
                text.extracting(place..<end).isEqual(bytes.span.extracting(section.whole))
            else { continue }
            return (section.moved(by: distance), number)
        }
        return nil
    }

    private static func areDifferent(_ prefixes: [IPPrefix]) -> Bool {
        let size = slots(for: prefixes.count)
        var slots = [Int32](repeating: -1, count: size)
        for (number, prefix) in prefixes.enumerated() {
            let bits = prefix.first.bits
            let half = UInt64(truncatingIfNeeded: bits) ^ UInt64(truncatingIfNeeded: bits >> 64) &* 3
            let word = half &+ UInt64(prefix.length)
            var slot = Int(truncatingIfNeeded: (word &* 0x9e37_79b9_7f4a_7c15) >> 32) & (size - 1)
            while slots[slot] >= 0 {
                if prefixes[Int(slots[slot])] == prefix { return false }
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = Int32(number)
        }
        return true
    }

    /// False for a peer without a key.
    private mutating func close(_ section: Section, at end: Int) -> Bool {
        // Before the first section.
        if section.whole.lowerBound == 0, sections.isEmpty, section.key.isEmpty { return true }
        guard !section.key.isEmpty else { return false }
        var whole = section
        whole.whole = section.whole.lowerBound..<end
        sections.append(whole)
        return true
    }

    private static func isKey(_ text: Span<UInt8>) -> Bool {
        guard PublicKeyText.isValid(text) else { return false }
        // The points of small order begin with one of these letters.
        switch text[0] {
        case UInt8(ascii: "A"), UInt8(ascii: "4"), UInt8(ascii: "X"), UInt8(ascii: "7"):
            var key: [UInt8] = []
            for index in text.indices { key.append(text[index]) }
            return PublicKeyText.problem(of: String(decoding: key, as: UTF8.self)) == nil
        default: return true
        }
    }

    /// A number of seconds as the program writes it.
    private static func isNumber(_ text: Span<UInt8>) -> Bool {
        guard (1...5).contains(text.count), text[0] != UInt8(ascii: "0") else { return false }
        var number = 0
        for index in text.indices {
            guard (0x30...0x39).contains(text[index]) else { return false }
            number = number * 10 + Int(text[index]) - 0x30
        }
        return number <= UInt16.max
    }

    /// False for what is no list of prefixes.
    private static func take(_ bytes: Span<UInt8>, _ range: Range<Int>, into prefixes: inout [IPPrefix]) -> Bool {
        var start = range.lowerBound
        while true {
            var end = start
            while end < range.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            guard let prefix = try? IPPrefix(parsing: bytes.extracting(start..<end)) else { return false }
            prefixes.append(prefix)
            if end == range.upperBound { return true }
            guard end + 1 < range.upperBound, bytes[end + 1] == UInt8(ascii: " ") else { return false }
            start = end + 2
        }
    }

    // MARK: by key

    /// False for a key that is there already.
    private mutating func enter(_ number: Int) -> Bool {
        let source = bytes
        let bytes = source.span
        let key = bytes.extracting(sections[number].key)
        var slot = key.slot(slots.count)
        while slots[slot] >= 0 {
            if bytes.extracting(sections[Int(slots[slot])].key).isEqual(key) { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(number)
        return true
    }

    private func number(of key: Span<UInt8>) -> Int? {
        let bytes = bytes.span
        var slot = key.slot(slots.count)
        while slots[slot] >= 0 {
            if bytes.extracting(sections[Int(slots[slot])].key).isEqual(key) { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}

// MARK: what differs

extension PeerSections {
    /// The texts with the peers alone that are not the same in all of them.
    struct Difference: Sendable {
        var desired: [UInt8]
        var former: [UInt8]?
        /// Of `wg show INTERFACE dump`.
        var dump: [UInt8]
    }

    /// What the interface is to be, is and was to be, each with the peers alone that are not the same in all of them.
    ///
    /// - Parameters:
    ///   - former: nil for none.
    ///   - alive: peers that have shaken hands since this moment, in seconds since 1970, are left in.
    /// - Returns: nil for a report in another form.
    package func compared(
        with report: ObservedInterface.Report, former: PeerSections?, alive: Int64
    ) -> (desired: DesiredInterface, observed: ObservedInterface, former: DesiredInterface?)? {
        guard let texts = difference(dump: report.dump, former: former, alive: alive) else { return nil }
        var report = report
        report.dump = texts.dump
        guard let desired = DesiredInterface(parsing: texts.desired), let observed = ObservedInterface(report) else {
            return nil
        }
        return (desired, observed, texts.former.flatMap { DesiredInterface(parsing: $0) })
    }

    /// Nil for a dump in another form.
    func difference(dump: [UInt8], former: PeerSections?, alive: Int64) -> Difference? {
        var lines = DumpLines(dump)
        guard lines.next(), lines.fields.count == 4 else { return nil }
        var result = Difference(desired: Array(head), former: former.map { Array($0.head) }, dump: [])
        result.dump += dump[lines.line] + [UInt8(ascii: "\n")]
        var isSeen = [Bool](repeating: false, count: sections.count)
        while lines.next() {
            guard lines.fields.count == 8, lines.fields[0].count == 44 else { return nil }
            let key = dump.span.extracting(lines.fields[0])
            let number = number(of: key)
            if let number {
                guard !isSeen[number] else { return nil }
                isSeen[number] = true
                let handshake: Int64? = lines.number(4)
                if isSame(sections[number], lines, dump.span), let handshake, handshake < alive { continue }
                result.desired += text(of: number)
            }
            result.dump += dump[lines.line] + [UInt8(ascii: "\n")]
            if let former, let other = former.number(of: key) {
                result.former? += former.text(of: other)
            }
        }
        for number in sections.indices where !isSeen[number] {
            result.desired += text(of: number)
            if let former, let other = former.number(of: bytes.span.extracting(sections[number].key)) {
                result.former? += former.text(of: other)
            }
        }
        return result
    }

    /// A peer's section, its last line ended also where the file's is not.
    private func text(of number: Int) -> [UInt8] { bytes[sections[number].whole] + [UInt8(ascii: "\n")] }

    /// Whether the kernel has a peer as it is written; false also for what only looks different.
    private func isSame(_ section: Section, _ lines: DumpLines, _ dump: Span<UInt8>) -> Bool {
        let bytes = bytes.span
        func isText(_ range: Range<Int>, _ field: Int, none: StaticString) -> Bool {
            let said = dump.extracting(lines.fields[field])
            if range.isEmpty { return said.count == none.utf8CodeUnitCount && said.stands(none, at: 0) }
            return said.isEqual(bytes.extracting(range))
        }
        // Where none is asked for, an endpoint that was learned stays.
        guard isText(section.presharedKey, 1, none: "(none)"), isText(section.keepalive, 7, none: "off"),
            section.endpoint.isEmpty || isText(section.endpoint, 2, none: "(none)")
        else { return false }
        if section.allowedIPs.isEmpty { return isText(section.allowedIPs, 3, none: "(none)") }
        var place = section.allowedIPs.lowerBound
        for index in lines.fields[3] {
            if place < section.allowedIPs.upperBound, bytes[place] == UInt8(ascii: " ") { place += 1 }
            guard place < section.allowedIPs.upperBound, bytes[place] == dump[index] else { return false }
            place += 1
        }
        return place == section.allowedIPs.upperBound
    }
}

extension Span<UInt8> {
    /// The place of the next line feed, or the end.
    fileprivate func lineEnd(_ start: Int) -> Int {
        var place = start
        while place < count, self[place] != UInt8(ascii: "\n") { place += 1 }
        return place
    }

    fileprivate func stands(_ text: StaticString, at place: Int) -> Bool {
        guard place + text.utf8CodeUnitCount <= count else { return false }
        return withUnsafeBytes { bytes in
            text.withUTF8Buffer { text in
                for index in text.indices where bytes[place + index] != text[index] { return false }
                return true
            }
        }
    }

    /// What stands behind the words of a line; nil where they do not, or nothing does.
    fileprivate func value(_ words: StaticString, _ start: Int, _ end: Int) -> Range<Int>? {
        let first = start + words.utf8CodeUnitCount
        return first < end && stands(words, at: start) ? first..<end : nil
    }

    /// Eight bytes at a time: most that is compared is keys.
    fileprivate func isEqual(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { bytes in
            other.withUnsafeBytes { others in
                var place = 0
                while place + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    if word != others.loadUnaligned(fromByteOffset: place, as: UInt64.self) { return false }
                    place += 8
                }
                while place < bytes.count {
                    if bytes[place] != others[place] { return false }
                    place += 1
                }
                return true
            }
        }
    }

    /// Where a key of 44 letters is looked for first: they are as good as random.
    fileprivate func slot(_ size: Int) -> Int {
        let words = withUnsafeBytes { bytes in
            bytes.loadUnaligned(as: UInt64.self) ^ bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self) &* 3
        }
        return Int(truncatingIfNeeded: (words &* 0x9e37_79b9_7f4a_7c15) >> 32) & (size - 1)
    }
}
