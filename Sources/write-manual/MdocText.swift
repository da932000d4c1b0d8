/// Plain text as lines of mdoc(7): a sentence begins a line, no line is longer than 78 bytes, nothing is a macro.
struct MdocText {
    private(set) var lines: [String] = []

    /// Paragraphs are parted by an empty line.
    init(_ text: String) {
        for paragraph in text.split(separator: "\n\n") {
            if !lines.isEmpty { lines.append(".Pp") }
            add(paragraph: paragraph)
        }
    }

    private mutating func add(paragraph: Substring) {
        var line = ""
        for word in paragraph.split(whereSeparator: \.isWhitespace) {
            let mark = Self.escaped(word)
            if line.isEmpty {
                line = mark
            } else if line.utf8.count + 1 + mark.utf8.count > 76 {
                lines.append(Self.guarded(line))
                line = mark
            } else {
                line += " " + mark
            }
            if Self.endsSentence(word) {
                lines.append(Self.guarded(line))
                line = ""
            }
        }
        if !line.isEmpty { lines.append(Self.guarded(line)) }
    }

    private static func endsSentence(_ word: Substring) -> Bool {
        guard let last = word.last(where: { !")\"`".contains($0) }) else { return false }
        return ".!?".contains(last) && word != "..."
    }

    /// A text line that begins with a control character would be a request.
    private static func guarded(_ line: String) -> String {
        line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }

    /// Backslashes, hyphens of options, and everything beyond ASCII, in roff's spelling.
    static func escaped(_ word: some StringProtocol) -> String {
        var result = ""
        for scalar in word.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "…": result += "..."
            case "`": result += "\""
            default: result += scalar.isASCII ? String(scalar) : "\\[u\(hex(scalar.value))]"
            }
        }
        return result.hasPrefix("--") || result.hasPrefix("\"--") ? hyphens(result) : result
    }

    private static func hyphens(_ word: String) -> String {
        word.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "\\-")
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
