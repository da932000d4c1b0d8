import Glibc
import TestSupport
import Testing

/// Rotations as commands take them, over the files of a mesh with a ledger.
@Suite struct RotateTests {
    private static func with(_ rotation: String = "{}", _ work: (OperatorsScene) throws -> Void) throws {
        try OperatorsScene.with { scene in
            let yaml = "\(scene.mesh)/mesh.yaml"
            try save(try #require(text(yaml)) + "rotation: \(rotation)\n", to: yaml)
            try work(scene)
        }
    }

    /// The ledger is genuine and agrees with the lock file and the keyring, and the mesh breaks no rule.
    private func agrees(_ scene: OperatorsScene, _ place: Int = #line) throws {
        for verb in [["ledger", "verify"], ["check"]] {
            let end = try BuiltProgram("hauberk").run(verb + ["--mesh", scene.mesh], in: scene.folder)
            #expect(end.status == 0 && end.errors.isEmpty, "line \(place): \(end.errors)\(end.output)")
        }
        let missing = try scene.does(["ledger", "reconcile"], as: "alice")
        #expect(missing == "nothing to add\n", "line \(place): \(missing)")
    }

    private func rotation(_ scene: OperatorsScene) throws -> String {
        let lines = try #require(text("\(scene.mesh)/mesh.lock")).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("rotation ") } ?? ""
        return line.split(separator: " ").prefix(3).joined(separator: " ")
    }

    @Test func `a rotation with its ledger, renders, a rename and an operator that goes`() throws {
        try Self.with { scene in
            try scene.does(["operator", "add", "bob", try scene.key(of: "bob")], as: "alice")
            try scene.does(["rotate", "web", "db", "--preshared-keys"], as: "alice")
            #expect(try scene.sealed("key ").count == 5 && scene.sealed("secret ").count == 2)
            try agrees(scene)
            try scene.does(["rename", "web", "www"], as: "alice")
            try scene.does(["operator", "remove", "bob"], as: "alice")
            try agrees(scene)
            let present = try scene.rendered(as: "alice")
            let twin = RenderedConfig(try #require(text("\(scene.folder)/out/www/etc/wireguard/wg0-b.conf")))
            #expect(twin.privateKey != present["www"]?.privateKey && twin.presharedKeys.count == 2)
            for _ in 0..<2 {
                try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
                try agrees(scene)
            }
            #expect(try rotation(scene) == "rotation second")
            #expect(try scene.sealed("key ").count == 3 && scene.sealed("secret preshared 2 ").count == 1)
            #expect(try scene.sealed("secret ").count == 1)
            try scene.does(["render", "--out", "\(scene.folder)/out"], as: "alice")
            #expect(text("\(scene.folder)/out/www/etc/wireguard/wg0.conf") == nil)
            let after = RenderedConfig(try #require(text("\(scene.folder)/out/www/etc/wireguard/wg0-b.conf")))
            #expect(after.privateKey == twin.privateKey && after.presharedKeys == twin.presharedKeys)
        }
    }

    @Test func `an abort leaves no trace of the next keys`() throws {
        try Self.with { scene in
            let keys = try #require(text("\(scene.mesh)/mesh.keys"))
            try scene.does(["rotate", "--all"], as: "alice")
            try scene.does(["rotate", "abort"], as: "alice")
            #expect(text("\(scene.mesh)/mesh.keys") == keys)
            try scene.does(["rotate", "--all", "--preshared-keys"], as: "alice")
            try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
            try scene.does(["rotate", "abort"], as: "alice")
            #expect(try rotation(scene) == "rotation first prepared")
            try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
            #expect(try rotation(scene) == "rotation first" && text("\(scene.mesh)/mesh.keys") == keys)
            try agrees(scene)
        }
    }

    @Test func `the rotation after one that was taken back has epochs of its own`() throws {
        try Self.with { scene in
            try scene.does(["rotate", "web", "--preshared-keys"], as: "alice")
            let aborted = try #require(try scene.sealed("key web 2 ").first)
            try scene.does(["rotate", "abort"], as: "alice")
            #expect(try #require(text("\(scene.mesh)/mesh.lock")).hasPrefix("hauberk-lock 4\n"))
            try scene.does(["rotate", "web", "--preshared-keys"], as: "alice")
            #expect(try scene.sealed("key web ").map { $0.prefix(10) } == ["key web 1 ", "key web 3 "])
            #expect(try scene.sealed("secret preshared ").map { $0.prefix(19) }.last == "secret preshared 3 ")
            // Somebody's branch still has the former one: the union of both is no duplicate, and goes.
            let keys = "\(scene.mesh)/mesh.keys"
            try save(try #require(text(keys)) + aborted + "\n", to: keys)
            let program = BuiltProgram("hauberk")
            #expect(try program.run(["check", "--mesh", scene.mesh], in: scene.folder).status == 0)
            #expect(try scene.does(["ledger", "reconcile"], as: "alice").hasPrefix("removed: "))
            try agrees(scene)
            let status = try program.run(["rotate", "status", "--mesh", scene.mesh], in: scene.folder).output
            let row = status.split(separator: "\n").first { $0.hasPrefix("web ") }?.split(separator: " ") ?? []
            #expect(row.contains("3"), "\(status)")
            try scene.does(["render", "--out", "\(scene.folder)/out"], as: "alice")
            let twin = RenderedConfig(try #require(text("\(scene.folder)/out/web/etc/wireguard/wg0-b.conf")))
            for _ in 0..<2 {
                try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
                try agrees(scene)
            }
            #expect(try scene.locked("web").contains(" epoch=3 ") && !scene.locked("web").contains("spent"))
            #expect(try #require(text("\(scene.mesh)/mesh.lock")).contains("\npreshared 3 since="))
            try scene.does(["render", "--out", "\(scene.folder)/out"], as: "alice")
            let after = RenderedConfig(try #require(text("\(scene.folder)/out/web/etc/wireguard/wg0-b.conf")))
            #expect(after.privateKey == twin.privateKey && after.presharedKeys == twin.presharedKeys)
            #expect(try #require(text("\(scene.mesh)/mesh.lock")).hasPrefix("hauberk-lock 3\n"))
        }
    }

    @Test func `due is what is old or of unknown age, once`() throws {
        try Self.with("{keys: 90d, preshared-keys: 30d}") { scene in
            try scene.does(["add", "new", "--public", "203.0.113.9"], as: "alice")
            let begun = try scene.does(["rotate", "--due"], as: "alice")
            for line in ["db: due, age unknown", "web: due, age unknown", "preshared keys: due, age unknown"] {
                #expect(begun.contains(line + "\n"), "\(begun)")
            }
            #expect(!begun.contains("new: due"))
            #expect(try scene.does(["rotate", "--due"], as: "alice") == "")
            for _ in 0..<2 { try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice") }
            let quiet = try scene.tries(["rotate", "--due"], as: "nobody")
            #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet.errors)")
            let lock = "\(scene.mesh)/mesh.lock"
            let web = try scene.locked("web")
            let old = web.split(separator: " ").map { $0.hasPrefix("since=") ? "since=2001-01-01T00:00:00Z" : $0 }
            try save(try #require(text(lock)).replacing(web, with: old.joined(separator: " ")), to: lock)
            let again = try scene.does(["rotate", "--due"], as: "alice")
            #expect(again.hasPrefix("web: due, 9") && !again.contains("db: due"), "\(again)")
            try agrees(scene)
        }
    }

    @Test func `keys in place need no second interface, and a key that others have goes at once`() throws {
        try OperatorsScene.with { scene in
            try scene.does(["rotate", "--simple", "--all", "--preshared-keys", "--yes"], as: "alice")
            #expect(try scene.locked("web").hasSuffix(" epoch=2") && scene.sealed("secret preshared 2 ").count == 1)
            #expect(try rotation(scene) == "" && scene.sealed("key ").count == 3)
            try agrees(scene)
        }
        try Self.with { scene in
            try scene.does(["rotate", "web", "db"], as: "alice")
            try scene.does(["rotate", "acknowledge", "--all"], as: "alice")
            try scene.does(["rotate", "--now", "--compromised", "web", "--yes"], as: "alice")
            #expect(try scene.locked("web").contains(" epoch=3 ") && !scene.locked("web").contains(" next="))
            #expect(try scene.tries(["rotate", "advance"], as: "alice").status == 1)
            try agrees(scene)
            for _ in 0..<2 { try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice") }
            try agrees(scene)
        }
    }

    @Test func `who is removed takes the mesh's one preshared key along, and no pair's`() throws {
        try Self.with { scene in
            try scene.does(["remove", "laptop"], as: "alice")
            #expect(try rotation(scene) == "")
            let yaml = "\(scene.mesh)/mesh.yaml"
            let pairs = try #require(text(yaml))
            try save(pairs.replacing("preshared-keys: pair", with: "preshared-keys: mesh"), to: yaml)
            try scene.does(["add", "x", "--public", "203.0.113.8"], as: "alice")
            try scene.does(["remove", "x"], as: "alice")
            #expect(try rotation(scene) == "rotation first prepared" && scene.sealed("secret ").count == 2)
            try agrees(scene)
            try scene.does(["add", "y", "--public", "203.0.113.8"], as: "alice")
            try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
            try scene.does(["remove", "y"], as: "alice")
            #expect(try scene.sealed("secret preshared ").map { $0.prefix(18).last } == ["3", "4"])
            try agrees(scene)
            try scene.does(["rotate", "advance", "--acknowledged", "all"], as: "alice")
            try agrees(scene)
            #expect(try scene.sealed("secret preshared 4 ").count == 1)
        }
    }
}
