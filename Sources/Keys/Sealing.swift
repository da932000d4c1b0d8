import CSodium

/// What was sealed does not open.
struct Closed: Error {}

/// XChaCha20-Poly1305 of 32 bytes: a random nonce of 24 bytes, the ciphertext, and a tag of 16.
enum Sealing {
    /// The length of a sealed secret in bytes; in base64 it has 96 characters and no padding.
    static let length = 24 + 32 + 16
    static let textLength = 96

    /// Appends the base64 of a sealed secret.
    static func append(
        _ secret: SecretReference, under key: SecretReference, bound data: [UInt8], to text: inout [UInt8]
    ) {
        withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) { sealed in
            Sodium.fillRandom(UnsafeMutableRawBufferPointer(rebasing: sealed[..<24]))
            let base = sealed.octets
            key.withKey { key in
                secret.withKey { secret in
                    _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                        base + 24, nil, secret, 32, data, UInt64(data.count), nil, base, key)
                }
            }
            Base64.append(UnsafeRawBufferPointer(sealed), to: &text)
        }
    }

    /// Opens the base64 of a sealed secret into 32 bytes of guarded memory; false when anything is not as it was.
    static func open(
        _ text: UnsafeRawBufferPointer, under key: SecretReference, bound data: [UInt8],
        into secret: UnsafeMutableRawPointer
    ) -> Bool {
        guard text.count == textLength else { return false }
        return withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) { sealed in
            let base = sealed.octets
            guard Base64.decode(text, to: UnsafeMutableRawPointer(base)) else { return false }
            return key.withKey { key in
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    secret.octets, nil, nil, base + 24, 48, data, UInt64(data.count), base, key) == 0
            }
        }
    }

    /// Opens into an arena of its own, else nil.
    static func open(
        _ text: UnsafeRawBufferPointer, under key: SecretReference, bound data: [UInt8]
    ) -> SecretReference? {
        let arena = try? SecretArena(count: 1, size: 32) { (memory) throws(Closed) in
            if !open(text, under: key, bound: data, into: UnsafeMutableRawPointer(memory.octets)) { throw Closed() }
        }
        return arena.map { SecretReference($0) }
    }
}
