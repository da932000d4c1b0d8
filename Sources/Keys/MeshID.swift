/// The random identity of a mesh, 16 bytes: what binds a keyring to its lock file.
package struct MeshID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A fresh one.
    package static func random() -> MeshID {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { Sodium.fillRandom($0) }
        return MeshID(high: words.0, low: words.1)
    }

    /// Reads exactly 32 lower-case hexadecimal digits, else nil.
    package init?(hex text: UnsafeRawBufferPointer) {
        guard text.count == 32 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, character) in text.enumerated() {
            guard let digit = Hex.value(of: character) else { return nil }
            if index < 16 { words.0 = words.0 << 4 | UInt64(digit) } else { words.1 = words.1 << 4 | UInt64(digit) }
        }
        self.init(high: words.0, low: words.1)
    }

    /// Reads exactly 32 lower-case hexadecimal digits, else nil.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let value = bytes.withUnsafeBytes({ MeshID(hex: $0) }) else { return nil }
        self = value
    }

    /// The 16 bytes in the order in which the text shows them.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String { String(decoding: Hex.text(of: bytes), as: UTF8.self) }
}

/// Lower-case hexadecimal digits of public bytes.
enum Hex {
    static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    static func text(of bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }
    }

    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }
}
