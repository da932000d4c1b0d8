/// The words of one line, from left to right.
struct SocketWords {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ line: ArraySlice<UInt8>) {
        bytes = line
        position = line.startIndex
    }

    /// One word with the column in which it begins, from 1.
    struct Word {
        let text: String
        let column: Int
    }

    /// The next word; nil at the end of the line.
    mutating func next() -> Word? {
        skipBlanks()
        guard position < bytes.endIndex else { return nil }
        let start = position
        while position < bytes.endIndex, !Self.isBlank(bytes[position]) { position += 1 }
        return word(start..<position)
    }

    /// All that is left, without blanks around it; nil when nothing is.
    mutating func rest() -> Word? {
        skipBlanks()
        var end = bytes.endIndex
        while end > position, Self.isBlank(bytes[end - 1]) { end -= 1 }
        guard position < end else { return nil }
        defer { position = bytes.endIndex }
        return word(position..<end)
    }

    private mutating func skipBlanks() {
        while position < bytes.endIndex, Self.isBlank(bytes[position]) { position += 1 }
    }

    private func word(_ range: Range<Int>) -> Word {
        let before = String(decoding: bytes[bytes.startIndex..<range.lowerBound], as: UTF8.self)
        return Word(
            text: String(decoding: bytes[range], as: UTF8.self), column: before.unicodeScalars.count + 1)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
