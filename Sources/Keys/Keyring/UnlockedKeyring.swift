package import Diagnostics

/// A keyring whose mesh key is open: private keys can be read, added, renamed and removed.
///
/// A value: changes are kept only where its ``bytes`` are written.
package struct UnlockedKeyring: Sendable {
    var text: KeyringText
    var meshKey: MeshKey

    /// The same entries, locked.
    package var locked: Keyring { Keyring(text: text) }

    /// The text, sorted; lines that were not changed keep their bytes.
    package var bytes: [UInt8] { text.printed }

    /// The private key of a peer and epoch; it opens only with the public key that it was sealed with.
    package func privateKey(of entry: KeyringEntry) throws(Failure) -> PrivateKey {
        try privateKeys(of: [entry])[0]
    }

    /// Private keys in one arena, in the order of `entries`; reports all that are missing or do not open.
    package func privateKeys(of entries: [KeyringEntry]) throws(Failure) -> [PrivateKey] {
        let arena = try SecretArena(count: entries.count, size: 32) { (memory) throws(Failure) in
            var findings: [Diagnostic] = []
            for (index, entry) in entries.enumerated() {
                guard let line = text.index(.key, entry.peer, entry.epoch).map({ text.lines[$0] }) else {
                    findings.append(missing("a private key of peer \(quoted(entry.peer))", entry.epoch))
                    continue
                }
                let place = UnsafeMutableRawPointer(memory.octets + index * 32)
                if !text.open(line, as: KeyringAddress(entry), meshKey, into: place) {
                    findings.append(damaged("the private key of peer \(quoted(entry.peer))", line))
                }
            }
            if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
        }
        return entries.indices.map { PrivateKey(SecretReference(arena, $0)) }
    }

    /// Seals keys for peers and epochs that have none yet: `peers[i]` gets `batch`'s key number i.
    package mutating func insert(
        _ batch: KeyBatch, for peers: [(peer: String, epoch: UInt32)]
    ) throws(Failure) {
        precondition(batch.count == peers.count, "as many keys as peers")
        let entries = zip(peers, batch.publicKeys).map {
            KeyringEntry(peer: $0.peer, epoch: $0.epoch, publicKey: $1)
        }
        try checkNew(entries)
        seal(entries) { SecretReference(batch.arena, $0) }
    }

    /// Moves one private key to another name: it is opened and sealed anew.
    package mutating func rename(_ entry: KeyringEntry, to peer: String) throws(Failure) {
        let key = try privateKey(of: entry)
        let renamed = KeyringEntry(peer: peer, epoch: entry.epoch, publicKey: entry.publicKey)
        try checkNew([renamed])
        remove(entry.peer, epoch: entry.epoch)
        seal([renamed]) { _ in key.reference }
    }

    /// Removes a peer's private keys of all epochs; nothing happens when there are none.
    package mutating func remove(_ peer: String) {
        text.remove(text.indices(.key, peer))
    }

    /// Removes a peer's private key of one epoch; nothing happens when there is none.
    package mutating func remove(_ peer: String, epoch: UInt32) {
        if let index = text.index(.key, peer, epoch) { text.remove(index..<index + 1) }
    }

    private func checkNew(_ entries: [KeyringEntry]) throws(Failure) {
        var seen: Set<String> = []
        var findings: [Diagnostic] = []
        for entry in entries {
            if !Array(entry.peer.utf8).withUnsafeBytes({ KeyringName.isPeer($0) }) || entry.epoch == 0 {
                findings.append(
                    Diagnostic(
                        .keyringSyntax, at: nil,
                        "a key of peer \(quotedUnlessLong(entry.peer)), epoch \(entry.epoch), cannot be in a keyring"))
            } else if let index = text.index(.key, entry.peer, entry.epoch) {
                findings.append(duplicate(entry, at: text.location(text.lines[index])))
            } else if !seen.insert("\(entry.peer) \(entry.epoch)").inserted {
                findings.append(duplicate(entry, at: nil))
            }
        }
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
    }

    private func duplicate(_ entry: KeyringEntry, at place: SourceLocation?) -> Diagnostic {
        Diagnostic(
            .keyringDuplicate, at: place, "peer \(quoted(entry.peer)) already has a key of epoch \(entry.epoch)")
    }

    private mutating func seal(_ entries: [KeyringEntry], _ secret: (Int) -> SecretReference) {
        let meshKey = meshKey
        text.insert { storage in
            entries.enumerated().map { meshKey.append(secret($0), as: KeyringAddress($1), to: &storage) }
        }
    }

    func missing(_ what: String, _ epoch: UInt32) -> Diagnostic {
        Diagnostic(
            .keyringMissing, at: SourceLocation(file: text.file),
            "the keyring has not \(what), epoch \(epoch), which the lock file expects")
    }

    func damaged(_ what: String, _ line: KeyringLine) -> Diagnostic {
        Diagnostic(
            .keyringDamaged, at: text.location(line), "\(what), epoch \(line.epoch), does not open",
            hint: "restore mesh.keys and mesh.lock from one commit")
    }
}
