import CSodium

/// An operator's identity: a seed of 32 bytes from which a sealing and a signing key pair are derived.
///
/// The derivation is `crypto_kdf` with the context `hbk-oper`: number 1 seeds the X25519 pair, number 2 the Ed25519
/// pair. Neither secret half leaves this type: ``sign(_:_:)`` and `open(sealed:)` are all that they do.
package final class Identity: Sendable, Concealed {
    let seed: SecretReference
    private let box: SecretReference
    /// The Ed25519 secret key as libsodium has it, 64 bytes.
    private let signing: SecretArena
    /// What colleagues add to a keyring.
    package let publicKey: OperatorKey

    /// A fresh one.
    package static func generate() -> Identity { Identity(seed: .random()) }

    init(seed: SecretReference) {
        let keys = DerivedKeys(seed)
        self.seed = seed
        box = SecretReference(keys.arena)
        signing = keys.signingArena
        publicKey = keys.publicKey
    }

    /// Signs bytes as that matter; one message has one signature.
    package func sign(_ matter: SignedMatter, _ message: [UInt8]) -> Signature {
        var text: [UInt8] = []
        text.reserveCapacity(matter.prefix.utf8CodeUnitCount + message.count)
        text.append(text: matter.prefix)
        text += message
        return signing.withBytes(of: 0) { secret in
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
                _ = crypto_sign_detached(buffer.octets, nil, text, UInt64(text.count), secret.octets)
                return Signature(UnsafeRawPointer(buffer.octets))
            }
        }
    }

    /// Opens 32 bytes that were sealed to this identity (`crypto_box_seal`), else nil.
    func open(sealed: UnsafeRawBufferPointer) -> SecretReference? {
        let arena = try? SecretArena(count: 1, size: 32) { (memory) throws(Closed) in
            let status = publicKey.box.withBytes { publicKey in
                box.withKey {
                    crypto_box_seal_open(memory.octets, sealed.octets, UInt64(sealed.count), publicKey.octets, $0)
                }
            }
            if status != 0 { throw Closed() }
        }
        return arena.map { SecretReference($0) }
    }
}

/// The key pairs of a seed.
private struct DerivedKeys {
    /// The X25519 private key.
    let arena: SecretArena
    /// The Ed25519 secret key.
    let signingArena: SecretArena
    let publicKey: OperatorKey

    init(_ seed: SecretReference) {
        var box = Octets32.zero
        var signing = Octets32.zero
        arena = SecretArena(count: 1, size: 32) { memory in
            Self.withSubkey(1, of: seed) { subkey in
                withUnsafeMutableBytes(of: &box) { _ = crypto_box_seed_keypair($0.octets, memory.octets, subkey) }
            }
        }
        signingArena = SecretArena(count: 1, size: 64) { memory in
            Self.withSubkey(2, of: seed) { subkey in
                withUnsafeMutableBytes(of: &signing) { _ = crypto_sign_seed_keypair($0.octets, memory.octets, subkey) }
            }
        }
        publicKey = OperatorKey(box: box, signing: signing)
    }

    private static func withSubkey(_ number: UInt64, of seed: SecretReference, _ body: (UnsafePointer<UInt8>) -> Void) {
        let subkey = SecretReference(
            SecretArena(count: 1, size: 32) { memory in
                seed.withKey { _ = crypto_kdf_derive_from_key(memory.octets, 32, number, "hbk-oper", $0) }
            })
        subkey.withKey(body)
    }
}
