/// Strict UTF-8, read scalar by scalar (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
enum UTF8Scan {
    /// The scalar that begins at `index` and its length in bytes; nil where the bytes are not UTF-8.
    static func scalar(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (value: UInt32, length: Int)? {
        let first = bytes[index]
        if first < 0x80 { return (UInt32(first), 1) }
        guard let (length, initial, least) = lead(first), index + length <= bytes.count else { return nil }
        var value = initial
        for offset in 1..<length {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard value >= least, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return nil }
        return (value, length)
    }

    private static func lead(_ byte: UInt8) -> (length: Int, initial: UInt32, least: UInt32)? {
        switch byte {
        case 0xC2...0xDF: (2, UInt32(byte & 0x1F), 0x80)
        case 0xE0...0xEF: (3, UInt32(byte & 0x0F), 0x800)
        case 0xF0...0xF4: (4, UInt32(byte & 0x07), 0x10000)
        default: nil
        }
    }

    /// How many scalars the range holds: bytes that do not continue another.
    static func scalarCount(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
        var count = 0
        for index in range where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
