package import Diagnostics

extension UnlockedKeyring {
    /// The secret from which the preshared keys of an epoch are derived.
    package func presharedSecret(epoch: UInt32) throws(Failure) -> MeshSecret {
        guard let line = text.index(.secret, KeyringAddress.preshared, epoch).map({ text.lines[$0] }) else {
            throw Failure(.meshInvalid, [missing("a preshared secret", epoch)])
        }
        let address = KeyringAddress(presharedEpoch: epoch)
        let arena = try SecretArena(count: 1, size: 32) { (memory) throws(Failure) in
            if !text.open(line, as: address, meshKey, into: UnsafeMutableRawPointer(memory.octets)) {
                throw Failure(.meshInvalid, [damaged("the preshared secret", line)])
            }
        }
        return MeshSecret(SecretReference(arena))
    }

    /// Draws and keeps a secret for a new preshared epoch (from 1); one that is there already is an error.
    package mutating func drawPresharedSecret(epoch: UInt32) throws(Failure) {
        precondition(epoch > 0, "epochs count from 1")
        if let index = text.index(.secret, KeyringAddress.preshared, epoch) {
            throw Failure(
                .meshInvalid, .keyringDuplicate, at: text.location(text.lines[index]),
                "the keyring already has a preshared secret of epoch \(epoch)")
        }
        let meshKey = meshKey
        text.insert { [meshKey.append(.random(), as: KeyringAddress(presharedEpoch: epoch), to: &$0)] }
    }

    /// Forgets the secret of a past preshared epoch; nothing happens when there is none.
    package mutating func removePresharedSecret(epoch: UInt32) {
        if let index = text.index(.secret, KeyringAddress.preshared, epoch) { text.remove(index..<index + 1) }
    }
}
