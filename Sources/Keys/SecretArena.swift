/// Many secrets of one size in one guarded allocation, read-only once filled.
package final class SecretArena: Sendable, Concealed {
    private let memory: Secret
    /// How many secrets it holds.
    package let count: Int
    /// The length of each, in bytes.
    package let size: Int

    /// Allocates `count` times `size` bytes and has them filled, all in one buffer.
    package init<E: Error>(
        count: Int, size: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        memory = try Secret(count: count * size, fill: fill)
        self.count = count
        self.size = size
    }

    /// Lends the bytes of one secret for the length of the call; they must not be kept.
    package func withBytes<R: ~Copyable, E: Error>(
        of index: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        precondition(index >= 0 && index < count, "no such secret")
        return try memory.withBytes { (all) throws(E) -> R in
            try body(UnsafeRawBufferPointer(rebasing: all[index * size..<(index + 1) * size]))
        }
    }
}

/// A secret of 32 bytes by its place in an arena: what every kind of key is made of.
struct SecretReference: Sendable, Concealed {
    let arena: SecretArena
    let index: Int

    init(_ arena: SecretArena, _ index: Int = 0) {
        self.arena = arena
        self.index = index
    }

    /// 32 fresh random bytes in an arena of their own.
    static func random() -> SecretReference {
        SecretReference(SecretArena(count: 1, size: 32) { Sodium.fillRandom($0) })
    }

    func withBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try arena.withBytes(of: index, body)
    }

    /// Lends the address of the 32 bytes as libsodium takes it.
    func withKey<R: ~Copyable, E: Error>(_ body: (UnsafePointer<UInt8>) throws(E) -> R) throws(E) -> R {
        try withBytes { (bytes) throws(E) -> R in try body(bytes.octets) }
    }

    func writeBase64(to destination: UnsafeMutableRawPointer) {
        withKey { Base64.encode32(UnsafeRawPointer($0), to: destination) }
    }
}
