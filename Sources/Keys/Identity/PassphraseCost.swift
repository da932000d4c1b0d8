import CSodium

/// What one guess of a passphrase costs: the parameters of Argon2id.
package struct PassphraseCost: Hashable, Sendable {
    /// Passes over the memory.
    package let operations: UInt64
    /// Bytes.
    package let memory: Int

    /// Nil unless there are 1 to 8 passes over 8 KiB to 1 GiB: a file from elsewhere must not exhaust the machine.
    package init?(operations: UInt64, memory: Int) {
        guard (1...8).contains(operations), (8192...1 << 30).contains(memory) else { return nil }
        self.init(checked: operations, memory)
    }

    private init(checked operations: UInt64, _ memory: Int) {
        self.operations = operations
        self.memory = memory
    }

    /// libsodium's MODERATE: 3 passes over 256 MiB, about a second.
    package static let moderate = PassphraseCost(checked: 3, 256 << 20)

    /// The key that a passphrase gives with a salt of 16 bytes; nil when the memory cannot be had.
    func key(of passphrase: borrowing Secret, salt: [UInt8]) -> SecretReference? {
        struct OutOfMemory: Error {}
        let arena = try? passphrase.withBytes { (text) throws(OutOfMemory) -> SecretArena in
            try SecretArena(count: 1, size: 32) { (memory) throws(OutOfMemory) in
                let characters = text.octets
                let status = characters.withMemoryRebound(to: CChar.self, capacity: text.count) {
                    crypto_pwhash(
                        memory.octets, 32, $0, UInt64(text.count), salt, operations, self.memory,
                        crypto_pwhash_ALG_ARGON2ID13)
                }
                if status != 0 { throw OutOfMemory() }
            }
        }
        return arena.map { SecretReference($0) }
    }
}
