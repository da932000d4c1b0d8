import CSodium

/// Digests without a key, for telling contents apart.
package enum Digest {
    /// The 16 bytes of BLAKE2b-128 (RFC 7693).
    package static func blake2b128(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        _ = Sodium.ready
        var digest = [UInt8](repeating: 0, count: 16)
        let message = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        _ = crypto_generichash(&digest, 16, message, UInt64(bytes.count), nil, 0)
        return digest
    }

    /// The 16 bytes of BLAKE2b-128 (RFC 7693).
    package static func blake2b128(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { blake2b128($0) }
    }

    /// SHA-256 (FIPS 180-4) in 64 lower-case hexadecimal digits, as sha256sum(1) prints it.
    package static func sha256(_ bytes: [UInt8]) -> String {
        _ = Sodium.ready
        var digest = [UInt8](repeating: 0, count: 32)
        _ = crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
