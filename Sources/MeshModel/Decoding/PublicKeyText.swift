/// The base64 form of a Curve25519 public key, as wg(8) prints it.
package enum PublicKeyText {
    /// Whether the text is the one canonical base64 form of 32 bytes that are not all zero.
    ///
    /// 43 characters of the alphabet and one `=`; the last character carries two unused bits, which are zero
    /// (RFC 4648 section 3.5).
    package static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 44, bytes.last == UInt8(ascii: "=") else { return false }
        var last: UInt8 = 0
        var isZero = true
        for byte in bytes.dropLast() {
            guard let value = value(of: byte) else { return false }
            last = value
            isZero = isZero && value == 0
        }
        return last & 0b11 == 0 && !isZero
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): return 62
        case UInt8(ascii: "/"): return 63
        default: return nil
        }
    }
}
