import Diagnostics
import Testing

@testable import Keys

private func reopened(_ keyring: UnlockedKeyring, _ identity: Identity) throws -> UnlockedKeyring {
    try Keyring.parse(keyring.bytes, file: "mesh.keys").unlock(with: identity)
}

@Test func `a keyring opens for each operator and gives back what was put in`() throws {
    let fixture = try Fixture()
    for identity in [fixture.alice, fixture.bob] {
        let keyring = try reopened(fixture.keyring, identity)
        #expect(keyring.bytes == fixture.keyring.bytes)
        let keys = try keyring.privateKeys(of: fixture.entries)
        #expect(keys.map(\.octets) == [0, 1].map { fixture.batch.privateKey(at: $0).octets })
        #expect(keys.map(\.publicKey) == fixture.batch.publicKeys)
        #expect(
            try keyring.presharedSecret(epoch: 1).reference.withBytes { Array($0) }
                == fixture.keyring.presharedSecret(epoch: 1).reference.withBytes { Array($0) })
    }
    let locked = fixture.keyring.locked
    #expect(locked.meshID == fixture.meshID)
    #expect(locked.operators.map(\.name) == ["alice", "bob"])
    #expect(locked.keys.map(\.peer) == ["mysql-1", "web-1"])
    #expect(locked.hasKey(of: "web-1", epoch: 1) && !locked.hasKey(of: "web-1", epoch: 2))
    #expect(locked.hasPresharedSecret(epoch: 1) && !locked.hasPresharedSecret(epoch: 2))
    #expect(failure { try locked.require(fixture.meshID) } == nil)
    #expect(failure { try locked.require(.random()) }?.diagnostics.map(\.id) == [.keyringMesh])
}

@Test func `the text has the documented grammar and order`() throws {
    let fixture = try Fixture(peers: ["web-2", "a", "web-10"])
    var keyring = fixture.keyring
    try keyring.insert(.init(copying: [fixture.batch.privateKey(at: 0)]), for: [("web-2", 10)])
    try keyring.insert(.init(copying: [fixture.batch.privateKey(at: 0)]), for: [("web-2", 9)])
    let lines = keyring.bytes.lines
    #expect(lines[0] == "hauberk-keyring 1")
    #expect(lines[1] == "mesh \(fixture.meshID)")
    let heads = lines.dropFirst(2).map { $0.split(separator: " ").dropLast().prefix(3).joined(separator: " ") }
    #expect(heads[0].hasPrefix("operator alice hauberk-operator:"))
    #expect(heads[1].hasPrefix("operator bob hauberk-operator:"))
    #expect(
        Array(heads[2...]) == [
            "secret preshared 1", "key a 1", "key web-10 1", "key web-2 1", "key web-2 9", "key web-2 10",
        ])
    #expect(keyring.bytes.last == 10)
}

@Test func `an edit keeps the bytes of every other line`() throws {
    let fixture = try Fixture(peers: (0..<20).map { "web-\($0)" })
    var keyring = try reopened(fixture.keyring, fixture.bob)
    let before = fixture.lines
    try keyring.insert(PrivateKey.generate(count: 2), for: [("zzz", 1), ("web-11a", 1)])
    var after = keyring.bytes.lines
    #expect(after.filter { !before.contains($0) }.count == 2)
    after.removeAll { !before.contains($0) }
    #expect(after == before)
    keyring.remove("zzz")
    keyring.remove("web-11a", epoch: 2)
    keyring.remove("nobody")
    keyring.remove("web-11a", epoch: 1)
    #expect(keyring.bytes == fixture.keyring.bytes)
    keyring.remove("web-1")
    #expect(keyring.bytes.lines == before.filter { !$0.hasPrefix("key web-1 ") })
    keyring = try reopened(keyring, fixture.alice)
    #expect(try keyring.privateKeys(of: fixture.entries.filter { $0.peer != "web-1" }).count == 19)
}

