/// What a mesh, peer, group or site may be called.
package enum NameRule {
    /// `all` means every peer, in links and rules.
    package static let reserved = "all"

    /// `anyone` means every host that is not of the mesh, in tests and questions.
    package static let anyone = "anyone"

    /// Nil for a good name, else the rest of the sentence "the name … ".
    ///
    /// A name is one path component on every file system: 1 to 63 ASCII letters, digits, `.`, `_`, `-`, of which the
    /// first is a letter or a digit and the last is not a `.`.
    package static func problem(of name: some StringProtocol) -> String? {
        let bytes = name.utf8
        if bytes.isEmpty { return "is empty" }
        if bytes.count > 63 { return "has \(bytes.count) characters; 63 are the most" }
        if !bytes.allSatisfy(isNameByte) { return "may hold only letters, digits, \".\", \"_\" and \"-\"" }
        if let first = bytes.first, !isAlphanumeric(first) { return "must begin with a letter or a digit" }
        if bytes.reversed().first == UInt8(ascii: ".") { return "must not end in \".\"" }
        if name == reserved { return "is reserved: it means every peer" }
        if name == anyone { return "is reserved: it means whoever is not of the mesh" }
        if SetParser.operators.contains(String(name)) { return "is reserved: it joins names to sets" }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
