import CSodium

/// A Curve25519 private key: a place in an arena, clamped as `wg genkey` does.
package struct PrivateKey: Sendable, Concealed {
    let reference: SecretReference

    init(_ reference: SecretReference) { self.reference = reference }

    /// Draws `count` keys into one arena and computes their public keys, some 40 microseconds each.
    package static func generate(count: Int) -> KeyBatch {
        KeyBatch(
            arena: SecretArena(count: count, size: 32) { memory in
                Sodium.fillRandom(memory)
                for index in 0..<count { clamp(memory, at: index * 32) }
            })
    }

    /// Reads exactly 44 characters of canonical base64, and clamps; the caller wipes the text.
    package init(base64 text: UnsafeRawBufferPointer) throws(KeyTextError) {
        guard text.count == 44 else { throw .length(text.count) }
        let arena = try SecretArena(count: 1, size: 32) { (memory) throws(KeyTextError) in
            guard Base64.decode(text, to: UnsafeMutableRawPointer(memory.octets)) else { throw .notBase64 }
            guard sodium_is_zero(memory.octets, 32) == 0 else { throw .zero }
            Self.clamp(memory, at: 0)
        }
        reference = SecretReference(arena)
    }

    /// `curve25519_clamp_secret` of wireguard-tools (`curve25519.h`), so that our texts equal `wg genkey`'s.
    static func clamp(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) {
        memory[offset] &= 248
        memory[offset + 31] = memory[offset + 31] & 127 | 64
    }

    /// The public key, computed anew at each call: some 40 microseconds.
    package var publicKey: PublicKey {
        reference.withKey { secret in
            var octets = Octets32.zero
            let status = withUnsafeMutableBytes(of: &octets) { crypto_scalarmult_curve25519_base($0.octets, secret) }
            precondition(status == 0, "libsodium cannot multiply")
            return PublicKey(octets: octets)
        }
    }

    /// Writes 44 characters into memory of the caller's, who answers for it.
    package func writeBase64(to destination: UnsafeMutableRawPointer) { reference.writeBase64(to: destination) }

    /// Lends the 32 bytes for the length of the call; they must not be kept.
    package func withBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try reference.withBytes(body)
    }
}
