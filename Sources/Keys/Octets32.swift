/// 32 public bytes inside the value itself, in memory order.
struct Octets32: Hashable, Comparable, Sendable {
    private let a: UInt64
    private let b: UInt64
    private let c: UInt64
    private let d: UInt64

    /// Copies 32 bytes.
    init(_ source: UnsafeRawPointer) {
        a = source.loadUnaligned(as: UInt64.self)
        b = source.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        c = source.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        d = source.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// Four words, the first byte being the least significant of the first.
    init(littleEndian a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
        self.a = a.littleEndian
        self.b = b.littleEndian
        self.c = c.littleEndian
        self.d = d.littleEndian
    }

    static let zero = Octets32(littleEndian: 0, 0, 0, 0)

    static func < (x: Octets32, y: Octets32) -> Bool {
        if x.a != y.a { return x.a.bigEndian < y.a.bigEndian }
        if x.b != y.b { return x.b.bigEndian < y.b.bigEndian }
        if x.c != y.c { return x.c.bigEndian < y.c.bigEndian }
        return x.d.bigEndian < y.d.bigEndian
    }

    /// With the highest bit of the last byte cleared, which X25519 ignores.
    var withoutHighBit: Octets32 {
        Octets32(
            littleEndian: UInt64(littleEndian: a), UInt64(littleEndian: b), UInt64(littleEndian: c),
            UInt64(littleEndian: d) & 0x7fff_ffff_ffff_ffff)
    }

    func copy(to destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: a, as: UInt64.self)
        (destination + 8).storeBytes(of: b, as: UInt64.self)
        (destination + 16).storeBytes(of: c, as: UInt64.self)
        (destination + 24).storeBytes(of: d, as: UInt64.self)
    }

    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try withUnsafeBytes(of: self) { (bytes) throws(E) -> R in try body(bytes) }
    }
}
