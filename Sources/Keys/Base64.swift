/// Base64 (RFC 4648, section 4) without a branch or a table look-up on the data, so that it may see secrets.
///
/// Sixteen characters at a time: arithmetic on lanes of 32 and of 8 bits, which the compiler turns into vector code.
enum Base64 {
    /// Writes the 44 characters of 32 bytes.
    static func encode32(_ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: characters(sextets(at: source)), as: SIMD16<UInt8>.self)
        (destination + 16).storeBytes(of: characters(sextets(at: source + 12)), as: SIMD16<UInt8>.self)
        let tail = SIMD2(
            sextets(bigEndian(source + 24) &>> 8, bigEndian(source + 27) &>> 8),
            sextets((bigEndian(source + 28) & 0xffff) &<< 8, 0))
        let words = unsafeBitCast(characters(tail), to: SIMD2<UInt64>.self)
        (destination + 32).storeBytes(of: words[0], as: UInt64.self)
        (destination + 40).storeBytes(of: UInt32(truncatingIfNeeded: words[1]), as: UInt32.self)
        (destination + 43).storeBytes(of: UInt8(ascii: "="), as: UInt8.self)
    }

    /// Appends the characters of bytes whose number is a multiple of 12, or 8 more than one.
    static func append(_ source: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        var block = (SIMD16<UInt8>.zero, SIMD16<UInt8>.zero)
        for offset in stride(from: 0, to: source.count, by: 12) {
            let count = min(12, source.count - offset)
            withUnsafeMutableBytes(of: &block) { block in
                block.storeBytes(of: .zero, as: SIMD16<UInt8>.self)
                block.copyMemory(from: source.part(offset..<offset + count))
                guard let base = block.baseAddress else { return }
                (base + 16).storeBytes(of: characters(sextets(at: base)), as: SIMD16<UInt8>.self)
                if count == 8 { block[16 + 11] = UInt8(ascii: "=") }
                text.append(contentsOf: block[16..<16 + (count + 2) / 3 * 4])
            }
        }
    }

    /// Reads the canonical text of `text.count / 4 * 3` bytes, one less where it ends in `=`.
    ///
    /// The length must be a multiple of 16 (no padding), or 12 more than one (one `=`). False when a character is
    /// foreign or the padding is not canonical; what was written then means nothing.
    static func decode(_ text: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) -> Bool {
        let whole = text.count & ~15
        guard let base = text.baseAddress, text.count == whole || text.count == whole + 12 else { return false }
        var bad = SIMD16<Int8>.zero
        for offset in stride(from: 0, to: whole, by: 16) {
            let words = values(base.loadUnaligned(fromByteOffset: offset, as: SIMD16<Int8>.self), &bad)
            let target = destination + offset / 4 * 3
            for lane in 0..<4 { store(words[lane], target + lane * 3) }
        }
        var loose: UInt32 = 0
        if text.count != whole { loose = decodeTail(base + whole, to: destination + whole / 4 * 3, &bad) }
        return (bad &>> 7) == .zero && loose == 0
    }

    /// Reads 12 characters, of which the last is `=`; returns zero if that and the bits below the last byte are right.
    private static func decodeTail(
        _ text: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, _ bad: inout SIMD16<Int8>
    ) -> UInt32 {
        let last = text.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        let words = SIMD4<UInt32>(
            text.loadUnaligned(as: UInt32.self), text.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
            last & 0x00ff_ffff | 0x4100_0000, 0x4141_4141)
        let values = values(unsafeBitCast(words, to: SIMD16<Int8>.self), &bad)
        store(values[0], destination)
        store(values[1], destination + 3)
        (destination + 6).storeBytes(of: UInt16(truncatingIfNeeded: values[2] &>> 8).bigEndian, as: UInt16.self)
        return (last &>> 24 ^ 0x3d) | (values[2] & 0xff)
    }

    private static func bigEndian(_ source: UnsafeRawPointer) -> UInt32 {
        UInt32(bigEndian: source.loadUnaligned(as: UInt32.self))
    }

    /// The 16 numbers of six bits in 12 bytes; reads a 13th.
    private static func sextets(at source: UnsafeRawPointer) -> SIMD2<UInt64> {
        SIMD2(
            sextets(bigEndian(source) &>> 8, bigEndian(source + 3) &>> 8),
            sextets(bigEndian(source + 6) &>> 8, bigEndian(source + 9) &>> 8))
    }

    /// The eight numbers of six bits in two of 24, one a byte, in memory order on a little-endian processor.
    private static func sextets(_ first: UInt32, _ second: UInt32) -> UInt64 {
        let y = UInt64(first) | UInt64(second) &<< 32
        let high = (y &>> 18) & 0x3f_0000_003f | (y &>> 4) & 0x3f00_0000_3f00
        return high | (y &<< 10) & 0x003f_0000_003f_0000 | (y &<< 24) & 0x3f00_0000_3f00_0000
    }

    private static func store(_ triple: UInt32, _ destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: UInt16(truncatingIfNeeded: triple &>> 8).bigEndian, as: UInt16.self)
        (destination + 2).storeBytes(of: UInt8(truncatingIfNeeded: triple), as: UInt8.self)
    }

    /// The 16 characters of numbers of six bits.
    private static func characters(_ sextets: SIMD2<UInt64>) -> SIMD16<UInt8> {
        let v = unsafeBitCast(sextets, to: SIMD16<Int8>.self)
        var c = v &+ 65
        c &+= (25 &- v) &>> 7 & 6
        c &-= (51 &- v) &>> 7 & 75
        c &-= (61 &- v) &>> 7 & 15
        c &+= (62 &- v) &>> 7 & 3
        return unsafeBitCast(c, to: SIMD16<UInt8>.self)
    }

    /// Four lanes of 24 bits of 16 characters; a foreign character makes its lane of `bad` negative.
    private static func values(_ c: SIMD16<Int8>, _ bad: inout SIMD16<Int8>) -> SIMD4<UInt32> {
        var v = ((64 &- c) & (c &- 91)) &>> 7 & (c &- 64)
        v |= ((96 &- c) & (c &- 123)) &>> 7 & (c &- 70)
        v |= ((47 &- c) & (c &- 58)) &>> 7 & (c &+ 5)
        v |= ((42 &- c) & (c &- 44)) &>> 7 & 63
        v |= ((46 &- c) & (c &- 48)) &>> 7 & 64
        v &-= 1
        bad |= v | c
        let w = unsafeBitCast(v, to: SIMD4<UInt32>.self)
        let high = (w & 0x3f) &<< 18 | (w &>> 8 & 0x3f) &<< 12
        return high | (w &>> 16 & 0x3f) &<< 6 | (w &>> 24 & 0x3f)
    }
}
