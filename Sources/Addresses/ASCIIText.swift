/// The bytes that the readers and writers of this module know by name.
enum ASCII {
    static let percent: UInt8 = 0x25
    static let plus: UInt8 = 0x2b
    static let hyphen: UInt8 = 0x2d
    static let dot: UInt8 = 0x2e
    static let slash: UInt8 = 0x2f
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3a
    static let openBracket: UInt8 = 0x5b
    static let closeBracket: UInt8 = 0x5d

    /// The value of a hexadecimal digit; nil for any other byte.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= nine }

    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a }
}

/// What can be wrong with a decimal number.
enum DecimalFault: Error {
    case empty
    case notANumber
    case leadingZero
    case tooLarge
}

extension Span<UInt8> {
    /// The unsigned decimal number that fills the range: digits only, no sign, no leading zero, at most `limit`.
    func decimal(in range: Range<Int>, limit: UInt32) throws(DecimalFault) -> UInt32 {
        if range.isEmpty { throw .empty }
        var value: UInt64 = 0
        for index in range {
            guard ASCII.isDigit(self[index]) else { throw .notANumber }
            value = Swift.min(value &* 10 &+ UInt64(self[index] &- ASCII.zero), UInt64(UInt32.max) + 1)
        }
        if range.count > 1, self[range.lowerBound] == ASCII.zero { throw .leadingZero }
        if value > UInt64(limit) { throw .tooLarge }
        return UInt32(truncatingIfNeeded: value)
    }

    /// The place of the first such byte in the range; nil when there is none.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        for index in range where self[index] == byte { return index }
        return nil
    }

    /// The place of the last such byte in the range; nil when there is none.
    func lastIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        var index = range.upperBound
        while index > range.lowerBound {
            index -= 1
            if self[index] == byte { return index }
        }
        return nil
    }

    /// The range as text; bytes that are not UTF-8 become U+FFFD.
    func text(in range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Writes ASCII into memory that is known to be large enough.
struct ASCIIWriter {
    /// Enough for the longest text of an address, a prefix or an endpoint: `[` 45 characters `]:65535` or `/128`.
    static let capacity = 64

    private let memory: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        precondition(memory.count >= ASCIIWriter.capacity, "the writer's memory is too small")
        self.memory = memory
    }

    mutating func put(_ byte: UInt8) {
        memory[count] = byte
        count &+= 1
    }

    mutating func putDecimal(_ number: UInt32) {
        if number >= 10 { putDecimal(number / 10) }
        put(ASCII.zero &+ UInt8(truncatingIfNeeded: number % 10))
    }

    mutating func putOctet(_ octet: UInt8) {
        if octet >= 100 { put(ASCII.zero &+ octet / 100) }
        if octet >= 10 { put(ASCII.zero &+ octet / 10 % 10) }
        put(ASCII.zero &+ octet % 10)
    }

    mutating func putHex(_ group: UInt16) {
        if group >= 0x10 { putHex(group >> 4) }
        let digit = UInt8(truncatingIfNeeded: group & 0xf)
        put(digit < 10 ? ASCII.zero &+ digit : 0x57 &+ digit)
    }

    /// The text that `body` writes.
    static func string(_ body: (inout ASCIIWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { memory in
            var writer = ASCIIWriter(memory)
            body(&writer)
            return writer.count
        }
    }

    /// Adds what `body` writes to the end of the bytes.
    static func append(to output: inout [UInt8], _ body: (inout ASCIIWriter) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { memory in
            var writer = ASCIIWriter(memory)
            body(&writer)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: memory[..<writer.count]))
        }
    }
}
