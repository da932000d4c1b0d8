import Diagnostics
import Foundation
import Testing

@testable import Keys

/// What a keyring gives to an operator: names of operators, all private keys, the secret.
private func meaning(_ bytes: [UInt8], _ fixture: Fixture) throws -> [[UInt8]] {
    let keyring = try Keyring.parse(bytes, file: "mesh.keys").unlock(with: fixture.alice)
    let keys = try keyring.privateKeys(of: fixture.entries).map(\.octets)
    let secret = try keyring.presharedSecret(epoch: 1).reference.withBytes { Array($0) }
    return keyring.operators.map { Array("\($0.name) \($0.key)".utf8) } + keys + [secret]
}

@Test func `no flipped bit of a keyring gives another key`() throws {
    let fixture = try Fixture()
    let whole = fixture.keyring.bytes
    let expected = try meaning(whole, fixture)
    var survived: [Int] = []
    for place in whole.indices {
        for bit in 0..<8 {
            var changed = whole
            changed[place] ^= 1 << bit
            guard let found = try? meaning(changed, fixture) else { continue }
            #expect(found == expected, "bit \(bit) of byte \(place)")
            survived.append(place)
        }
    }
    #expect(survived.isEmpty, "every byte is checked by something")
}

@Test func `a keyring cut short at any byte is refused, or lacks whole entries`() throws {
    let fixture = try Fixture()
    let whole = fixture.keyring.bytes
    for length in 0..<whole.count {
        let part = Array(whole[..<length])
        let found = failure { _ = try Keyring.parse(part, file: "mesh.keys") }
        if found == nil {
            #expect(part.last == 10)
            #expect(failure { _ = try meaning(part, fixture) }?.status == .meshInvalid)
        } else {
            #expect(found?.status == .meshInvalid)
        }
    }
}

@Test func `two branches that add keys merge by line into a valid keyring`() throws {
    let fixture = try Fixture(peers: ["a-1", "h-1", "m-1", "t-1"])
    let drawn = PrivateKey.generate(count: 2)
    var ours = try Keyring.parse(fixture.keyring.bytes, file: "mesh.keys").unlock(with: fixture.alice)
    try ours.insert(KeyBatch(copying: [drawn.privateKey(at: 0)]), for: [("b-2", 1)])
    var theirs = try Keyring.parse(fixture.keyring.bytes, file: "mesh.keys").unlock(with: fixture.bob)
    try theirs.insert(KeyBatch(copying: [drawn.privateKey(at: 1)]), for: [("n-2", 1)])
    let added = zip(["b-2", "n-2"], drawn.publicKeys).map { KeyringEntry(peer: $0, epoch: 1, publicKey: $1) }
    for option in ["", "--union"] {
        let merged = try merge(fixture.keyring.bytes, ours.bytes, theirs.bytes, option)
        let keyring = try Keyring.parse(merged, file: "mesh.keys").unlock(with: fixture.bob)
        #expect(try keyring.privateKeys(of: fixture.entries + added).count == 6)
        #expect(keyring.bytes == merged)
    }
}

@Test func `keys added at one place conflict plainly, and a union merge of them is valid in any order`() throws {
    let fixture = try Fixture()
    let drawn = PrivateKey.generate(count: 2)
    var ours = fixture.keyring
    try ours.insert(KeyBatch(copying: [drawn.privateKey(at: 0)]), for: [("n-9", 1)])
    var theirs = fixture.keyring
    try theirs.insert(KeyBatch(copying: [drawn.privateKey(at: 1)]), for: [("n-2", 1)])
    let conflict = try merge(fixture.keyring.bytes, ours.bytes, theirs.bytes, "")
    let found = failure { _ = try Keyring.parse(conflict, file: "mesh.keys") }
    #expect(found?.diagnostics.map(\.id) == [.mergeConflict, .mergeConflict, .mergeConflict])
    #expect(found?.diagnostics.first?.location == SourceLocation(file: "mesh.keys", line: 7, column: 1))
    let union = try merge(fixture.keyring.bytes, ours.bytes, theirs.bytes, "--union")
    let keyring = try Keyring.parse(union, file: "mesh.keys").unlock(with: fixture.bob)
    #expect(keyring.locked.keys.map(\.peer) == ["mysql-1", "n-2", "n-9", "web-1"])
    #expect(keyring.bytes != union)
}

/// A merge by Git itself.
private func merge(_ base: [UInt8], _ ours: [UInt8], _ theirs: [UInt8], _ option: String) throws -> [UInt8] {
    try withFolder { folder in
        for (name, bytes) in [("base", base), ("ours", ours), ("theirs", theirs)] {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        return Array(try shell("git merge-file -p \(option) ours base theirs", in: folder).output.utf8)
    }
}
