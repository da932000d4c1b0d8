import Diagnostics
import Testing

@testable import Keys

private func unlock(_ bytes: [UInt8], _ identity: Identity) throws -> UnlockedKeyring {
    try Keyring.parse(bytes, file: "mesh.keys").unlock(with: identity)
}

@Test func `a stranger is refused until an operator adds them`() throws {
    let fixture = try Fixture()
    let carol = Identity.generate()
    let found = failure { _ = try unlock(fixture.keyring.bytes, carol) }
    #expect(found?.status == .permission)
    #expect(found?.diagnostics.map(\.id) == [.notOperator])
    #expect(found?.diagnostics[0].hint?.contains(carol.publicKey.description) == true)
    var keyring = try unlock(fixture.keyring.bytes, fixture.bob)
    try keyring.addOperator(KeyringOperator(name: "carol@example.org", key: carol.publicKey))
    let before = fixture.lines
    #expect(keyring.bytes.lines.filter { before.contains($0) } == before)
    #expect(try unlock(keyring.bytes, carol).privateKeys(of: fixture.entries).count == 2)
}

@Test func `a removed operator can open nothing any more, and everything is sealed anew`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    try keyring.drawPresharedSecret(epoch: 2)
    let before = Set(keyring.bytes.lines)
    let secrets = try [1, 2].map { try keyring.presharedSecret(epoch: $0).reference.withBytes { Array($0) } }
    let oldKey = keyring.meshKey
    try keyring.removeOperator("bob", publicKey: fixture.publicKey)
    let after = keyring.bytes
    #expect(after.lines.count == before.count - 1)
    #expect(before.intersection(after.lines) == ["hauberk-keyring 1", "mesh \(fixture.meshID)"])
    #expect(failure { _ = try unlock(after, fixture.bob) }?.status == .permission)
    let mine = try unlock(after, fixture.alice)
    #expect(try mine.privateKeys(of: fixture.entries).map(\.publicKey) == fixture.batch.publicKeys)
    #expect(try [1, 2].map { try mine.presharedSecret(epoch: $0).reference.withBytes { Array($0) } } == secrets)
    let old = UnlockedKeyring(text: mine.text, meshKey: oldKey)
    #expect(failure { _ = try old.privateKeys(of: fixture.entries) } != nil)
}

@Test func `the last operator stays, and an unknown one cannot be removed`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    #expect(
        failure { try keyring.removeOperator("carol", publicKey: fixture.publicKey) }?.diagnostics.map(\.id)
            == [.operatorUnknown])
    try keyring.removeOperator("bob", publicKey: fixture.publicKey)
    #expect(
        failure { try keyring.removeOperator("alice", publicKey: fixture.publicKey) }?.diagnostics.map(\.id)
            == [.operatorLast])
    #expect(try unlock(keyring.bytes, fixture.alice).operators.map(\.name) == ["alice"])
}

@Test func `a key that the lock file does not know stops the removal of an operator, unchanged`() throws {
    let fixture = try Fixture()
    var keyring = try unlock(fixture.keyring.bytes, fixture.alice)
    let found = failure {
        try keyring.removeOperator("bob") { peer, _ in peer == "web-1" ? fixture.batch.publicKeys[1] : nil }
    }
    #expect(found?.diagnostics.map(\.id) == [.keyringStray])
    #expect(found?.diagnostics.first?.location?.line == 6)
    #expect(keyring.bytes == fixture.keyring.bytes)
}

@Test(arguments: ["", "Alice", "-a", "a b", "a\n", "ä", ".x", String(repeating: "a", count: 65)])
func `an operator's name is checked`(name: String) throws {
    var keyring = try Fixture().keyring
    let key = Identity.generate().publicKey
    let found = failure { try keyring.addOperator(KeyringOperator(name: name, key: key)) }
    #expect(found?.diagnostics.map(\.id) == [.operatorName])
    try keyring.addOperator(KeyringOperator(name: String(repeating: "a", count: 64), key: key))
}

@Test func `an operator's name and key are each there once`() throws {
    let fixture = try Fixture()
    var keyring = fixture.keyring
    for (name, key) in [("alice", Identity.generate().publicKey), ("carol", fixture.alice.publicKey)] {
        let found = failure { try keyring.addOperator(KeyringOperator(name: name, key: key)) }
        #expect(found?.diagnostics.map(\.id) == [.operatorExists])
    }
}

@Test func `an operator planted by somebody without the mesh key is found, with the place`() throws {
    let fixture = try Fixture()
    let mallory = Identity.generate()
    let forger = MeshKey(.random(), meshID: fixture.meshID)
    var planted = try Keyring.create(
        fixture.meshID, operator: KeyringOperator(name: "mallory", key: mallory.publicKey), file: "x")
    planted.meshKey = forger
    let line = try #require(planted.bytes.lines.first { $0.hasPrefix("operator mallory ") })
    var lines = fixture.lines
    lines.insert(line, at: 4)
    let found = failure { _ = try unlock(lines.text, fixture.alice) }
    #expect(found?.diagnostics.map(\.id) == [.keyringForged])
    #expect(found?.diagnostics.first?.location?.line == 5)
    let renamed = fixture.lines.map { $0.replacing("operator bob ", with: "operator eve ") }
    #expect(failure { _ = try unlock(renamed.text, fixture.alice) }?.diagnostics.map(\.id) == [.keyringForged])
    let otherMesh = fixture.lines.map { $0.hasPrefix("mesh ") ? "mesh \(MeshID.random())" : $0 }
    let moved = failure { _ = try unlock(otherMesh.text, fixture.alice) }
    #expect(moved?.diagnostics.map(\.id) == [.keyringForged, .keyringForged])
}
