/// The base64 form of a Curve25519 public key, as wg(8) prints it.
package enum PublicKeyText {
    /// Nil for a key that a peer can have, else the rest of the sentence "the text … ".
    package static func problem(of text: some StringProtocol) -> String? {
        if !isValid(text) { return "is not 32 bytes in base64" }
        return isOfSmallOrder(String(text)) ? "is a point of small order, which is nobody's key" : nil
    }

    /// Whether a valid text is a point of small order, with which everybody has the same shared secret.
    package static func isOfSmallOrder(_ text: String) -> Bool { smallOrder.contains(text) }

    /// The points of small order as libsodium refuses them (`has_small_order` in its `x25519_ref10.c`), each also with
    /// the high bit set, which Curve25519 ignores.
    private static let smallOrder: Set<String> = [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
        "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=", "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuIA=",
        "X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=", "X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEdc=",
        "7P///////////////////////////////////////38=", "7P////////////////////////////////////////8=",
        "7f///////////////////////////////////////38=", "7f////////////////////////////////////////8=",
        "7v///////////////////////////////////////38=", "7v////////////////////////////////////////8=",
    ]

    /// Whether the text is the one canonical base64 form of 32 bytes.
    ///
    /// 43 characters of the alphabet and one `=`; the last character carries two unused bits, which are zero
    /// (RFC 4648 section 3.5).
    package static func isValid(_ text: some StringProtocol) -> Bool {
        let string = String(text)
        return isValid(string.utf8.span)
    }

    /// The same of UTF-8 bytes.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == 44, bytes[43] == UInt8(ascii: "=") else { return false }
        let values = values
        var (last, all): (UInt8, UInt8) = (0, 0)
        for index in 0..<43 {
            last = values[Int(bytes[index])]
            all |= last
        }
        return all < 64 && last & 0b11 == 0
    }

    /// The value of each letter of base64 (RFC 4648 section 4), and 64 for every other byte.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, letter) in letters.utf8.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()
}
