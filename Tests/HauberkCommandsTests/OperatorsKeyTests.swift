import TestSupport
import Testing

/// Whose keys are in a mesh's configurations, from end to end.
@Suite struct OperatorsKeyTests {
    static let heldKeys = [
        "gI6EdUSYvn8ugXOt8QQD6Yc+JyiZxIhp3GInSWRfWGE=", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    ]

    @Test func `a peer keeps its private key to itself, changes it, and hands it back to the mesh`() throws {
        try OperatorsScene.with { scene in
            try scene.does(["add", "phone", "--public", "203.0.113.8", "--public-key", Self.heldKeys[0]], as: "alice")
            let line = try scene.locked("phone")
            #expect(line.contains("key=\(Self.heldKeys[0]) epoch=1 held=peer"), "\(line)")
            #expect(try scene.sealed("key phone ").isEmpty)
            let first = try scene.rendered(as: "alice")
            #expect(first["phone"]?.privateKey == nil)
            #expect(first["phone"]?.text.contains("wg set %i private-key /etc/wireguard/%i.key") == true)
            #expect(first["web"]?.presharedKeys[Self.heldKeys[0]] != nil)

            try scene.does(["set", "phone", "--public-key", Self.heldKeys[1]], as: "alice")
            #expect(try scene.locked("phone").contains("key=\(Self.heldKeys[1]) epoch=2 held=peer"))
            let second = try scene.rendered(as: "alice")
            #expect(second["web"]?.presharedKeys[Self.heldKeys[0]] == nil)
            let keys = [first["web"]?.presharedKeys[Self.heldKeys[0]], second["web"]?.presharedKeys[Self.heldKeys[1]]]
            #expect(keys[0] != nil && keys[1] != nil && keys[0] != keys[1], "a new epoch, a new preshared key")

            try scene.does(["set", "phone", "--unset", "public-key"], as: "alice")
            let third = try scene.locked("phone")
            #expect(third.hasSuffix(" epoch=3") && !third.contains(Self.heldKeys[1]), "\(third)")
            #expect(try scene.sealed("key phone 3 ").count == 1)
            #expect(try scene.rendered(as: "alice")["phone"]?.privateKey != nil)
            #expect(address(third) == address(line), "the address stays")
            try scene.does(["check", "--mesh", scene.mesh])
        }
    }

    @Test func `a peer whose key the mesh has can take it to itself`() throws {
        try OperatorsScene.with { scene in
            #expect(try scene.sealed("key web 1 ").count == 1)
            try scene.does(["set", "web", "--public-key", Self.heldKeys[0]], as: "alice")
            #expect(try scene.locked("web").contains("epoch=2 held=peer"))
            #expect(try scene.sealed("key web ").isEmpty, "the mesh forgets the key that it had")
            try scene.does(["check", "--mesh", scene.mesh])
        }
    }

    @Test func `a peer whose key is lost for good can be removed, and comes back with a new one`() throws {
        try OperatorsScene.with { scene in
            let lost = try #require(try scene.sealed("key web ").first)
            let keys = try #require(text("\(scene.mesh)/mesh.keys"))
            let kept = keys.split(separator: "\n").filter { $0 != lost }.map { $0 + "\n" }.joined()
            try scene.write(kept, to: "mesh/mesh.keys", mode: 0o600)
            #expect(try scene.tries(["render", "--out", "\(scene.folder)/out"], as: "alice").status == 65)
            try scene.does(["remove", "web"], as: "alice")
            try scene.does(["add", "web", "--public", "203.0.113.77"], as: "alice")
            #expect(try scene.locked("web").hasSuffix(" epoch=2"))
            try scene.does(["check", "--mesh", scene.mesh])
        }
    }

