import Diagnostics
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// Templates of a mesh's own that lose something of what was planned.
@Suite struct TemplateMeaningTests {
    private static let mesh = """
        mesh: test
        prefixes: [10.88.0.0/24]
        wireguard: {preshared-keys: PSK}
        peers:
          a: {public: 203.0.113.1, routes: [172.20.1.0/24]}
          b: {}
          c: {public: 203.0.113.3, public-key: "TAFQWwmxFBCPuMV/BiTs04HC+YaD4fDaNbTKGmBsqnA="}
        """

    /// The built-in template of a target with some text replaced, and what is found in it.
    private func findings(
        _ target: String, replacing old: String, with new: String, presharedKeys: String = "pair", policy: String = ""
    ) throws -> [Diagnostic] {
        let builtIn = try #require(TargetSet.builtIn.first { $0.target == target })
        let text = String(decoding: builtIn.bytes, as: UTF8.self)
        let changed = text.replacing(old, with: new)
        #expect(changed != text || old.isEmpty, "\(old)")
        let own = TargetSet.File(
            target: target, name: builtIn.name, path: "templates/\(target)/\(builtIn.name)", bytes: Array(changed.utf8))
        let (set, mistakes) = TargetSet.parse(own: [own])
        #expect(mistakes.isEmpty)
        let mesh = try MeshPipeline.mesh(Self.mesh.replacing("PSK", with: presharedKeys) + "\n" + policy)
        return TemplateMeaning.findings(try #require(set).targets, MeshPlan(mesh))
    }

    private static let losses: [(old: String, new: String, says: String)] = [
        ("PublicKey = {{public-key}}", "", "PublicKey"),
        ("PublicKey = {{public-key}}", "PublicKey = TAFQWwmxFBCPuMV/BiTs04HC+YaD4fDaNbTKGmBsqnA=", "twice"),
        ("PrivateKey = {{private-key}}", "", "without its private key"),
        ("PresharedKey = {{preshared-key}}", "", "without the preshared key"),
        ("AllowedIPs = {{allowed-ips}}", "", "allowed IPs of peer"),
        ("AllowedIPs = {{allowed-ips}}", "AllowedIPs = {{allowed-ips}}, 0.0.0.0/0", "allowed IPs of peer"),
        ("Endpoint = {{endpoint}}", "", "endpoint of peer"),
        ("Endpoint = {{endpoint}}", "Endpoint = 192.0.2.1:1", "endpoint of peer"),
        ("ListenPort = {{port}}", "", "without its port"),
        ("[Peer]", "[Interface]", "no setting"),
    ]

    @Test(arguments: ["wg-quick", "wg-setconf"], losses.indices)
    func `a template that loses what was planned is refused`(_ target: String, _ index: Int) throws {
        let loss = Self.losses[index]
        let found = try findings(target, replacing: loss.old, with: loss.new)
        #expect(!found.isEmpty && found.allSatisfy { $0.id == .templateMeaning })
        #expect(found.contains { $0.message.contains(loss.says) }, "\(found.map(\.message))")
        #expect(found.allSatisfy { $0.location?.file.hasPrefix("templates/\(target)/") == true })
    }

    @Test func `addresses, foreign peers and unwanted preshared keys are seen`() throws {
        #expect(try !findings("wg-quick", replacing: "Address = {{addresses}}", with: "").isEmpty)
        #expect(
            try !findings("wg-quick", replacing: "Address = {{addresses}}", with: "Address = 10.88.0.99/32").isEmpty)
        let extra = "{{#peers}}\n[Peer]\nPublicKey = \(FakeKeys.key("stranger"))\n"
        #expect(
            try findings("wg-setconf", replacing: "{{#peers}}\n", with: extra).contains {
                $0.message.contains("not its")
            })
        let always = "{{#public-key}}\nPresharedKey = \(FakeKeys.key("x"))\n{{/public-key}}"
        let found = try findings(
            "wg-setconf", replacing: "{{#preshared-key}}\nPresharedKey = {{preshared-key}}\n{{/preshared-key}}",
            with: always,
            presharedKeys: "off")
        #expect(found.contains { $0.message.contains("with a preshared key") })
        #expect(found.allSatisfy { !$0.message.contains(FakeKeys.key("x")) })
    }

    @Test func `a template that does not load the rules is refused where there are some`() throws {
        let hook = "{{#firewall}}\nPreUp = /etc/hauberk/{{base}}/firewall load\n{{/firewall}}\n"
        let found = try findings("wg-quick", replacing: hook, with: "", policy: "guard: {rescue: {from: a}}")
        #expect(found.count == 1 && found[0].message.contains("without the rules of its firewall"))
        #expect(try findings("wg-quick", replacing: hook, with: "").isEmpty)
        let late = hook.replacing("PreUp", with: "PostUp")
        #expect(try !findings("wg-quick", replacing: hook, with: late, policy: "guard: {rescue: {from: a}}").isEmpty)
    }

    @Test func `what a template may want otherwise is let through`() throws {
        #expect(try findings("wg-quick", replacing: "MTU = {{mtu}}", with: "MTU = 1280").isEmpty)
        #expect(try findings("wg-quick", replacing: "PersistentKeepalive = {{keepalive}}", with: "").isEmpty)
        #expect(try findings("wg-quick", replacing: "Table = off", with: "Table = 42\nPostUp = echo up").isEmpty)
        #expect(try findings("wg-quick", replacing: "# {{name}}, key {{epoch}}", with: "# peer").isEmpty)
        #expect(try findings("wg-setconf", replacing: "", with: "").isEmpty)
    }

    @Test func `built-in targets and targets of other names are not asked`() throws {
        let mesh = try MeshPipeline.mesh(Self.mesh.replacing("PSK", with: "off"))
        #expect(TemplateMeaning.findings(TargetSet.builtInTargets, MeshPlan(mesh)).isEmpty)
        let other = TargetSet.File(
            target: "inventory", name: "interface.conf", path: "templates/inventory/interface.conf",
            bytes: Array("path: etc/x\n---\nhello\n".utf8))
        let set = try #require(TargetSet.parse(own: [other]).set)
        #expect(TemplateMeaning.findings(set.targets, MeshPlan(mesh)).isEmpty)
    }
}
