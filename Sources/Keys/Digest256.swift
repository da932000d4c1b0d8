import CSodium

/// BLAKE2b-256 (RFC 7693) of public bytes: 32 bytes inside the value itself, printed as `b2sum -l 256` does.
package struct Digest256: Hashable, Sendable, CustomStringConvertible {
    private let octets: Octets32

    /// The digest of bytes.
    package init(of bytes: UnsafeRawBufferPointer) {
        _ = Sodium.ready
        octets = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            let message = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
            _ = crypto_generichash(digest.octets, 32, message, UInt64(bytes.count), nil, 0)
            return Octets32(UnsafeRawPointer(digest.octets))
        }
    }

    /// The digest of bytes.
    package init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Digest256(of: $0) }
    }

    /// Reads exactly 64 lower-case hexadecimal digits, else nil.
    package init?(hex text: UnsafeRawBufferPointer) {
        guard text.count == 64 else { return nil }
        let value = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes -> Octets32? in
            for index in 0..<32 {
                guard let high = Hex.value(of: text[2 * index]), let low = Hex.value(of: text[2 * index + 1]) else {
                    return nil
                }
                bytes[index] = high << 4 | low
            }
            return Octets32(UnsafeRawPointer(bytes.octets))
        }
        guard let value else { return nil }
        octets = value
    }

    /// Reads exactly 64 lower-case hexadecimal digits, else nil.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let value = bytes.withUnsafeBytes({ Digest256(hex: $0) }) else { return nil }
        self = value
    }

    /// Appends the 64 digits.
    package func append(to text: inout [UInt8]) {
        octets.withBytes { bytes in
            for byte in bytes { text.append(contentsOf: [Hex.digit(byte >> 4), Hex.digit(byte & 15)]) }
        }
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
