/// The text as a YAML scalar that reads back as itself in braces, in lists and on lines of its own: plain where that is
/// safe for every reader of YAML 1.1 and 1.2, else quoted. Plain decimal numbers (`51820`) stay plain; what another
/// reader could take for a boolean, a null, a date or another kind of number is quoted.
package func yamlScalar(_ text: String) -> String {
    if isPlainSafe(text) { return text }
    let needsEscapes = text.unicodeScalars.contains { mustEscape($0) }
    if !needsEscapes, text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
        return singleQuoted(text)
    }
    return doubleQuoted(text)
}

/// The texts as a list on one line: `[a, b]`.
package func yamlFlowList(_ texts: [String]) -> String {
    "[" + texts.map(yamlScalar).joined(separator: ", ") + "]"
}

private func singleQuoted(_ text: String) -> String {
    var result = "'"
    for character in text.unicodeScalars {
        if character == "'" { result += "''" } else { result.unicodeScalars.append(character) }
    }
    return result + "'"
}

private func doubleQuoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        case _ where mustEscape(scalar):
            let digits = String(scalar.value, radix: 16)
            result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

/// What the source check refuses when it stands in a file as it is.
private func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
}

private func isPlainSafe(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, isWordByte(first) || first == UInt8(ascii: "/") else {
        return false
    }
    guard last != UInt8(ascii: ":"), last != UInt8(ascii: " ") else { return false }
    var previous: UInt8 = 0
    for byte in bytes {
        guard isWordByte(byte) || isPlainMark(byte) else { return false }
        if byte == UInt8(ascii: " ") && previous == UInt8(ascii: ":") { return false }
        previous = byte
    }
    return !isTypedElsewhere(bytes)
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    default: isDigit(byte)
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

/// Marks that never end or begin anything inside a plain scalar.
private func isPlainMark(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="),
        UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "$"), UInt8(ascii: "("), UInt8(ascii: ")"),
        UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: " "):
        true
    default: false
    }
}

/// Whether a reader that types plain scalars takes the text for something other than a text (YAML 1.1 types at
/// yaml.org/type, YAML 1.2 core schema). A decimal integer without a leading zero means itself everywhere.
private func isTypedElsewhere(_ bytes: [UInt8]) -> Bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let lower = bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    if lower.count <= 5, words.contains(where: { $0.utf8.elementsEqual(lower) }) { return true }
    guard let first = bytes.first, isDigit(first) else { return false }
    if bytes.allSatisfy(isDigit) { return first == UInt8(ascii: "0") && bytes.count > 1 }
    if bytes.contains(UInt8(ascii: "/")) { return false }
    let isNumeric: (UInt8) -> Bool = {
        isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "e")
    }
    if lower.starts(with: [0x30, 0x78]) || lower.starts(with: [0x30, 0x6F]) || lower.starts(with: [0x30, 0x62]) {
        return true
    }
    let dots = bytes.count { $0 == UInt8(ascii: ".") }
    if lower.allSatisfy(isNumeric) { return dots < 2 }
    return bytes.prefix(4).allSatisfy(isDigit) && bytes.count > 4 && bytes[4] == UInt8(ascii: "-")
}
