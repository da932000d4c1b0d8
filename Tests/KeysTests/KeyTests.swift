import CSodium
import Diagnostics
import Foundation
import Testing

@testable import Keys

@Test func `branch-free base64 equals libsodium's on 10,000 random inputs, and reads back`() throws {
    var random = Seeded(7)
    for count in [32, 72, 80] {
        for _ in 0..<(count == 32 ? 10_000 : 500) {
            let input = random.bytes(count)
            var theirs = [CChar](repeating: 0, count: 128)
            sodium_bin2base64(&theirs, 128, input, count, sodium_base64_VARIANT_ORIGINAL)
            let expected = theirs.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            var ours: [UInt8] = []
            if count == 32 {
                ours = raw(44) { target in input.withUnsafeBytes { Base64.encode32($0.octets, to: target) } }
            } else {
                input.withUnsafeBytes { Base64.append($0, to: &ours) }
            }
            #expect(ours == expected)
            let back = raw(88) { target in #expect(ours.withUnsafeBytes { Base64.decode($0, to: target) }) }
            #expect(Array(back[..<count]) == input)
        }
    }
}

@Test func `every foreign byte at every place of a base64 text is refused as libsodium refuses it or more`() {
    var random = Seeded(8)
    let text = Array(base64(random.bytes(32)).utf8)
    for place in text.indices {
        for byte in UInt8.min ... .max {
            var changed = text
            changed[place] = byte
            var length = 0
            var target = [UInt8](repeating: 0, count: 48)
            let status = changed.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
                sodium_base642bin(
                    &target, 48, $0.baseAddress, 44, nil, &length, nil, sodium_base64_VARIANT_ORIGINAL)
            }
            var isGood = false
            let ours = raw(48) { memory in isGood = changed.withUnsafeBytes { Base64.decode($0, to: memory) } }
            // libsodium 1.0.18 takes some bytes above 0x7f for letters.
            #expect(isGood == (status == 0 && length == 32 && byte < 0x80), "byte \(byte) at \(place)")
            if isGood { #expect(ours[..<32] == target[..<32]) }
        }
    }
}

@Test func `RFC 7748 section 6_1 key pairs`() throws {
    let pairs = [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
        ),
    ]
    for (secret, expected) in pairs {
        #expect(try privateKey(bytes(hex: secret)).publicKey.withBytes { Array($0) } == bytes(hex: expected))
    }
}

@Test func `RFC 7748 section 5_2 iterated a thousand times`() {
    var k = [UInt8](repeating: 0, count: 32)
    k[0] = 9
    var u = k
    for round in 1...1000 {
        var next = [UInt8](repeating: 0, count: 32)
        #expect(crypto_scalarmult_curve25519(&next, k, u) == 0)
        (u, k) = (k, next)
        if round == 1 {
            #expect(k == bytes(hex: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
        }
    }
    #expect(k == bytes(hex: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"))
}

@Test func `1,000 random private keys have the public keys that wg computes, and wg genkey's texts stay`() throws {
    try withFolder { folder in
        guard try shell("command -v wg", in: folder).status == 0 else {
            print("SKIPPED: wg is missing (Debian package wireguard-tools)")
            #expect(ProcessInfo.processInfo.environment["CI"] == nil, "wg must be there in CI")
            return
        }
        let batch = PrivateKey.generate(count: 1000)
        let texts = (0..<1000).map { batch.privateKey(at: $0).text + "\n" }.joined()
        try Data(texts.utf8).write(to: folder.appendingPathComponent("keys"))
        let theirs = try shell("while read -r k; do echo \"$k\" | wg pubkey; done < keys", in: folder).output
        #expect(theirs.split(separator: "\n").map(String.init) == batch.publicKeys.map(\.description))

        let drawn = try shell("for i in 1 2 3 4 5 6 7 8 9 10; do wg genkey; done", in: folder).output
        let keys = drawn.split(separator: "\n").map(String.init)
        #expect(keys.count == 10)
        for text in keys {
            let key = try Array(text.utf8).lend { bytes throws(KeyTextError) in try PrivateKey(base64: bytes) }
            #expect(key.text == text)
        }
    }
}

