/// The value as a message shows it: in double quotes, what shows as nothing or moves the cursor escaped, cut after 64
/// characters. A text that could be a key is not shown at all: it may be a private one in the wrong place.
package func quoted(_ value: some StringProtocol) -> String {
    if couldBeKey(value) { return "(a text that could be a key)" }
    var text = "\""
    var count = 0
    for scalar in value.unicodeScalars {
        if count == 64 { return text + "…\"" }
        text += isInvisible(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
        count += 1
    }
    return text + "\""
}

/// A text of somebody else's as a terminal may show it: what shows as nothing or moves the cursor is escaped.
package func escaped(_ value: some StringProtocol) -> String {
    value.unicodeScalars.reduce(into: "") { text, scalar in
        text += isInvisible(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
    }
}

/// Controls (also the C1 ones, of which a terminal takes U+009B for ESC [), separators of lines, and characters that
/// change the direction of what follows.
package func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
}

/// Whether the text has the look of 32 random bytes in base64, also when a character or two are missing.
private func couldBeKey(_ value: some StringProtocol) -> Bool {
    guard (41...44).contains(value.utf8.count) else { return false }
    var kinds: Set<Int> = []
    for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): kinds.insert(0)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): kinds.insert(1)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): kinds.insert(2)
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): continue
        default: return false
        }
    }
    return kinds.count == 3
}
