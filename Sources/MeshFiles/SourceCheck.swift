import Diagnostics

/// What every text file of a mesh must be before anything reads its meaning: UTF-8, without control characters,
/// invisible line breaks, direction overrides or conflict markers. One pass over the bytes, all findings at once.
struct SourceCheck {
    /// What differs between the kinds of file.
    struct Rules: OptionSet {
        let rawValue: Int
        /// A tab before the first character of a line is a mistake (YAML).
        static let noTabIndentation = Rules(rawValue: 1)
        /// A line feed must end every line: no carriage return anywhere (the lock file).
        static let lineFeedsOnly = Rules(rawValue: 2)
    }

    /// Larger files are refused unread.
    static let sizeLimit = 64 << 20
    /// A file that is wrong in more places than this is no text; the rest is not listed.
    private static let findingLimit = 50

    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private let rules: Rules
    private var line = 1
    private var lineStart = 0
    private(set) var findings: [Diagnostic] = []
    private(set) var isASCII = true

    /// Checks the whole text.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String, rules: Rules) {
        self.bytes = bytes
        self.file = file
        self.rules = rules
        guard bytes.count <= Self.sizeLimit else {
            report(
                .fileTooLarge, at: 0, "the file has \(bytes.count) bytes; more than \(Self.sizeLimit) are not read")
            return
        }
        if checkByteOrderMark() { scan() }
    }

    /// False (and reported) when the file begins with a byte order mark of any Unicode encoding.
    private mutating func checkByteOrderMark() -> Bool {
        let hint = "save the file as UTF-8 without a byte order mark"
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            report(.invalidEncoding, at: 0, "the file begins with a byte order mark", hint: hint)
            return false
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            || bytes.starts(with: [0, 0, 0xFE, 0xFF])
        {
            report(.invalidEncoding, at: 0, "the file is UTF-16 or UTF-32, not UTF-8", hint: hint)
            return false
        }
        return true
    }

    private mutating func scan() {
        var index = 0
        let count = bytes.count
        while index < count {
            lineStart = index
            checkLineStart()
            while index < count {
                let byte = bytes[index]
                if byte >= 0x20 && byte < 0x7F {
                    index += 1
                    continue
                }
                index += 1
                if byte == 0x0A { break }
                if byte == 0x09 { continue }
                index = checkUnusual(byte, at: index - 1)
                if findings.count >= Self.findingLimit { return }
            }
            line += 1
        }
    }

    /// Markers and tabs at the beginning of the line.
    private mutating func checkLineStart() {
        switch bytes[lineStart] {
        case UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "|"):
            if isConflictMarker() {
                report(
                    .mergeConflict, at: lineStart, "the file holds a merge conflict",
                    hint: "finish the merge: keep the right lines of both sides and delete the marker lines")
            }
        case 0x09, 0x20:
            guard rules.contains(.noTabIndentation) else { return }
            var index = lineStart
            while index < bytes.count, bytes[index] == 0x20 { index += 1 }
            guard index < bytes.count, bytes[index] == 0x09 else { return }
            report(
                .tabIndentation, at: index, "a tab indents the line; YAML takes only spaces",
                hint: "replace the tab by two spaces")
        default: return
        }
    }

    private func isConflictMarker() -> Bool {
        let mark = bytes[lineStart]
        let end = lineStart + 7
        guard end <= bytes.count, bytes[lineStart..<end].allSatisfy({ $0 == mark }) else { return false }
        let isEnd = end == bytes.count || bytes[end] == 0x0A || bytes[end] == 0x0D
        return mark == UInt8(ascii: "=") ? isEnd : isEnd || bytes[end] == 0x20
    }

    /// A byte that is neither printable ASCII nor a tab nor a line feed; the index after what it begins.
    private mutating func checkUnusual(_ byte: UInt8, at index: Int) -> Int {
        if byte < 0x80 {
            checkControl(byte, at: index)
            return index + 1
        }
        isASCII = false
        guard let scalar = UTF8Scan.scalar(in: bytes, at: index) else {
            report(
                .invalidEncoding, at: index, "the byte 0x\(hex(UInt32(byte))) is not UTF-8",
                hint: "save the file as UTF-8")
            return index + 1
        }
        switch scalar.value {
        case 0x85, 0x2028, 0x2029:
            report(
                .lineSeparator, at: index, "U+\(hex(scalar.value)) breaks a line where editors show none",
                hint: "delete the character, or press Enter in its place")
        case 0x80...0x9F, 0xFEFF, 0xFFFE, 0xFFFF, 0x202A...0x202E, 0x2066...0x2069:
            report(
                .controlCharacter, at: index, "the file holds the invisible character U+\(hex(scalar.value))",
                hint: "delete the character")
        default: break
        }
        return index + scalar.length
    }

    private mutating func checkControl(_ byte: UInt8, at index: Int) {
        if byte == 0x0D {
            let breaksLine = index + 1 < bytes.count && bytes[index + 1] == 0x0A
            if breaksLine && !rules.contains(.lineFeedsOnly) { return }
        }
        let name =
            byte == 0
            ? "a NUL byte" : byte == 0x0D ? "a carriage return" : "the control character U+\(hex(UInt32(byte)))"
        let hint = byte == 0x0D ? "end the lines with a line feed only" : "delete the character"
        report(.controlCharacter, at: index, "the file holds \(name)", hint: hint)
    }

    private mutating func report(_ id: DiagnosticID, at index: Int, _ message: String, hint: String? = nil) {
        let column = UTF8Scan.scalarCount(bytes, lineStart..<index) + 1
        let place = SourceLocation(file: file, line: line, column: column)
        findings.append(Diagnostic(id, at: place, message, hint: hint))
    }

    private func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, (value < 0x100 ? 2 : 4) - digits.count)) + digits
    }
}
