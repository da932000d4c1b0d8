import CSodium

/// The start of libsodium, and the two of its services that need no key.
package enum Sodium {
    /// Whether `sodium_init` succeeded; it runs once, at the first use, and picks the fastest code for this processor.
    package static let ready: Bool = sodium_init() >= 0

    /// Fills memory from the kernel's random generator.
    package static func fillRandom(_ buffer: UnsafeMutableRawBufferPointer) {
        precondition(ready, "libsodium cannot start")
        if let base = buffer.baseAddress { randombytes_buf(base, buffer.count) }
    }

    /// Overwrites memory with zeros in a way that the optimiser cannot remove.
    package static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        if let base = buffer.baseAddress { sodium_memzero(base, buffer.count) }
    }

    /// Overwrites and empties an array that held a secret, for example the contents of an identity file.
    ///
    /// Only this array's own storage is wiped: the caller must not have copied it.
    package static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { wipe($0) }
        bytes = []
    }
}
