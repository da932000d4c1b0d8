import Diagnostics
import Testing

@testable import Keys

/// A change to the lines of the fixture, and what must be found: ids with line and column.
private struct Mistake: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout [String]) -> Void
    let expected: [String]

    init(_ description: String, _ expected: [String], _ change: @escaping @Sendable (inout [String]) -> Void) {
        self.description = description
        self.expected = expected
        self.change = change
    }
}

/// The lines: 0 title, 1 mesh, 2 alice, 3 bob, 4 secret, 5 mysql-1, 6 web-1.
private let mistakes = [
    Mistake("empty", ["keyring-empty 1:1"]) { $0 = [] },
    Mistake("title alone", ["keyring-empty 1:1"]) { $0 = [$0[0]] },
    Mistake("no entries", ["keyring-empty 1:1"]) { $0 = Array($0[..<2]) },
    Mistake("no operator", ["keyring-empty 1:1"]) { $0.removeSubrange(2...3) },
    Mistake("newer", ["keyring-version 1:17"]) { $0[0] = "hauberk-keyring 2" },
    Mistake("another file", ["keyring-syntax 1:1"]) { $0[0] = "hauberk-lock 1" },
    Mistake("line ends of Windows", ["keyring-syntax 1:1"]) { $0 = $0.map { $0 + "\r" } },
    Mistake("mesh id in capitals", ["keyring-syntax 2:1"]) { $0[1] = "mesh " + String(repeating: "A", count: 32) },
    Mistake("mesh id short", ["keyring-syntax 2:1"]) { $0[1].removeLast() },
    Mistake("unknown kind", ["keyring-kind 8:1"]) { $0.append("token web-1 1 x") },
    Mistake("unknown secret", ["keyring-kind 5:8"]) { $0[4].replace("preshared", with: "postshared") },
    Mistake("blank line", ["keyring-syntax 6:1"]) { $0.insert("", at: 5) },
    Mistake("two spaces", ["keyring-syntax 6:1"]) { $0[5].replace("key ", with: "key  ") },
    Mistake("field missing", ["keyring-syntax 6:1"]) { $0[5].replace("mysql-1 1 ", with: "mysql-1 ") },
    Mistake("epoch zero", ["keyring-syntax 6:13"]) { $0[5].replace("-1 1 ", with: "-1 0 ") },
    Mistake("epoch with a zero before it", ["keyring-syntax 6:13"]) { $0[5].replace("-1 1 ", with: "-1 01 ") },
    Mistake("epoch too big", ["keyring-syntax 6:13"]) { $0[5].replace("-1 1 ", with: "-1 4294967296 ") },
    Mistake("name of a peer", ["keyring-syntax 6:5"]) { $0[5].replace("mysql-1", with: "../etc") },
    Mistake("sealed value short", ["keyring-base64 6:15"]) { $0[5].removeLast(4) },
    Mistake("sealed value foreign", ["keyring-base64 6:15"]) { $0[5] = $0[5].dropLast() + "ä" },
    Mistake("operator's name", ["operator-name 3:10"]) { $0[2].replace("alice", with: "Alice") },
    Mistake("operator's key", ["keyring-base64 3:16"]) { $0[2].replace("hauberk-operator", with: "hauberk_operator") },
    Mistake("operator's code", ["keyring-base64 3:229"]) { $0[2] = $0[2].dropLast() + "A" },
    Mistake("duplicate", ["keyring-duplicate 8:1"]) { $0.append($0[5]) },
    Mistake("duplicate operator", ["keyring-duplicate 8:1"]) { $0.append($0[2]) },
    Mistake("conflict", ["merge-conflict 6:1", "merge-conflict 8:1", "merge-conflict 10:1"]) {
        $0.replaceSubrange(5..<6, with: ["<<<<<<< HEAD", $0[5], "=======", $0[5], ">>>>>>> other"])
    },
    Mistake("several", ["keyring-syntax 2:1", "operator-name 4:10", "keyring-base64 6:15", "keyring-kind 8:1"]) {
        $0[1] = "mesh x"
        $0[3].replace("bob", with: "BOB")
        $0[5].removeLast()
        $0.append("what")
    },
]

@Test(arguments: mistakes)
private func `each mistake in a keyring is found where it is`(mistake: Mistake) throws {
    var lines = try Fixture().lines
    mistake.change(&lines)
    let found = failure { _ = try Keyring.parse(lines.text, file: "mesh.keys") }
    #expect(found?.status == .meshInvalid)
    let places = found?.diagnostics.map { "\($0.id) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
    #expect(places == mistake.expected)
    #expect(found?.diagnostics.allSatisfy { $0.location?.file == "mesh.keys" } == true)
}

@Test func `a last line without its line feed is cut short`() throws {
    let whole = try Fixture().keyring.bytes
    let found = failure { _ = try Keyring.parse(whole.dropLast(), file: "mesh.keys") }
    #expect(found?.diagnostics.map(\.id) == [.keyringTruncated])
    #expect(found?.diagnostics.first?.location?.line == 7)
}

@Test(arguments: [
    ("hauberk-identity 2", 0, DiagnosticID.identityVersion), ("hauberk-keyring 1", 0, .identitySyntax),
    ("operator x", 1, .identitySyntax), ("seed x", 2, .identitySyntax), ("sealed x", 2, .identitySyntax),
    ("passphrase argon2id 9 8192 00112233445566778899aabbccddeeff", 2, .identityCost),
    ("passphrase scrypt 1 8192 00112233445566778899aabbccddeeff", 2, .identitySyntax),
])
func `each mistake in an identity is found where it is`(line: String, index: Int, id: DiagnosticID) {
    var lines = Identity.generate().text().octets.lines
    lines[index] = line
    let found = failure {
        _ = try lines.text.lend { text throws(Failure) in try IdentityFile.parse(text, file: "identity") }
    }
    #expect(found?.diagnostics.map(\.id) == [id])
    #expect(found?.diagnostics.first?.location?.line == index + 1)
}

@Test func `another identity's public key over a seed is found`() throws {
    var lines = Identity.generate().text().octets.lines
    lines[1] = "operator \(Identity.generate().publicKey)"
    let file = try lines.text.lend { text throws(Failure) in try IdentityFile.parse(text, file: "identity") }
    #expect(failure { _ = try file.open() }?.diagnostics.map(\.id) == [.identityMismatch])
}

@Test func `every identifier of this area has a manual of 2 to 8 lines and a name of its own`() {
    #expect(!DiagnosticID.keyring.isEmpty)
    #expect(Set(DiagnosticID.keyring).count == DiagnosticID.keyring.count)
    for id in DiagnosticID.keyring {
        #expect((1...8).contains(id.manual.split(separator: "\n").count), "\(id)")
    }
}
