import CSodium
import Testing

@testable import Keys

private typealias Peer = PresharedKeyDerivation.Peer

@Test func `a pair's key is the same on both sides, and changes with each thing it depends on`() {
    let secret = MeshSecret.random()
    let keys = PrivateKey.generate(count: 3).publicKeys
    func key(
        _ a: Peer, _ b: Peer, epoch: UInt32 = 1, secret other: MeshSecret? = nil
    ) -> [UInt8] {
        raw(32) { PresharedKeyDerivation(secret: other ?? secret, epoch: epoch).derive(a, b, into: $0) }
    }
    let base = key((keys[0], 1), (keys[1], 2))
    #expect(key((keys[1], 2), (keys[0], 1)) == base)
    #expect(key((keys[0], 1), (keys[1], 2)) == base)
    let others = [
        key((keys[0], 2), (keys[1], 2)), key((keys[0], 1), (keys[1], 3)), key((keys[0], 2), (keys[1], 1)),
        key((keys[2], 1), (keys[1], 2)), key((keys[0], 1), (keys[2], 2)),
        key((keys[0], 1), (keys[1], 2), epoch: 2), key((keys[0], 1), (keys[1], 2), secret: .random()),
        raw(32) { PresharedKeyDerivation(secret: secret, epoch: 1).deriveMesh(into: $0) },
        raw(32) { PresharedKeyDerivation(secret: secret, epoch: 2).deriveMesh(into: $0) },
    ]
    #expect(Set(others + [base]).count == others.count + 1)
}

@Test func `a pair's key is keyed BLAKE2b of the documented message`() {
    let secret = MeshSecret.random()
    let keys = PrivateKey.generate(count: 2).publicKeys.sorted()
    func number(_ value: UInt8) -> [UInt8] { [value] + [UInt8](repeating: 0, count: 7) }
    let message =
        Array("hauberk-psk-pair".utf8) + number(9) + keys[0].withBytes { Array($0) } + number(4)
        + keys[1].withBytes { Array($0) } + number(5)
    #expect(message.count <= 128)
    var expected = [UInt8](repeating: 0, count: 32)
    _ = secret.reference.withKey { crypto_generichash(&expected, 32, message, UInt64(message.count), $0, 32) }
    let derivation = PresharedKeyDerivation(secret: secret, epoch: 9)
    #expect(raw(32) { derivation.derive((keys[1], 5), (keys[0], 4), into: $0) } == expected)
    #expect(copy(44) { derivation.deriveBase64((keys[1], 5), (keys[0], 4), into: $0) } == base64(expected))
    let mesh = raw(32) { derivation.deriveMesh(into: $0) }
    #expect(copy(44) { derivation.deriveMeshBase64(into: $0) } == base64(mesh))
}

@Test func `all pairs of 60 peers have keys of their own`() {
    let derivation = PresharedKeyDerivation(secret: .random(), epoch: 1)
    let keys = PrivateKey.generate(count: 60).publicKeys
    var seen: Set<[UInt8]> = []
    for i in keys.indices {
        for j in keys.indices where i < j {
            seen.insert(raw(32) { derivation.derive((keys[i], 1), (keys[j], 1), into: $0) })
        }
    }
    #expect(seen.count == 60 * 59 / 2)
}
