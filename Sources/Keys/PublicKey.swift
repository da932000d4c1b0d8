/// A Curve25519 public key: 32 bytes in the value itself, ordered by its bytes.
package struct PublicKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    let octets: Octets32

    /// Takes 32 bytes as they are.
    init(octets: Octets32) { self.octets = octets }

    /// Copies 32 bytes, unless they are zero or another point of small order.
    package init(bytes: UnsafeRawBufferPointer) throws(KeyTextError) {
        guard let base = bytes.baseAddress, bytes.count == 32 else { throw .length(bytes.count) }
        octets = Octets32(base)
        try check()
    }

    /// Reads exactly 44 characters of canonical base64.
    package init(base64 text: UnsafeRawBufferPointer) throws(KeyTextError) {
        guard text.count == 44 else { throw .length(text.count) }
        var value = Octets32.zero
        let isBase64 = withUnsafeMutableBytes(of: &value) { buffer -> Bool in
            guard let base = buffer.baseAddress else { return false }
            return Base64.decode(text, to: base)
        }
        guard isBase64 else { throw .notBase64 }
        octets = value
        try check()
    }

    /// Reads exactly 44 characters of canonical base64.
    package init(parsing text: some StringProtocol) throws(KeyTextError) {
        self = try Array(text.utf8).lend { (buffer) throws(KeyTextError) in try PublicKey(base64: buffer) }
    }

    private func check() throws(KeyTextError) {
        if octets == .zero { throw .zero }
        if Self.smallOrder.contains(octets.withoutHighBit) { throw .lowOrder }
    }

    /// The points of small order, as libsodium refuses them (`has_small_order` in its `x25519_ref10.c`).
    private static let smallOrder: [Octets32] = [
        .zero,
        Octets32(littleEndian: 1, 0, 0, 0),
        Octets32(
            littleEndian: 0xaeb8_413b_7c7a_ebe0, 0x6ac4_9ff1_fae3_5616, 0xfdb1_329c_eb8d_09da, 0x00b8_495f_1605_6286),
        Octets32(
            littleEndian: 0x248c_50a3_bc95_9c5f, 0x5bef_839c_55b1_d0b1, 0x868e_1c58_c45c_4404, 0x5711_9fd0_dd4e_22d8),
        Octets32(littleEndian: .max - 19, .max, .max, .max >> 1),
        Octets32(littleEndian: .max - 18, .max, .max, .max >> 1),
        Octets32(littleEndian: .max - 17, .max, .max, .max >> 1),
    ]

    package static func < (a: PublicKey, b: PublicKey) -> Bool { a.octets < b.octets }

    /// Lends the 32 bytes.
    package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try octets.withBytes(body)
    }

    /// Writes 44 characters; the memory must have room for them.
    package func writeBase64(to destination: UnsafeMutableRawPointer) {
        octets.withBytes { bytes in Base64.encode32(UnsafeRawPointer(bytes.octets), to: destination) }
    }

    /// Appends 44 characters.
    package func append(base64To text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: 48, alignment: 16) { buffer in
            writeBase64(to: UnsafeMutableRawPointer(buffer.octets))
            text.append(contentsOf: buffer[..<44])
        }
    }

    /// The 44 characters of base64 that `wg` prints.
    package var description: String {
        String(unsafeUninitializedCapacity: 44) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            writeBase64(to: UnsafeMutableRawPointer(base))
            return 44
        }
    }
}
