import CSodium

/// The public half of an operator's identity: an X25519 key to seal to, and an Ed25519 key to check signatures with.
package struct OperatorKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    let box: Octets32
    let signing: Octets32

    static let prefix: StaticString = "hauberk-operator:"
    /// The characters of the printed form: the prefix and 86 of base64url.
    static let textLength = 17 + 86

    init(box: Octets32, signing: Octets32) {
        self.box = box
        self.signing = signing
    }

    /// Reads exactly the printed form; nil when the shape is wrong or the sealing key is of small order.
    init?(text: UnsafeRawBufferPointer) {
        guard text.count == Self.textLength, text.starts(with: Self.prefix) else { return nil }
        var pair = (Octets32.zero, Octets32.zero)
        let isWhole = withUnsafeMutableBytes(of: &pair) { buffer in
            var length = 0
            let status = text.part(17..<text.count).withMemoryRebound(to: CChar.self) { characters in
                sodium_base642bin(
                    buffer.octets, 64, characters.baseAddress, characters.count, nil, &length, nil,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            }
            return status == 0 && length == 64
        }
        guard isWhole, (try? pair.0.withBytes({ bytes throws(KeyTextError) in try PublicKey(bytes: bytes) })) != nil
        else { return nil }
        self.init(box: pair.0, signing: pair.1)
        // libsodium 1.0.18 takes some bytes above 0x7f for letters.
        guard description.utf8.elementsEqual(text) else { return nil }
    }

    /// Reads what an operator hands to a colleague; nil unless it is whole, canonical, and both keys can be used.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let value = bytes.withUnsafeBytes({ OperatorKey(text: $0) }), value.canVerify else { return nil }
        self = value
    }

    /// Whether the signing half is a point of the curve's main subgroup.
    private var canVerify: Bool {
        signing.withBytes { crypto_core_ed25519_is_valid_point($0.octets) == 1 }
    }

    package static func < (a: OperatorKey, b: OperatorKey) -> Bool {
        a.box == b.box ? a.signing < b.signing : a.box < b.box
    }

    /// Appends the printed form.
    func append(to text: inout [UInt8]) { text.append(contentsOf: description.utf8) }

    /// The 64 bytes, sealing key first.
    func append(bytesTo message: inout [UInt8]) {
        box.withBytes { message.append(contentsOf: $0) }
        signing.withBytes { message.append(contentsOf: $0) }
    }

    /// `hauberk-operator:` and base64url without padding.
    package var description: String {
        var bytes: [UInt8] = []
        append(bytesTo: &bytes)
        let text = String(unsafeUninitializedCapacity: 88) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                guard let base = characters.baseAddress else { return }
                sodium_bin2base64(
                    base, 88, bytes, bytes.count, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            }
            return 86
        }
        return "\(Self.prefix)\(text)"
    }
}
