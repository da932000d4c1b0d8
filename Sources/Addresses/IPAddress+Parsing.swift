extension IPAddress: TextValue {
    /// Reads `1.2.3.4` (four decimal octets, no leading zeros) or an IPv6 address of RFC 4291, section 2.2.
    ///
    /// No scope ids, no brackets, no short or octal IPv4 forms as inet_aton(3) has them.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            try self.init(bytes, in: 0..<bytes.count)
        } catch {
            throw AddressError(error, noun: "address", bytes: bytes)
        }
    }

    init(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) {
        if range.isEmpty { throw Refusal(.emptyAddress) }
        var isV6 = false
        for index in range {
            switch bytes[index] {
            case ASCII.colon: isV6 = true
            case ASCII.percent: throw Refusal(.scopeID)
            case ASCII.openBracket, ASCII.closeBracket: throw Refusal(.bracketedAddress)
            case ASCII.slash: throw Refusal(.addressWithLength, suggestion: address(before: index, bytes, range))
            default: break
            }
        }
        self = isV6 ? .v6(try v6Bits(bytes, in: range)) : .v4(try v4Bits(bytes, in: range))
    }
}

/// The text of the address before the slash; nil when that is none.
private func address(before slash: Int, _ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
    (try? IPAddress(bytes, in: range.lowerBound..<slash))?.description
}

private func v4Bits(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) -> UInt32 {
    var bits: UInt32 = 0
    var octets = 0
    var start = range.lowerBound
    while start <= range.upperBound {
        let end = bytes.firstIndex(of: ASCII.dot, in: start..<range.upperBound) ?? range.upperBound
        do throws(DecimalFault) {
            bits = bits << 8 | (try bytes.decimal(in: start..<end, limit: 255))
        } catch {
            throw Refusal(error.octetReason)
        }
        octets += 1
        if octets > 4 { break }
        start = end + 1
    }
    if octets != 4 { throw Refusal(.octetCount) }
    return bits
}

extension DecimalFault {
    fileprivate var octetReason: AddressError.Reason {
        switch self {
        case .empty: .emptyOctet
        case .notANumber: .unexpectedCharacter
        case .leadingZero: .octetLeadingZero
        case .tooLarge: .octetTooLarge
        }
    }
}

private func v6Bits(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) -> UInt128 {
    var reader = GroupReader(position: range.lowerBound)
    try reader.skipColons(bytes, end: range.upperBound, at: .start)
    while reader.position < range.upperBound {
        try reader.readGroup(bytes, end: range.upperBound)
        if reader.position < range.upperBound {
            try reader.skipColons(bytes, end: range.upperBound, at: .middle)
        }
    }
    return try reader.assembled()
}

/// Collects the groups of an IPv6 address from left to right.
private struct GroupReader {
    enum Place { case start, middle }

    var position: Int
    /// The groups read so far, the last one in the low bits.
    private var bits: UInt128 = 0
    private var count = 0
    /// How many groups stand before `::`; nil while it was not seen.
    private var compression: Int?

    init(position: Int) { self.position = position }

    /// Steps over `:` or `::`; at the start of an address only the latter, or nothing, may stand.
    mutating func skipColons(_ bytes: Span<UInt8>, end: Int, at place: Place) throws(Refusal) {
        if place == .start, bytes[position] != ASCII.colon { return }
        var colons = 0
        while position < end, bytes[position] == ASCII.colon {
            colons += 1
            position += 1
        }
        if colons == 2 {
            if compression != nil { throw Refusal(.repeatedCompression) }
            compression = count
        } else if colons > 2 || place == .start || position == end {
            throw Refusal(.strayColon)
        }
    }

    mutating func readGroup(_ bytes: Span<UInt8>, end: Int) throws(Refusal) {
        let start = position
        var group: UInt128 = 0
        while position < end, bytes[position] != ASCII.colon {
            if bytes[position] == ASCII.dot { return try readIPv4(bytes, in: start..<end) }
            guard let digit = ASCII.hexValue(bytes[position]) else { throw Refusal(.unexpectedCharacter) }
            group = group << 4 | UInt128(digit)
            position += 1
        }
        if position - start > 4 { throw Refusal(.groupTooLong) }
        bits = bits << 16 | group
        count += 1
        if count > 8 { throw Refusal(.tooManyGroups) }
    }

    private mutating func readIPv4(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) {
        if bytes.firstIndex(of: ASCII.colon, in: range) != nil { throw Refusal(.misplacedIPv4) }
        bits = bits << 32 | UInt128(try v4Bits(bytes, in: range))
        count += 2
        if count > 8 { throw Refusal(.tooManyGroups) }
        position = range.upperBound
    }

    /// The whole address, `::` filled up with zeros; it must stand for one group at least.
    func assembled() throws(Refusal) -> UInt128 {
        guard let compression else {
            if count < 8 { throw Refusal(.tooFewGroups) }
            return bits
        }
        if count == 8 { throw Refusal(.tooManyGroups) }
        let tailBits = (count - compression) * 16
        let tail = bits & ((UInt128(1) << tailBits) - 1)
        return (bits >> tailBits) << (128 - compression * 16) | tail
    }
}
