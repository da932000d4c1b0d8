import CSodium

/// A symmetric key that two peers mix into their handshakes.
package struct PresharedKey: Sendable, Concealed {
    let reference: SecretReference

    /// Takes exactly 44 characters of canonical base64; the caller wipes the text. Zeros are refused: WireGuard takes
    /// them for the absence of a key.
    package init(base64 text: UnsafeRawBufferPointer) throws(KeyTextError) {
        guard text.count == 44 else { throw .length(text.count) }
        let arena = try SecretArena(count: 1, size: 32) { (memory) throws(KeyTextError) in
            guard Base64.decode(text, to: UnsafeMutableRawPointer(memory.octets)) else { throw .notBase64 }
            guard sodium_is_zero(memory.octets, 32) == 0 else { throw .zero }
        }
        reference = SecretReference(arena)
    }

    init(_ reference: SecretReference) { self.reference = reference }

    /// Writes 44 characters into memory of the caller's, who answers for it.
    package func writeBase64(to destination: UnsafeMutableRawPointer) { reference.writeBase64(to: destination) }

    /// Lends the 32 bytes for the length of the call; they must not be kept.
    package func withBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try reference.withBytes(body)
    }
}