@Test func `private keys are clamped when drawn and when imported`() throws {
    let batch = PrivateKey.generate(count: 200)
    #expect(Set((0..<200).map { batch.privateKey(at: $0).octets }).count == 200)
    for index in 0..<200 {
        let octets = batch.privateKey(at: index).octets
        #expect(octets[0] & 7 == 0 && octets[31] & 0xc0 == 0x40)
        #expect(batch.privateKey(at: index).publicKey == batch.publicKeys[index])
    }
    let imported = try privateKey([UInt8](repeating: 0xff, count: 32)).octets
    #expect(imported == [0xf8] + [UInt8](repeating: 0xff, count: 30) + [0x7f])
    #expect(PrivateKey.generate(count: 0).count == 0)
    let copies = KeyBatch(copying: [batch.privateKey(at: 3), batch.privateKey(at: 5)])
    #expect(copies.publicKeys == [batch.publicKeys[3], batch.publicKeys[5]])
}

@Test func `a public key is read strictly, and points of small order are refused as libsodium refuses them`() throws {
    let key = PrivateKey.generate(count: 1).publicKeys[0]
    let text = key.description
    #expect(try PublicKey(parsing: text) == key)
    var appended: [UInt8] = [1]
    key.append(base64To: &appended)
    #expect(appended == [1] + Array(text.utf8))
    let cases: [(String, KeyTextError)] = [
        ("", .length(0)), (text + "\n", .length(45)), (String(text.dropLast()), .length(43)),
        (String(repeating: "-", count: 43) + "=", .notBase64), (text.dropLast(2) + "B=", .notBase64),
        (String(repeating: "A", count: 43) + "=", .zero),
    ]
    for (text, expected) in cases {
        #expect(throws: expected, "\(text)") { try PublicKey(parsing: text) }
        #expect(throws: expected, "\(text)") {
            try Array(text.utf8).lend { bytes throws(KeyTextError) in try PrivateKey(base64: bytes) }
        }
        #expect(throws: expected, "\(text)") {
            try Array(text.utf8).lend { bytes throws(KeyTextError) in try PresharedKey(base64: bytes) }
        }
    }
    let last = String(repeating: "f", count: 60)
    let points = [
        "01" + String(repeating: "0", count: 62), "ec\(last)7f", "ed\(last)7f", "ee\(last)7f", "ee\(last)ff",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ]
    for point in points.map(bytes(hex:)) {
        #expect(throws: KeyTextError.lowOrder) { try PublicKey(parsing: base64(point)) }
        var shared = [UInt8](repeating: 0, count: 32)
        #expect(crypto_scalarmult_curve25519(&shared, [UInt8](repeating: 64, count: 32), point) == -1)
    }
}

@Test func `public keys are ordered by their bytes`() {
    let keys = PrivateKey.generate(count: 300).publicKeys
    let expected = keys.sorted { a, b in
        a.withBytes { a in b.withBytes { b in a.lexicographicallyPrecedes(b) } }
    }
    #expect(keys.sorted() == expected)
}

@Test func `10,000 keys live in one arena of few mappings`() throws {
    func mappings() throws -> Int {
        try String(decoding: Data(contentsOf: URL(fileURLWithPath: "/proc/self/maps")), as: UTF8.self).split(
            separator: "\n"
        ).count
    }
    let before = try mappings()
    let arena = SecretArena(count: 10_000, size: 32) { Sodium.fillRandom($0) }
    let keys = (0..<10_000).map { PrivateKey(SecretReference(arena, $0)) }
    #expect(try mappings() - before < 500)
    #expect(Set(keys.map(\.octets)).count == 10_000)
}
