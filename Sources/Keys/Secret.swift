import CSodium

/// Bytes in guarded memory: locked, between inaccessible pages, read-only once filled, wiped at the end of its life.
///
/// It cannot be copied. Each one costs a locked page and four mappings of the kernel, of which a process has some
/// 65,000: more than a few dozen live in one ``SecretArena``.
package struct Secret: ~Copyable, @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    /// The length in bytes.
    package let count: Int

    /// Allocates `count` bytes and has them filled; what `fill` throws, this throws, with the memory wiped.
    ///
    /// Memory that cannot be had ends the program, as it does for Swift's own objects.
    package init<E: Error>(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        precondition(Sodium.ready, "libsodium cannot start")
        guard let memory = sodium_malloc(count) else { preconditionFailure("no memory for a secret") }
        do {
            try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
        } catch {
            sodium_free(memory)
            throw error
        }
        sodium_mprotect_readonly(memory)
        base = memory
        self.count = count
    }

    /// A guarded copy of `bytes`; the caller wipes the original.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    deinit { sodium_free(base) }

    /// Lends the bytes for the length of the call; they must not be kept.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Always `<secret>`.
    package var description: String { "<secret>" }
    /// Always `<secret>`.
    package var debugDescription: String { "<secret>" }
    /// Without children.
    package var customMirror: Mirror { Mirror(reflecting: "<secret>") }
}
