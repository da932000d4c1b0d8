import TestSupport
import Testing

/// Who can open a mesh, from end to end.
@Suite struct OperatorsTests {
    @Test func `a second operator works with an identity of their own, and once removed opens nothing`() throws {
        try OperatorsScene.with { scene in
            let bob = try scene.key(of: "bob")
            let early = try scene.tries(["add", "early", "--public", "203.0.113.7"], as: "bob")
            #expect(early.status == 77)
            #expect(early.errors.contains("[not-operator]"), "\(early.errors)")
            #expect(early.errors.contains("hauberk operator add NAME \(bob)"))
            try scene.does(["operator", "add", "bob", bob], as: "alice")
            #expect(try scene.does(["operator", "list", "--mesh", scene.mesh]).contains("bob"))
            try scene.does(["add", "cache", "--public", "203.0.113.3"], as: "bob")
            let before = try scene.rendered(as: "bob")
            #expect(before.count == 4)
            let sealed = try scene.sealed("key ") + scene.sealed("secret ")
            try scene.does(["operator", "remove", "bob"], as: "alice")
            for command in [
                ["add", "late", "--public", "203.0.113.8"], ["remove", "web"], ["operator", "add", "eve", bob],
            ] {
                let end = try scene.tries(command, as: "bob")
                #expect(end.status == 77 && end.errors.contains("[not-operator]"), "\(command): \(end.errors)")
            }
            #expect(try scene.tries(["render", "--out", "\(scene.folder)/bobs"], as: "bob").status == 77)
            #expect(text("\(scene.folder)/bobs/web/etc/wireguard/wg0.conf") == nil)
            let now = try scene.sealed("key ") + scene.sealed("secret ")
            #expect(now.count == sealed.count && Set(now).isDisjoint(with: sealed), "all is sealed anew")
            #expect(try scene.rendered(as: "alice").mapValues(\.text) == before.mapValues(\.text))
            #expect(try scene.sealed("operator ").count == 1)
        }
    }

    @Test func `operators that are there, unknown or the last are refused`() throws {
        try OperatorsScene.with { scene in
            let bob = try scene.key(of: "bob")
            try scene.does(["operator", "add", "bob", bob], as: "alice")
            let mistakes: [(command: [String], id: String)] = [
                (["operator", "add", "bob", try scene.key(of: "carol")], "operator-exists"),
                (["operator", "add", "robert", bob], "operator-exists"),
                (["operator", "add", "no/name", try scene.key(of: "dave")], "operator-name"),
                (["operator", "add", "erin", "hauberk-operator:short"], "operator-key"),
                (["operator", "remove", "mallory"], "operator-unknown"),
            ]
            let keys = text("\(scene.mesh)/mesh.keys")
            for mistake in mistakes {
                let end = try scene.tries(mistake.command, as: "alice")
                #expect(end.status == 64 && end.errors.contains("[\(mistake.id)]"), "\(mistake): \(end.errors)")
            }
            #expect(text("\(scene.mesh)/mesh.keys") == keys)
            try scene.does(["operator", "remove", "alice"], as: "bob")
            let last = try scene.tries(["operator", "remove", "bob"], as: "bob")
            #expect(last.status == 64 && last.errors.contains("[operator-last]"), "\(last.errors)")
        }
    }

    @Test func `an identity under a passphrase opens with the passphrase alone`() throws {
        try OperatorsScene.with { scene in
            try scene.write("correct horse\n", to: "pass", mode: 0o600)
            try scene.write("battery staple\n", to: "wrong", mode: 0o600)
            let pass = ["--passphrase-file", "\(scene.folder)/pass"]
            try scene.does(["operator", "add", "bob", try scene.key(of: "bob", pass)], as: "alice")
            let identity = try #require(text(scene.identity("bob")))
            #expect(identity.contains("passphrase argon2id ") && !identity.contains("seed "))
            try scene.does(["add", "cache", "--public", "203.0.113.3"], as: "bob", pass)
            let wrong = try scene.tries(
                ["add", "late", "--public", "203.0.113.8"], as: "bob", ["--passphrase-file", "\(scene.folder)/wrong"])
            #expect(wrong.status == 77 && wrong.errors.contains("[identity-passphrase]"), "\(wrong.errors)")
            #expect(!wrong.errors.contains("staple") && !wrong.errors.contains("horse"))
            // Without a file and without a terminal there is nobody to ask.
            let mute = try scene.tries(["add", "late", "--public", "203.0.113.8"], as: "bob")
            #expect(mute.status == 64 && mute.errors.contains("--passphrase-file"), "\(mute)")
        }
    }

    @Test(arguments: [0o644, 0o640, 0o604] as [UInt32])
    func `an identity or passphrase that others may read is refused`(mode: UInt32) throws {
        try OperatorsScene.with { scene in
            let identity = try #require(text(scene.identity("alice")))
            try scene.write(identity, to: "open", mode: mode)
            let end = try scene.tries(["add", "late", "--public", "203.0.113.8"], as: "open")
            #expect(end.status == 77 && end.errors.contains("[exposed-identity]"), "\(end.errors)")
            #expect(end.errors.contains("chmod 600 \(scene.identity("open"))"))
            try scene.write("secret\n", to: "pass", mode: mode)
            let pass = ["--passphrase-file", "\(scene.folder)/pass"]
            let other = try scene.tries(["operator", "key"], as: "new", pass)
            #expect(other.status != 0, "\(other)")
        }
    }
}
