import Diagnostics
import Testing

@testable import Keys

private let cheap = PassphraseCost(operations: 1, memory: 8192) ?? .moderate

private func parse(_ bytes: [UInt8]) throws(Failure) -> IdentityFile {
    try bytes.lend { text throws(Failure) in try IdentityFile.parse(text, file: "identity") }
}

@Test func `an identity without a passphrase reads back`() throws {
    let identity = Identity.generate()
    let text = identity.text().octets
    #expect(text.lines.count == 3)
    let file = try parse(text)
    #expect(!file.isProtected)
    #expect(file.publicKey == identity.publicKey)
    #expect(try file.open().publicKey == identity.publicKey)
    #expect(try file.open().text().octets == text)
}

@Test func `a passphrase opens the identity, and a wrong or empty one does not`() throws {
    let identity = Identity.generate()
    let text = try identity.text(passphrase: Secret(text: "correct horse"), cost: cheap).octets
    let file = try parse(text)
    #expect(file.isProtected)
    #expect(try file.open(passphrase: Secret(text: "correct horse")).text().octets == identity.text().octets)
    for wrong in ["correct horse ", "correct hors", "Correct horse", ""] {
        let found = failure { _ = try file.open(passphrase: Secret(text: wrong)) }
        #expect(found?.status == .permission)
        #expect(found?.diagnostics.map(\.id) == [.identityPassphrase])
    }
    #expect(failure { _ = try file.open() }?.status == .permission)
    #expect(failure { _ = try identity.text(passphrase: Secret(text: ""), cost: cheap) } != nil)
    let again = try identity.text(passphrase: Secret(text: "correct horse"), cost: cheap).octets
    #expect(again != text, "salt and nonce are fresh")
}

@Test func `the default passphrase cost is libsodium's moderate`() {
    #expect(PassphraseCost.moderate == PassphraseCost(operations: 3, memory: 268_435_456))
    #expect(PassphraseCost(operations: 0, memory: 8192) == nil)
    #expect(PassphraseCost(operations: 9, memory: 8192) == nil)
    #expect(PassphraseCost(operations: 1, memory: 8191) == nil)
    #expect(PassphraseCost(operations: 1, memory: (1 << 30) + 1) == nil)
}

@Test(arguments: ["9 8192", "1 1073741825", "1 18446744073709551615", "4000000000 8192"])
func `an identity that asks for too much work is refused before any is done`(cost: String) throws {
    let text = try Identity.generate().text(passphrase: Secret(text: "x"), cost: cheap).octets
    let hostile = text.lines.map { $0.replacing("argon2id 1 8192", with: "argon2id \(cost)") }.text
    #expect(hostile != text)
    let found = failure { _ = try parse(hostile) }
    #expect(found?.diagnostics.allSatisfy { [.identityCost, .identitySyntax].contains($0.id) } == true)
}

@Test(arguments: [false, true])
func `no flipped bit of an identity opens another one`(isProtected: Bool) throws {
    let identity = Identity.generate()
    let whole =
        isProtected
        ? try identity.text(passphrase: Secret(text: "pass"), cost: cheap).octets : identity.text().octets
    var opened = 0
    for place in whole.indices {
        for bit in 0..<8 {
            var changed = whole
            changed[place] ^= 1 << bit
            if failure({ _ = try parse(changed).open(passphrase: Secret(text: "pass")) }) == nil { opened += 1 }
        }
    }
    #expect(opened == 0)
}

@Test(arguments: [false, true])
func `an identity cut short at any byte is refused`(isProtected: Bool) throws {
    let identity = Identity.generate()
    let whole =
        isProtected
        ? try identity.text(passphrase: Secret(text: "pass"), cost: cheap).octets : identity.text().octets
    for length in 0..<whole.count {
        #expect(failure { _ = try parse(Array(whole[..<length])) }?.status == .meshInvalid, "\(length)")
    }
    #expect(failure { _ = try parse(whole + whole) } != nil)
    #expect(failure { _ = try parse(whole + [10]) } != nil)
}

@Test func `an operator's key reads back, and only the exact text is one`() throws {
    let key = Identity.generate().publicKey
    let text = key.description
    #expect(text.hasPrefix("hauberk-operator:") && text.count == 103)
    #expect(OperatorKey(parsing: text) == key)
    let wrong = [
        "", String(text.dropLast()), text + "A", text + "=", " " + text, text.uppercased(),
        String(text.dropFirst(8)), "hauberk-operator:" + String(repeating: "A", count: 86),
    ]
    for text in wrong { #expect(OperatorKey(parsing: text) == nil, "\(text)") }
    for character in "BCDEFGHIJKLMNOP" where !text.hasSuffix("\(character)") {
        let changed = String(text.dropLast()) + "\(character)"
        #expect(OperatorKey(parsing: changed).map { $0.description == changed } ?? true)
    }
}

@Test func `one seed gives the same two key pairs for ever`() throws {
    let seed = SecretReference(
        SecretArena(count: 1, size: 32) { memory in for index in 0..<32 { memory[index] = UInt8(index) } })
    #expect(Identity(seed: seed).publicKey == Identity(seed: seed).publicKey)
    #expect(Identity(seed: seed).publicKey.box != Identity(seed: seed).publicKey.signing)
    print(Identity(seed: seed).publicKey)
}
