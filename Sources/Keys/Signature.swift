import CSodium

/// What a signature is for: its words stand before the message, so that no signature fits another purpose.
package enum SignedMatter: Sendable {
    /// One line of a mesh's ledger.
    case ledgerLine

    var prefix: StaticString {
        switch self {
        case .ledgerLine: "hauberk-ledger-line 1\n"
        }
    }
}

/// An Ed25519 signature (RFC 8032): 64 public bytes inside the value itself.
package struct Signature: Hashable, Sendable, CustomStringConvertible {
    private let head: Octets32
    private let tail: Octets32

    /// The characters of the printed form, base64url without padding.
    package static let textLength = 86

    /// Copies 64 bytes.
    init(_ source: UnsafeRawPointer) {
        head = Octets32(source)
        tail = Octets32(source + 32)
    }

    /// Reads exactly the 86 characters of the printed form, else nil.
    package init?(text: UnsafeRawBufferPointer) {
        guard text.count == Self.textLength else { return nil }
        let value = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer -> Signature? in
            var length = 0
            let status = text.withMemoryRebound(to: CChar.self) { characters in
                sodium_base642bin(
                    buffer.octets, 64, characters.baseAddress, characters.count, nil, &length, nil,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            }
            guard status == 0, length == 64, let base = buffer.baseAddress else { return nil }
            return Signature(UnsafeRawPointer(base))
        }
        guard let value else { return nil }
        self = value
        // libsodium 1.0.18 takes some bytes above 0x7f for letters.
        let printed = withPrinted { $0.elementsEqual(text) }
        if !printed { return nil }
    }

    /// Appends the 86 characters.
    package func append(to text: inout [UInt8]) { withPrinted { text.append(contentsOf: $0) } }

    package var description: String { withPrinted { String(decoding: $0, as: UTF8.self) } }

    func withBytes<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
            let memory = UnsafeMutableRawPointer(buffer.octets)
            head.copy(to: memory)
            tail.copy(to: memory + 32)
            return body(UnsafePointer(buffer.octets))
        }
    }

    private func withPrinted<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withBytes { bytes in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.textLength + 1) { buffer in
                guard let base = buffer.baseAddress else { preconditionFailure("no buffer") }
                sodium_bin2base64(base, buffer.count, bytes, 64, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                return body(UnsafeRawBufferPointer(start: base, count: Self.textLength))
            }
        }
    }
}

extension OperatorKey {
    /// Whether the holder of this key signed these bytes as that matter.
    package func hasSigned(_ matter: SignedMatter, _ message: [UInt8], _ signature: Signature) -> Bool {
        precondition(Sodium.ready, "libsodium cannot start")
        var text: [UInt8] = []
        text.reserveCapacity(matter.prefix.utf8CodeUnitCount + message.count)
        text.append(text: matter.prefix)
        text += message
        return signature.withBytes { bytes in
            signing.withBytes { key in
                crypto_sign_verify_detached(bytes, text, UInt64(text.count), key.octets) == 0
            }
        }
    }

    /// BLAKE2b-128 of the 64 bytes, as 32 hexadecimal digits: what a person compares.
    package var fingerprint: String {
        var bytes: [UInt8] = []
        append(bytesTo: &bytes)
        return String(decoding: Hex.text(of: Digest.blake2b128(bytes)), as: UTF8.self)
    }
}
