/// A host name of RFC 1123: labels of letters, digits and inner hyphens, at most 63 each and 253 together.
///
/// Kept in lower case, since names are equal without regard to it. No underscore, no trailing dot. The last label is
/// no number, decimal or 0x…: getaddrinfo(3) would read such a name as an IPv4 address, by inet_aton(3)'s rules.
package struct HostName: TextValue {
    /// The name in lower case.
    package let name: String

    /// Reads a name; upper-case letters become lower case.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            try self.init(bytes, in: 0..<bytes.count)
        } catch {
            throw AddressError(error, noun: "host name", bytes: bytes)
        }
    }

    init(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) {
        if range.isEmpty { throw Refusal(.emptyHostName) }
        if range.count > 253 { throw Refusal(.hostNameTooLong) }
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = bytes.firstIndex(of: ASCII.dot, in: start..<range.upperBound) ?? range.upperBound
            if start == end { throw Refusal(end == range.upperBound ? .trailingDot : .emptyLabel) }
            if let reason = labelFault(bytes, start..<end) { throw Refusal(reason) }
            start = end + 1
        }
        if endsInNumber(bytes, in: range) { throw Refusal(.numericLastLabel) }
        name = bytes.text(in: range).lowercased()
    }

    /// The name in lower case.
    package var description: String { name }
}

extension HostName: Comparable {
    /// By bytes, so that the order is the same everywhere.
    package static func < (left: HostName, right: HostName) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}

private func labelFault(_ bytes: Span<UInt8>, _ label: Range<Int>) -> AddressError.Reason? {
    for index in label {
        let byte = bytes[index]
        guard ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen else { return .labelCharacter }
    }
    if label.count > 63 { return .labelTooLong }
    let hasHyphen = bytes[label.lowerBound] == ASCII.hyphen || bytes[label.upperBound - 1] == ASCII.hyphen
    return hasHyphen ? .labelHyphen : nil
}

/// Whether the last label is a decimal number or a hexadecimal one with 0x.
func endsInNumber(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
    var label = ((bytes.lastIndex(of: ASCII.dot, in: range) ?? range.lowerBound - 1) + 1)..<range.upperBound
    var isHex = false
    if label.count >= 2, bytes[label.lowerBound] == ASCII.zero, bytes[label.lowerBound + 1] | 0x20 == 0x78 {
        isHex = true
        label = (label.lowerBound + 2)..<label.upperBound
    }
    for index in label where !(isHex ? ASCII.hexValue(bytes[index]) != nil : ASCII.isDigit(bytes[index])) {
        return false
    }
    return isHex || !label.isEmpty
}
