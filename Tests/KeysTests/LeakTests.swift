import Diagnostics
import Testing

@testable import Keys

/// A private key that is easy to find in a text, and already clamped.
private let marker: [UInt8] = Array("H0auberkMarkerKeyThatMustNotLeak".utf8)

/// The ways in which bytes of the marker could show: as text, base64, hexadecimal digits or a list of numbers.
private let traces: [String] = {
    let octets = (try? privateKey(marker).octets) ?? []
    return [
        String(decoding: octets[4..<20], as: UTF8.self), String(base64(octets).dropFirst(4).prefix(24)),
        octets[4..<12].map { String($0, radix: 16) }.joined(), octets[4..<12].map { "\($0)" }.joined(separator: ", "),
        octets[4..<8].map { "- \($0)" }.joined(separator: "\n"),
    ]
}()

private func dumped(_ value: some Any) -> String {
    var text = ""
    dump(value, to: &text)
    return "\(value)\n\(String(reflecting: value))\n\(text)\n\(Mirror(reflecting: value).children.map { "\($0)" })"
}

@Test func `no description, dump or error shows a secret`() throws {
    #expect(marker.count == 32 && traces.count == 5)
    let key = try privateKey(marker)
    let reference = key.reference
    let fixture = try Fixture()
    let batch = KeyBatch(copying: [key])
    var keyring = fixture.keyring
    try keyring.insert(batch, for: [("marked", 1)])
    keyring.meshKey = MeshKey(reference, meshID: fixture.meshID)
    let identity = Identity(seed: reference)
    let file = try identity.text().octets.lend { text throws(Failure) in try IdentityFile.parse(text, file: "id") }
    let secret = reference.withBytes { Secret(copying: $0) }
    var texts = [
        dumped(key), dumped(batch), dumped(reference), dumped(reference.arena), dumped(PresharedKey(reference)),
        dumped(MeshSecret(reference)), dumped(PresharedKeyDerivation(secret: MeshSecret(reference), epoch: 1)),
        dumped(keyring), dumped(keyring.locked), dumped(keyring.meshKey), dumped(identity), dumped(file),
        dumped([key]), dumped(["x": key]), dumped(Optional(identity)),
        secret.description, secret.debugDescription, dumped(secret.customMirror),
    ]
    let base64 = key.text
    #expect(texts.prefix(6).allSatisfy { $0.contains("<secret>") })
    texts += errors(base64, fixture).map { found in
        #expect(found != nil)
        return found.map { dumped($0) + $0.diagnostics.map { $0.text + $0.annotation }.joined() } ?? ""
    }
    for text in texts {
        for trace in traces { #expect(!text.contains(trace), "\(trace)") }
    }
}

@Test func `the search for leaks would find one`() throws {
    let octets = try privateKey(marker).octets
    let found = [String(decoding: octets, as: UTF8.self), base64(octets), dumped(octets)]
    for text in found { #expect(traces.contains { text.contains($0) }) }
}

/// Mistakes that a person can make with a private key in hand: pasted as a field, a name, a line, a file.
private func errors(_ key: String, _ fixture: Fixture) -> [Failure?] {
    var lists = (0..<7).map { index in
        var lines = fixture.lines
        lines[index] = key
        return lines
    }
    lists += ["key \(key) 1 x", "key x \(key) x", "secret \(key) 1 x", "operator \(key) x y z", "PrivateKey = \(key)"]
        .map { fixture.lines + [$0] }
    var found = lists.map { lines in failure { _ = try Keyring.parse(lines.text, file: "mesh.keys") } }
    for text in ["\(key)\n", "hauberk-identity \(key)\n", "hauberk-identity 1\noperator \(key)\n"] {
        found.append(
            failure {
                _ = try Array(text.utf8).lend { text throws(Failure) in try IdentityFile.parse(text, file: "id") }
            })
    }
    var keyring = fixture.keyring
    found.append(failure { _ = try keyring.addOperator(KeyringOperator(name: key, key: fixture.alice.publicKey)) })
    found.append(failure { try keyring.removeOperator(key, publicKey: fixture.publicKey) })
    return found
}
