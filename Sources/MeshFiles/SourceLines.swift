import Diagnostics

/// The lines of a source, by offset.
struct SourceLines {
    let bytes: [UInt8]
    /// The file's line end: that of its first line, a line feed where there is none.
    let newline: String

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let first = bytes.firstIndex(of: 0x0A) ?? 0
        newline = first > 0 && bytes[first - 1] == 0x0D ? "\r\n" : "\n"
    }

    /// The first offset of the line that holds `offset`.
    func start(_ offset: Int) -> Int {
        var index = min(offset, bytes.count)
        while index > 0, bytes[index - 1] != 0x0A { index -= 1 }
        return index
    }

    /// The end of the line's text, before its line end.
    func end(_ offset: Int) -> Int {
        var index = offset
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        return index > offset && index < bytes.count && bytes[index - 1] == 0x0D ? index - 1 : index
    }

    /// The first offset of the next line; the end of the file after the last.
    func next(_ offset: Int) -> Int {
        var index = offset
        while index < bytes.count {
            index += 1
            if bytes[index - 1] == 0x0A { break }
        }
        return index
    }

    /// Whether nothing but spaces stands between the beginning of the line and `offset`.
    func isFirstOnLine(_ offset: Int) -> Bool { bytes[start(offset)..<offset].allSatisfy { $0 == 0x20 } }

    /// Whether the line at `start` is a comment that begins in the same column as `column` (from 1).
    func isComment(lineAt start: Int, column: Int) -> Bool {
        let mark = start + column - 1
        return mark < bytes.count && bytes[mark] == UInt8(ascii: "#")
            && bytes[start..<mark].allSatisfy { $0 == 0x20 }
    }

    func location(of offset: Int, in file: String) -> SourceLocation {
        let line = bytes[..<offset].count { $0 == 0x0A } + 1
        let column = bytes[start(offset)..<offset].count { $0 & 0xC0 != 0x80 } + 1
        return SourceLocation(file: file, line: line, column: column)
    }
}
