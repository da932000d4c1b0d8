import Addresses
import Diagnostics

/// One line of the lock file, taken field by field; fields are separated by exactly one space.
struct FieldLine {
    let bytes: UnsafeBufferPointer<UInt8>
    let number: Int
    /// The line's bytes, without its line feed.
    let range: Range<Int>
    /// The field that was taken last.
    private(set) var field: Range<Int>
    private var next: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, number: Int) {
        self.bytes = bytes
        self.range = range
        self.number = number
        next = range.lowerBound
        field = next..<next
    }

    var isAtEnd: Bool { next > range.upperBound }

    /// Takes the next field; nil at the end of the line. A doubled space makes an empty field.
    mutating func take() -> UnsafeBufferPointer<UInt8>? {
        if isAtEnd {
            field = range.upperBound..<range.upperBound
            return nil
        }
        var end = next
        while end < range.upperBound, bytes[end] != UInt8(ascii: " ") { end += 1 }
        field = next..<end
        next = end + 1
        return UnsafeBufferPointer(rebasing: bytes[field])
    }

    /// Takes the next field if it begins with `label`, and gives what follows it.
    mutating func take(after label: StaticString) -> UnsafeBufferPointer<UInt8>? {
        let before = (field, next)
        let count = label.utf8CodeUnitCount
        if let taken = take(), taken.count >= count,
            taken.prefix(count).elementsEqual(UnsafeBufferPointer(start: label.utf8Start, count: count))
        {
            field = field.lowerBound + count..<field.upperBound
            return UnsafeBufferPointer(rebasing: taken.dropFirst(count))
        }
        let failed = field
        (field, next) = before
        field = failed
        return nil
    }

    /// Whether the next field is an address or a prefix, by its first bytes.
    var isAddressNext: Bool {
        guard next < range.upperBound else { return false }
        var index = next
        while index < range.upperBound, bytes[index] != UInt8(ascii: " ") {
            if bytes[index] == UInt8(ascii: "=") { return false }
            index += 1
        }
        return true
    }

    /// The field that was taken last, as text.
    var text: String { String(decoding: bytes[field], as: UTF8.self) }

    func location(in file: String) -> SourceLocation {
        let column = UTF8Scan.scalarCount(bytes, range.lowerBound..<field.lowerBound) + 1
        return SourceLocation(file: file, line: number, column: column)
    }
}

/// Small values that the program's own files share.
enum FieldValue {
    /// The last epoch that a file may have: some room is left to go on counting.
    private static let epochLimit: UInt64 = 4_000_000_000

    /// A whole number from 1 without leading zeros; nil for anything else, or too large.
    static func epoch(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let first = bytes.first, first != UInt8(ascii: "0"), bytes.count <= 10 else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return value <= epochLimit ? UInt32(exactly: value) : nil
    }

    /// Bytes in lower-case hexadecimal; nil for anything but exactly `count` of them.
    static func hex(_ text: UnsafeBufferPointer<UInt8>, count: Int) -> [UInt8]? {
        guard text.count == count * 2 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            guard let high = nibble(text[index * 2]), let low = nibble(text[index * 2 + 1]) else { return nil }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Whether the text is 32 bytes in canonical base64: 43 characters and `=`, with no bit left over.
    static func isKey(_ text: some RandomAccessCollection<UInt8>) -> Bool {
        guard text.count == 44, text.last == UInt8(ascii: "=") else { return false }
        var last: UInt8 = 0
        for byte in text.dropLast() {
            guard let value = base64Value(byte) else { return false }
            last = value
        }
        return last & 3 == 0
    }

    static func base64Value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// A name: 1 to 63 letters, digits, `.`, `_` and `-`, the first a letter or a digit.
    static func name(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard (1...63).contains(bytes.count) else { return nil }
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                continue
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): if index == 0 { return nil }
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