    @Test func `a key that is another peer's or none is refused and nothing is written`() throws {
        try OperatorsScene.with { scene in
            try scene.does(["add", "phone", "--public", "203.0.113.8", "--public-key", Self.heldKeys[0]], as: "alice")
            let before = ["yaml", "lock", "keys"].map { text("\(scene.mesh)/mesh.\($0)") }
            for key in [Self.heldKeys[0], "short", String(repeating: "A", count: 43) + "="] {
                let end = try scene.tries(
                    ["add", "tablet", "--public", "203.0.113.9", "--public-key", key], as: "alice")
                #expect(end.status == 64, "\(key): \(end)")
            }
            #expect(["yaml", "lock", "keys"].map { text("\(scene.mesh)/mesh.\($0)") } == before)
        }
    }

    @Test func `preshared keys are the same on both sides, one for each pair, and stay from render to render`() throws {
        try OperatorsScene.with { scene in
            let first = try scene.rendered(as: "alice")
            let pairs = try pairs(first, scene)
            #expect(pairs.count == 3)
            #expect(Set(pairs.values).count == 3, "one for each pair")
            #expect(!pairs.values.contains("none"))
            #expect(try scene.rendered(as: "alice").mapValues(\.text) == first.mapValues(\.text))
            // A change elsewhere is none here, and neither is another operator.
            try scene.does(["operator", "add", "bob", try scene.key(of: "bob")], as: "alice")
            try scene.does(["add", "cache", "--public", "203.0.113.3"], as: "bob")
            let later = try self.pairs(try scene.rendered(as: "bob"), scene)
            #expect(later.count == 6)
            for (pair, key) in pairs { #expect(later[pair] == key, "\(pair)") }
        }
    }

    @Test func `a key's new epoch changes the preshared keys of its peer and no other`() throws {
        try OperatorsScene.with { scene in
            let before = try pairs(try scene.rendered(as: "alice"), scene)
            try scene.does(["remove", "web"], as: "alice")
            try scene.does(["add", "web", "--public", "203.0.113.1"], as: "alice")
            #expect(try scene.locked("web").hasSuffix(" epoch=2"), "a name that comes back goes on counting")
            let after = try pairs(try scene.rendered(as: "alice"), scene)
            #expect(after["db laptop"] == before["db laptop"])
            #expect(after["db web"] != before["db web"])
            #expect(after["laptop web"] != before["laptop web"])
        }
    }

    @Test(arguments: ["mesh", "off"]) func `preshared-keys: mesh is one key for all, off is none`(mode: String) throws {
        try OperatorsScene.with { scene in
            let yaml = try #require(text("\(scene.mesh)/mesh.yaml"))
            let changed = yaml.split(separator: "preshared-keys: pair", omittingEmptySubsequences: false)
                .joined(separator: "preshared-keys: \(mode)")
            #expect(changed != yaml)
            try save(changed, to: "\(scene.mesh)/mesh.yaml")
            let keys = Set(try pairs(try scene.rendered(as: "alice"), scene).values)
            #expect(keys.count == 1)
            #expect(keys.contains("none") == (mode == "off"))
        }
    }

    /// The preshared key of every pair, by both names; that both sides have the same is checked here.
    private func pairs(_ rendered: [String: RenderedConfig], _ scene: OperatorsScene) throws -> [String: String] {
        var names: [String: String] = [:]
        for name in rendered.keys { names[try publicKey(try scene.locked(name))] = name }
        var pairs: [String: String] = [:]
        for (name, config) in rendered {
            for (key, preshared) in config.presharedKeys {
                let other = try #require(names[key])
                let pair = [name, other].sorted().joined(separator: " ")
                #expect(pairs[pair, default: preshared] == preshared, "\(pair)")
                pairs[pair] = preshared
            }
        }
        return pairs
    }

    private func publicKey(_ line: String) throws -> String {
        String(try #require(line.split(separator: " ").first { $0.hasPrefix("key=") }).dropFirst(4))
    }

    private func address(_ line: String) -> [Substring] { Array(line.split(separator: " ").dropFirst(2).prefix(2)) }
}
