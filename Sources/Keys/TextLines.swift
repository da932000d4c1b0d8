import Diagnostics

/// The text as a message may show it: 40 bytes and more could be a private key in the wrong place, and are not shown.
func quotedUnlessLong(_ text: String) -> String { text.utf8.count < 40 ? quoted(text) : "a long text" }

/// One line of a text.
struct TextLine {
    /// From 1.
    let number: Int
    /// Its bytes, without the line feed.
    let range: Range<Int>
    /// False for a last line that has no line feed.
    let isTerminated: Bool
}

/// Goes through a text of lines and fields, both exact: no blank is skipped and no line feed is optional.
struct TextLines {
    let bytes: UnsafeRawBufferPointer
    let file: String
    private var position = 0
    private var number = 0

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    mutating func next() -> TextLine? {
        guard position < bytes.count else { return nil }
        let start = position
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        position = end + 1
        number += 1
        return TextLine(number: number, range: start..<end, isTerminated: end < bytes.count)
    }

    /// What single spaces separate; two spaces in a row, or one at an end, make an empty field.
    func split(_ line: TextLine, into fields: inout [Range<Int>]) {
        fields.removeAll(keepingCapacity: true)
        var start = line.range.lowerBound
        for index in line.range where bytes[index] == UInt8(ascii: " ") {
            fields.append(start..<index)
            start = index + 1
        }
        fields.append(start..<line.range.upperBound)
    }

    /// The place of the byte at `offset` of a line.
    func location(_ line: TextLine, _ offset: Int) -> SourceLocation {
        let before = bytes[line.range.lowerBound..<min(offset, line.range.upperBound)]
        return SourceLocation(
            file: file, line: line.number, column: 1 + before.count(where: { $0 & 0xc0 != 0x80 }))
    }

    /// The text as a message may show it.
    func shown(_ range: Range<Int>) -> String { quotedUnlessLong(String(decoding: bytes[range], as: UTF8.self)) }

    /// Whether the line is one that Git puts around the two sides of a conflict.
    func isConflictMarker(_ line: TextLine) -> Bool {
        guard line.range.count >= 7 else { return false }
        let text = bytes.part(line.range)
        return text.equals("=======") || text.starts(with: "<<<<<<< ") || text.starts(with: ">>>>>>> ")
            || text.starts(with: "||||||| ")
    }

    /// A decimal number without sign or leading zero, from 1 to `UInt64.max`, else nil.
    func number(_ range: Range<Int>) -> UInt64? {
        guard (1...20).contains(range.count), bytes[range.lowerBound] != UInt8(ascii: "0") else { return nil }
        var value: UInt64 = 0
        for character in bytes[range] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows2) = product.addingReportingOverflow(UInt64(character - UInt8(ascii: "0")))
            if overflows || overflows2 { return nil }
            value = sum
        }
        return value
    }
}