@Test func `a key is renamed, and opens under the new name alone`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    let key = fixture.entries[0]
    try keyring.rename(key, to: "db-1")
    let renamed = KeyringEntry(peer: "db-1", epoch: 1, publicKey: key.publicKey)
    #expect(try reopened(keyring, fixture.bob).privateKey(of: renamed).publicKey == key.publicKey)
    #expect(failure { _ = try keyring.privateKey(of: key) }?.diagnostics.map(\.id) == [.keyringMissing])
    #expect(failure { try keyring.rename(renamed, to: "web-1") }?.diagnostics.map(\.id) == [.keyringDuplicate])
    #expect(failure { try keyring.rename(renamed, to: "a b") }?.diagnostics.map(\.id) == [.keyringSyntax])
    #expect(keyring.locked.hasKey(of: "db-1", epoch: 1))
}

@Test func `preshared secrets are drawn, read and forgotten by epoch`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    try keyring.drawPresharedSecret(epoch: 2)
    #expect(failure { try keyring.drawPresharedSecret(epoch: 2) }?.diagnostics.map(\.id) == [.keyringDuplicate])
    let both = try [1, 2].map { try keyring.presharedSecret(epoch: $0).reference.withBytes { Array($0) } }
    #expect(both[0] != both[1])
    keyring.removePresharedSecret(epoch: 1)
    keyring.removePresharedSecret(epoch: 7)
    #expect(failure { _ = try keyring.presharedSecret(epoch: 1) }?.diagnostics.map(\.id) == [.keyringMissing])
    #expect(try keyring.presharedSecret(epoch: 2).reference.withBytes { Array($0) } == both[1])
}

@Test func `an entry moved to another name, epoch, public key or mesh does not open`() throws {
    let fixture = try Fixture()
    let other = try Fixture()
    let key = fixture.entries[0]
    let sealed = try #require(fixture.lines.first { $0.hasPrefix("key mysql-1 ") }).split(separator: " ")[3]
    func damaged(_ lines: [String], _ entry: KeyringEntry, _ identity: Identity) -> Bool {
        let found = failure {
            _ = try Keyring.parse(lines.text, file: "mesh.keys").unlock(with: identity).privateKey(of: entry)
        }
        return found?.diagnostics.map(\.id) == [.keyringDamaged] && found?.diagnostics[0].location != nil
    }
    func replaced(_ lines: [String], _ name: String, _ epoch: UInt32) -> [String] {
        lines.filter { !$0.hasPrefix("key \(name) ") } + ["key \(name) \(epoch) \(sealed)"]
    }
    for (name, epoch) in [("web-1", UInt32(1)), ("mysql-1", 2), ("mysql-2", 1)] {
        let entry = KeyringEntry(peer: name, epoch: epoch, publicKey: key.publicKey)
        #expect(damaged(replaced(fixture.lines, name, epoch), entry, fixture.alice))
    }
    #expect(!damaged(replaced(fixture.lines, "mysql-1", 1), key, fixture.alice))
    #expect(damaged(replaced(other.lines, "mysql-1", 1), key, other.alice))
    let wrongKey = KeyringEntry(peer: "mysql-1", epoch: 1, publicKey: fixture.entries[1].publicKey)
    #expect(damaged(fixture.lines, wrongKey, fixture.alice))
}

@Test func `all keys that are missing or do not open are reported at once`() throws {
    let fixture = try Fixture()
    let swapped = [
        KeyringEntry(peer: "mysql-1", epoch: 1, publicKey: fixture.entries[1].publicKey),
        KeyringEntry(peer: "nobody", epoch: 1, publicKey: fixture.entries[1].publicKey), fixture.entries[1],
        KeyringEntry(peer: "web-1", epoch: 2, publicKey: fixture.entries[1].publicKey),
    ]
    let found = failure { _ = try fixture.keyring.privateKeys(of: swapped) }
    #expect(found?.status == .meshInvalid)
    #expect(found?.diagnostics.map(\.id.name).sorted() == ["keyring-damaged", "keyring-missing", "keyring-missing"])
}

@Test func `a key that is there, twice in a batch, or of no good name is not inserted`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    let found = failure {
        try keyring.insert(
            PrivateKey.generate(count: 6),
            for: [("web-1", 1), ("new", 1), ("new", 1), ("", 1), ("bad name", 1), ("zero", 0)])
    }
    #expect(
        found?.diagnostics.map(\.id.name).sorted()
            == ["keyring-duplicate", "keyring-duplicate", "keyring-syntax", "keyring-syntax", "keyring-syntax"])
    #expect(keyring.bytes == fixture.keyring.bytes)
}
