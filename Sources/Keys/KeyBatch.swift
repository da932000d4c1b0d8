/// Private keys in one arena, with their public keys in the same order.
package struct KeyBatch: Sendable {
    let arena: SecretArena
    /// As many as there are private keys.
    package let publicKeys: [PublicKey]

    init(arena: SecretArena) {
        self.arena = arena
        publicKeys = (0..<arena.count).map { PrivateKey(SecretReference(arena, $0)).publicKey }
    }

    /// Copies keys that came from elsewhere, for example imported ones, into an arena of their own.
    package init(copying keys: [PrivateKey]) {
        self.init(
            arena: SecretArena(count: keys.count, size: 32) { memory in
                for (index, key) in keys.enumerated() {
                    key.withBytes { memory[(index * 32)...].copyBytes(from: $0) }
                }
            })
    }

    /// How many keys it holds.
    package var count: Int { arena.count }

    /// The private key that belongs to `publicKeys[index]`.
    package func privateKey(at index: Int) -> PrivateKey { PrivateKey(SecretReference(arena, index)) }
}
