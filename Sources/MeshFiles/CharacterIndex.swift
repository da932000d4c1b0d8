/// Translates libyaml's marks, which count characters, into byte offsets. Free for ASCII; else one offset is kept for
/// every 64 characters.
struct CharacterIndex {
    private static let step = 64
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offsets: [Int32] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool) {
        self.bytes = bytes
        if isASCII { return }
        var count = 0
        for index in 0..<bytes.count where bytes[index] & 0xC0 != 0x80 {
            if count % Self.step == 0 { offsets.append(Int32(truncatingIfNeeded: index)) }
            count += 1
        }
    }

    /// The offset of the character with this number, from 0; the end of the text for one past the last.
    func byteOffset(ofCharacter number: Int) -> Int {
        if offsets.isEmpty { return min(number, bytes.count) }
        let slot = number / Self.step
        guard slot < offsets.count else { return bytes.count }
        var offset = Int(offsets[slot])
        var remaining = number % Self.step
        while offset < bytes.count {
            if bytes[offset] & 0xC0 != 0x80 {
                if remaining == 0 { return offset }
                remaining -= 1
            }
            offset += 1
        }
        return offset
    }
}
