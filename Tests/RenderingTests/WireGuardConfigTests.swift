import Addresses
import Diagnostics
import HostPlans
import MeshFixtures
import Rendering
import Testing

@Suite struct WireGuardConfigTests {
    private static let secret = FakeKeys.key("a secret")
    private static let key = FakeKeys.key("a public key")

    private func parse(_ text: String) -> (config: WireGuardConfig, findings: [Diagnostic]) {
        WireGuardConfig.parse(Array(text.utf8), file: "wg0.conf")
    }

    @Test func `every setting is read, in any case, with comments and odd spaces`() throws {
        let text = """
            # a comment
            [interface]\r
            privateKEY=\(Self.secret)
            \tADDRESS = 10.88.0.1/32,\tfd88::1/64   # two
            Address = 10.89.0.1/24
            ListenPort = 51820
            FwMark = 0xca6c
            mtu = 1420
            DNS = 10.0.0.1, corp.example.com
            Table = off
            PostUp = ip route add 10.0.0.0/8 dev %i

            [PEER]
            PublicKey = \(Self.key)
            PresharedKey = \(Self.secret)
            AllowedIPs = 10.88.0.2, 10.88.1.9/24
            AllowedIPs = fd88::2
            Endpoint = [2001:db8::1]:51820
            PersistentKeepalive = 25
            """
        let (config, findings) = parse(text)
        #expect(findings.isEmpty)
        #expect(config.hasPrivateKey)
        #expect(config.addresses.map(\.description) == ["10.88.0.1/32", "fd88::1/64", "10.89.0.1/24"])
        #expect(config.port == Port(51820) && config.fwmark == 0xca6c && config.mtu == 1420)
        let settings = ["dns 10.0.0.1, corp.example.com", "table off", "postup ip route add 10.0.0.0/8 dev %i"]
        #expect(config.settings.map { "\($0.key) \($0.value)" } == settings)
        let peer = try #require(config.peers.first)
        #expect(config.peers.count == 1 && peer.publicKey == Self.key && peer.hasPresharedKey)
        #expect(peer.allowedIPs.map(\.description) == ["10.88.0.2/32", "10.88.1.0/24", "fd88::2/128"])
        #expect(peer.endpoint?.description == "[2001:db8::1]:51820" && peer.keepalive == 25)
        #expect(peer.location.line == 13)
    }

    @Test func `what wg showconf prints is read`() {
        let text = """
            [Interface]
            ListenPort = 51820
            FwMark = 0x5
            PrivateKey = \(Self.secret)

            [Peer]
            PublicKey = \(Self.key)
            AllowedIPs = 10.88.0.2/32, fd88::2/128
            Endpoint = 203.0.113.2:51820
            PersistentKeepalive = 25

            [Peer]
            PublicKey = \(Self.secret)
            AllowedIPs =\u{20}

            """
        let (config, findings) = parse(text)
        #expect(findings.isEmpty && config.fwmark == 5)
        #expect(config.peers.map(\.allowedIPs.count) == [2, 0])
    }

    @Test(arguments: ["", "\n\n", "# nothing", "[Interface]", "[Interface]\nListenPort = 0\nFwMark = off\n"])
    func `little is also a configuration`(_ text: String) {
        let (config, findings) = parse(text)
        #expect(findings.isEmpty && config.peers.isEmpty && config.port == nil && config.fwmark == nil)
    }

    @Test(arguments: ["off", "0"])
    func `no keepalive has two names`(_ value: String) {
        let (config, findings) = parse("[Peer]\nPublicKey = \(Self.key)\nPersistentKeepalive = \(value)\n")
        #expect(findings.isEmpty && config.peers.first?.keepalive == nil)
    }

    private static let refused: [(text: String, place: String)] = [
        ("ListenPort = 1", "1:1"),
        ("[Interfaces]\nListenPort = 1", "1:1"),
        ("[Interface]\n  nonsense", "2:3"),
        ("[Interface]\nListenPort = 65536", "2:1"),
        ("[Interface]\nListenPort = x", "2:1"),
        ("[Interface]\nAddress = 10.0.0.1/33", "2:1"),
        ("[Interface]\nAddress = 10.0.0.1", "2:1"),
        ("[Interface]\nMTU = +1", "2:1"),
        ("[Interface]\nMTU = 65536", "2:1"),
        ("[Interface]\nFwMark = 0x100000000", "2:1"),
        ("[Interface]\nPrivateKey = short", "2:1"),
        ("[Interface]\nPublicKey = \(key)", "2:1"),
        ("[Interface]\nAllowedIPs = 10.0.0.0/8", "2:1"),
        ("[Peer]\nAllowedIPs = 10.0.0.0/8", "1:1"),
        ("[Peer]\nPublicKey = \(key)\nEndpoint = 10.0.0.1", "3:1"),
        ("[Peer]\nPublicKey = \(key)\nAllowedIPs = 10.0.0.0/99", "3:1"),
        ("[Peer]\nPublicKey = \(key)\nPersistentKeepalive = 65536", "3:1"),
        ("[Peer]\nPublicKey = \(key.dropLast())", "2:1"),
        ("[Peer]\nPublicKey = \(key)\nPostUp = true", "3:1"),
        ("[Interface]\nPostUp = a\u{7}b", "2:1"),
        ("[Peer]\n[Peer]\nPublicKey = \(key)", "1:1"),
    ]

    @Test(arguments: refused.indices)
    func `a mistake has its place`(_ index: Int) {
        let (text, place) = Self.refused[index]
        let findings = parse(text).findings
        #expect(
            findings.map { "\($0.id) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" } == [
                "invalid-configuration \(place)"
            ])
    }

    private static let leaks = [
        "[Interface]\nPrivateKey \(secret)", "[Interface]\n\(secret)", "\(secret)", "PrivateKey \(secret)",
        "[Interface]\nPrivateKey = x\(secret)", "[Interface]\nPrivateKey: \(secret)", "[Peer]\nPresharedKey \(secret)",
        "[Peer]\nPresharedKey = \(secret) \(secret)", "[\(secret)]", "[PrivateKey = \(secret)",
        "[Peer]\n\(secret.dropLast())",
        "[Peer]\nPublicKey = \(secret)x", "[Interface]\nPrivateKey\u{7} = \(secret)", "[Nope]\nPrivateKey = \(secret)",
    ]

    @Test(arguments: leaks)
    func `no secret is quoted, wherever a slip has put it`(_ text: String) {
        let findings = parse(text).findings
        let body = Self.secret.dropLast()
        #expect(!findings.isEmpty)
        #expect(findings.allSatisfy { !$0.message.contains(body) && !($0.hint ?? "").contains(body) })
    }
}
