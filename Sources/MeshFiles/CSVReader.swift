import Diagnostics

/// One field of a CSV row.
struct CSVField {
    let text: String
    /// The field's bytes without the quotes around it; the text itself unless it holds doubled quotes.
    let range: Range<Int>
    let location: SourceLocation
}

/// Reads CSV (RFC 4180) row by row: commas, double quotes doubled inside quoted fields, LF or CRLF. Blank lines are
/// skipped; spaces around an unquoted field do not belong to it.
struct CSVReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private var index = 0
    private var line = 1
    private var lineStart = 0
    /// The mistake that stopped the reading; it never quotes what the file holds.
    private(set) var finding: Diagnostic?

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The next row; nil at the end of the file or at a mistake.
    mutating func row() -> [CSVField]? {
        while index < bytes.count, endLine() {}
        guard index < bytes.count else { return nil }
        var fields: [CSVField] = []
        while true {
            guard let field = field() else { return nil }
            fields.append(field)
            guard index < bytes.count, bytes[index] == UInt8(ascii: ",") else { break }
            index += 1
        }
        _ = endLine()
        return fields
    }

    /// Steps over a line end, if one is here.
    private mutating func endLine() -> Bool {
        var next = index
        if next < bytes.count, bytes[next] == 0x0D { next += 1 }
        guard next < bytes.count, bytes[next] == 0x0A else { return false }
        index = next + 1
        line += 1
        lineStart = index
        return true
    }

    private mutating func field() -> CSVField? {
        while index < bytes.count, bytes[index] == 0x20 { index += 1 }
        let place = location(index)
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") { return quotedField(place) }
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: ","), bytes[index] != 0x0A { index += 1 }
        var end = index
        if index < bytes.count, bytes[index] == 0x0A, end > start, bytes[end - 1] == 0x0D {
            end -= 1
            index -= 1
        }
        while end > start, bytes[end - 1] == 0x20 { end -= 1 }
        if bytes[start..<end].contains(UInt8(ascii: "\"")) {
            return fail(place, "a quote inside a field that does not begin with one", "put the whole field in quotes")
        }
        return CSVField(text: String(decoding: bytes[start..<end], as: UTF8.self), range: start..<end, location: place)
    }

    private mutating func quotedField(_ place: SourceLocation) -> CSVField? {
        let start = index + 1
        var content: [UInt8] = []
        index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                guard index + 1 < bytes.count, bytes[index + 1] == byte else {
                    return closeQuote(start, content, place)
                }
                index += 1
            } else if byte == 0x0A {
                line += 1
                lineStart = index + 1
            }
            content.append(byte)
            index += 1
        }
        return fail(place, "the quote that begins here is never closed", "close the quote at the end of the field")
    }

    private mutating func closeQuote(_ start: Int, _ content: [UInt8], _ place: SourceLocation) -> CSVField? {
        let end = index
        index += 1
        while index < bytes.count, bytes[index] == 0x20 { index += 1 }
        let isAtEnd = index == bytes.count || [0x0A, 0x0D, UInt8(ascii: ",")].contains(bytes[index])
        guard isAtEnd else {
            return fail(
                location(index), "text after the closing quote", "double a quote inside the field, or remove it")
        }
        return CSVField(text: String(decoding: content, as: UTF8.self), range: start..<end, location: place)
    }

    private mutating func fail(_ place: SourceLocation, _ message: String, _ hint: String) -> CSVField? {
        finding = Diagnostic(.csvSyntax, at: place, message, hint: hint)
        return nil
    }

    private func location(_ offset: Int) -> SourceLocation {
        let column = UTF8Scan.scalarCount(bytes, lineStart..<offset) + 1
        return SourceLocation(file: file, line: line, column: column)
    }
}
