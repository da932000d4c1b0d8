import CSodium

/// The secret of a mesh, 32 bytes in guarded memory, from which all its preshared keys are derived.
package struct MeshSecret: Sendable, Concealed {
    let reference: SecretReference

    init(_ reference: SecretReference) { self.reference = reference }

    /// A fresh random secret.
    package static func random() -> MeshSecret { MeshSecret(.random()) }
}

/// The preshared keys of a mesh: one for each pair of peers, or one for all; nothing quadratic is stored.
///
/// A key is BLAKE2b-256, keyed with the mesh's secret, of a domain tag of 16 bytes, the preshared epoch, and for a pair
/// the two peers in order of their public keys, each as 32 bytes of key and its epoch. Numbers are 8 bytes, least
/// significant first. So a key is the same on both sides and from render to render, and changes with the secret,
/// either public key, either epoch, and the preshared epoch.
package struct PresharedKeyDerivation: Sendable {
    /// What a pair's key depends on of one peer.
    package typealias Peer = (publicKey: PublicKey, epoch: UInt32)

    private let secret: SecretReference
    private let epoch: UInt64

    private static let pairTag: StaticString = "hauberk-psk-pair"
    private static let meshTag: StaticString = "hauberk-psk-mesh"

    /// `epoch` is the preshared-key epoch of `mesh.lock`.
    package init(secret: MeshSecret, epoch: UInt32) {
        self.secret = secret.reference
        self.epoch = UInt64(epoch)
    }

    /// Writes the 32 bytes of a pair's key; the order of the two peers does not matter.
    package func derive(_ a: Peer, _ b: Peer, into destination: UnsafeMutableRawPointer) {
        let (first, second) = b.publicKey < a.publicKey ? (b, a) : (a, b)
        withUnsafeTemporaryAllocation(byteCount: 104, alignment: 8) { message in
            let base = UnsafeMutableRawPointer(message.octets)
            start(base, Self.pairTag)
            first.publicKey.octets.copy(to: base + 24)
            (base + 56).storeBytes(of: UInt64(first.epoch).littleEndian, as: UInt64.self)
            second.publicKey.octets.copy(to: base + 64)
            (base + 96).storeBytes(of: UInt64(second.epoch).littleEndian, as: UInt64.self)
            hash(UnsafeRawBufferPointer(message), into: destination)
        }
    }

    /// Writes the 32 bytes of the one key of `preshared-keys: mesh`.
    package func deriveMesh(into destination: UnsafeMutableRawPointer) {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { message in
            start(UnsafeMutableRawPointer(message.octets), Self.meshTag)
            hash(UnsafeRawBufferPointer(message), into: destination)
        }
    }

    /// Writes the 44 characters of a pair's key, and wipes what it used meanwhile.
    package func deriveBase64(_ a: Peer, _ b: Peer, into destination: UnsafeMutableRawPointer) {
        encode(into: destination) { derive(a, b, into: $0) }
    }

    /// Writes the 44 characters of the one key of `preshared-keys: mesh`.
    package func deriveMeshBase64(into destination: UnsafeMutableRawPointer) {
        encode(into: destination) { deriveMesh(into: $0) }
    }

    private func encode(into destination: UnsafeMutableRawPointer, _ derive: (UnsafeMutableRawPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { key in
            let base = UnsafeMutableRawPointer(key.octets)
            derive(base)
            Base64.encode32(base, to: destination)
            Sodium.wipe(key)
        }
    }

    private func start(_ message: UnsafeMutableRawPointer, _ tag: StaticString) {
        message.copyMemory(from: tag.utf8Start, byteCount: 16)
        (message + 16).storeBytes(of: epoch.littleEndian, as: UInt64.self)
    }

    private func hash(_ message: UnsafeRawBufferPointer, into destination: UnsafeMutableRawPointer) {
        secret.withKey { key in
            _ = crypto_generichash(destination.octets, 32, message.octets, UInt64(message.count), key, 32)
        }
    }
}
