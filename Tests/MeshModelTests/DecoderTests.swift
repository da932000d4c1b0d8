import Addresses
import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// A file of two lines and those of the case, and the `id line:column` of every finding; lines count from the case's.
struct FieldCase: Sendable, CustomTestStringConvertible {
    let text: String
    let findings: [String]

    init(_ text: String, _ findings: String...) {
        self.text = text
        self.findings = findings
    }

    var testDescription: String { text }
}

func declared(_ text: String) throws -> DeclaredMesh {
    let check = try MeshPipeline.check(head + text)
    return try #require(check.declared, "\(check.findings.map(\.message))")
}

private let head = "mesh: test\nprefixes: [10.88.0.0/16, 'fd88::/48']\n"

@Suite struct DecoderTests {
    @Test func `a mesh of two lines has every default`() throws {
        let mesh = try declared("")
        #expect(mesh.name == "test" && mesh.peers.isEmpty && mesh.sites.isEmpty && mesh.groups.isEmpty)
        #expect(mesh.prefixes.map(\.value.description) == ["10.88.0.0/16", "fd88::/48"])
        #expect(mesh.prefixesLocation.description == "mesh.yaml:2:11")
        #expect(mesh.wireGuard.interface == .wg0 && mesh.wireGuard.port == .wireGuard && mesh.wireGuard.mtu == 1420)
        #expect(mesh.wireGuard.keepalive == 25 && mesh.wireGuard.presharedKeys == .pair)
        #expect(mesh.quarantine == 90 * 86_400 && mesh.relays.isEmpty && mesh.beside.isEmpty)
        guard case .mesh = mesh.topology else { return #expect(Bool(false)) }
    }

    @Test func `every field of the mesh`() throws {
        let mesh = try declared(
            """
            wireguard: {interface: wgx, port: 4500, mtu: 1280, keepalive: off, preshared-keys: mesh}
            quarantine: 12h
            sites: {b: {network: [10.1.0.0/16, 'fd01::/64'], interface: eth1, public-interface: eth0}, a: {}}
            groups: {z: {prefix: [10.88.4.0/24, 'fd88:0:0:4::/64']}, y: {}}
            topology: custom
            links: [[y, all], [p, z]]
            relays: [p, z]
            beside: ../other
            peers: {q: {}, p: {public: 192.0.2.1}}
            """)
        #expect(mesh.wireGuard.interface.name == "wgx" && mesh.wireGuard.port.number == 4500)
        #expect(mesh.wireGuard.mtu == 1280 && mesh.wireGuard.keepalive == 0 && mesh.wireGuard.presharedKeys == .mesh)
        #expect(mesh.quarantine == 43_200)
        #expect(mesh.sites.map(\.name) == ["a", "b"] && mesh.sites[1].networks.count == 2)
        #expect(mesh.sites[1].interface?.name == "eth1" && mesh.sites[1].publicInterface?.name == "eth0")
        #expect(mesh.groups.map(\.name) == ["y", "z"] && mesh.groups[1].prefixes.count == 2)
        guard case .custom(let links) = mesh.topology else { return #expect(Bool(false)) }
        #expect(links.map(\.first) == [.group(0), .peer(0)] && links.map(\.second) == [.all, .group(1)])
        #expect(mesh.relays.map(\.value) == [.peer(0), .group(1)])
        #expect(mesh.beside.map(\.value) == ["../other"] && mesh.peers.map(\.name) == ["p", "q"])
    }

    @Test func `every field of a peer`() throws {
        let mesh = try declared(
            """
            sites: {s: {}}
            groups: {g: {}, h: {}}
            peers:
              p:
                groups: [h, g]
                site: s
                private: [10.1.0.1, 'fd01::1']
                public: 203.0.113.1
                endpoint: VPN.example.com:4500
                address: 10.88.0.9
                routes: [10.5.0.0/16]
                disabled: yes
                public-key: \(FakeKeys.key("p"))
                interface: wgp
                port: 4501
                mtu: 9000
                keepalive: 0
                dns: [10.0.0.53, Example.com]
                table: 4242
                fwmark: 0xffffffff
                pre-up: a
                post-up: [b, c]
                pre-down: d
                post-down: e
            """)
        let peer = try #require(mesh.peers.first)
        #expect(peer.groups == [1, 0] && peer.site == 0 && peer.isDisabled && peer.platform == .linux)
        #expect(peer.privateAddresses.map(\.value.description) == ["10.1.0.1", "fd01::1"])
        #expect(peer.publicAddresses.count == 1 && peer.addresses.count == 1 && peer.routes.count == 1)
        #expect(peer.endpoint?.host.description == "vpn.example.com" && peer.endpoint?.port?.number == 4500)
        #expect(peer.publicKey?.value == FakeKeys.key("p"))
        let own = peer.overrides
        #expect(own.interface?.name == "wgp" && own.port?.number == 4501 && own.mtu == 9000 && own.keepalive == 0)
        #expect(own.dns == ["10.0.0.53", "example.com"] && own.table == .numbered(4242) && own.fwmark == .max)
        #expect(own.preUp.map(\.description) == ["a"] && own.postUp.map(\.description) == ["b", "c"])
        #expect(own.preDown.map(\.description) == ["d"] && own.postDown.map(\.description) == ["e"])
    }

    @Test(arguments: [
        ("table: off", RoutingTable.off), ("table: auto", .automatic), ("table: main", .pooled),
        ("table: 1", .numbered(1)),
        ("mtu: 1400", .pooled),
    ])
    func `a table has four forms`(_ field: String, _ table: RoutingTable) throws {
        #expect(try declared("peers: {p: {\(field)}}").peers[0].overrides.table == table)
    }

    @Test(arguments: [("off", UInt32?.none), ("0", nil), ("51820", 51820), ("4294967295", .max), ("0xCA6C", 0xca6c)])
    func `a mark is decimal or hexadecimal`(_ text: String, _ mark: UInt32?) throws {
        #expect(try declared("peers: {p: {fwmark: \(text)}}").peers[0].overrides.fwmark == mark)
    }

    @Test(arguments: [
        ("vpn.example.com", "vpn.example.com", Int?.none), ("203.0.113.9", "203.0.113.9", nil),
        ("2001:db8::9", "2001:db8::9", nil),
        ("203.0.113.9:4500", "203.0.113.9", 4500), ("[2001:db8::9]:4500", "2001:db8::9", 4500),
    ])
    func `an endpoint has a port or not`(_ text: String, _ host: String, _ port: Int?) throws {
        let endpoint = try declared("peers: {p: {endpoint: '\(text)'}}").peers[0].endpoint
        #expect(endpoint?.host.description == host && endpoint?.port.map { Int($0.number) } == port)
    }

    private static let mistakes: [FieldCase] = [
        FieldCase("nothing: 1", "unknown-field 1:1"),
        FieldCase("rotation: {keys: soon}", "invalid-value 1:18"),
        FieldCase("rotation: {key: 90d}", "unknown-field 1:12"),
        FieldCase("rotation: 90d", "wrong-shape 1:11"),
        FieldCase("peers: [a, b]", "wrong-shape 1:8"),
        FieldCase("peers: {'a b': {}}", "invalid-name 1:9"),
        FieldCase("peers: {all: {}}", "invalid-name 1:9"),
        FieldCase("peers: {p: {ip: 1}}", "unknown-field 1:13"),
        FieldCase("peers: {p: {groups: [x]}}", "unknown-group 1:22"),
        FieldCase("groups: {g: {}}\npeers: {p: {groups: [g, g]}}", "invalid-value 2:25"),
        FieldCase("peers: {p: {site: x}}", "unknown-site 1:19"),
        FieldCase("peers: {p: {private: 10.1.0.1}}", "site-required 1:22"),
        FieldCase("peers: {p: {public: 999.1.1.1}}", "invalid-value 1:21"),
        FieldCase("peers: {p: {public: 127.0.0.1}}", "unusable-address 1:21"),
        FieldCase("peers: {p: {public: [224.0.0.1, 0.0.0.0]}}", "unusable-address 1:22", "unusable-address 1:33"),
        FieldCase("peers: {p: {public: 'fe80::1'}}", "unusable-address 1:21"),
        FieldCase("peers: {p: {endpoint: 'a.example:99999'}}", "invalid-value 1:23"),
        FieldCase("peers: {p: {endpoint: '1.2.3'}}", "invalid-value 1:23"),
        FieldCase("peers: {p: {endpoint: 'a_b'}}", "invalid-value 1:23"),
        FieldCase("peers: {p: {address: [10.88.0.1, 10.88.0.2]}}", "invalid-value 1:34"),
        FieldCase("peers: {p: {address: 10.88.0.1/32}}", "invalid-value 1:22"),
        FieldCase("peers: {p: {routes: 10.0.0.1/8}}", "invalid-value 1:21"),
        FieldCase("peers: {p: {disabled: maybe}}", "invalid-value 1:23"),
        FieldCase("peers: {p: {platform: windows}}", "invalid-value 1:23"),
        FieldCase("peers: {p: {public-key: abc}}", "invalid-key 1:25"),
        FieldCase("peers: {p: {interface: averyverylongname}}", "invalid-value 1:24"),
        FieldCase("peers: {p: {port: 0}}", "invalid-value 1:19"),
        FieldCase("peers: {p: {mtu: 1279}}", "invalid-value 1:18"),
        FieldCase("peers: {p: {keepalive: 65536}}", "invalid-value 1:24"),
        FieldCase("peers: {p: {dns: a_b}}", "invalid-value 1:18"),
        FieldCase("peers: {p: {table: 0}}", "invalid-value 1:20"),
        FieldCase("peers: {p: {fwmark: 4294967296}}", "invalid-value 1:21"),
        FieldCase("peers: {p: {fwmark: 0x-1}}", "invalid-value 1:21"),
        FieldCase("peers: {p: {fwmark: 010}}", "invalid-value 1:21"),
        FieldCase("peers: {p: {post-up: \"a\\nb\"}}", "invalid-hook 1:22"),
        FieldCase("peers: {p: {post-up: 'a # b'}}", "invalid-hook 1:22"),
        FieldCase("peers: {p: {post-up: {a: b}}}", "wrong-shape 1:22"),
        FieldCase(
            "peers: {p: {platform: app, table: off, routes: 10.1.0.0/16}}", "platform-field 1:28", "platform-field 1:40"
        ),
        FieldCase("groups: {g: {prefix: [10.88.1.0/24, 10.88.2.0/24]}}", "invalid-value 1:37"),
        FieldCase("groups: {g: {block: 1}}", "unknown-field 1:14"),
        FieldCase("sites: {s: {net: 1}}", "unknown-field 1:13"),
        FieldCase("sites: {s: {network: 10.0.0.1/8}}", "invalid-value 1:22"),
        FieldCase("wireguard: {prot: 1}", "unknown-field 1:13"),
        FieldCase("wireguard: {preshared-keys: yes}", "invalid-value 1:29"),
        FieldCase("quarantine: 90", "invalid-value 1:13"),
        FieldCase("topology: ring", "invalid-value 1:11"),
        FieldCase("topology: hub", "topology-field 1:11"),
        FieldCase("hubs: [p]\npeers: {p: {}}", "topology-field 1:7"),
        FieldCase("topology: custom\nlinks: []", "topology-field 2:8"),
        FieldCase("topology: custom\nlinks: [[a]]", "wrong-shape 2:9"),
        FieldCase("topology: custom\nlinks: [[a, all]]", "unknown-selector 2:10"),
        FieldCase("relays: [x]", "unknown-selector 1:10"),
        FieldCase("beside: ''", "invalid-value 1:9"),
        FieldCase("groups: {a: {}}\npeers: {a: {}}", "ambiguous-name 2:9"),
        FieldCase("peers: {web: {}, Web: {}}", "ambiguous-name 1:18"),
    ]

    @Test(arguments: mistakes)
    func `a mistake in a field has its place`(_ mistake: FieldCase) {
        let found = MeshPipeline.findings(head + mistake.text)
        let expected = mistake.findings.map { text in
            let parts = text.split(whereSeparator: { $0 == " " || $0 == ":" })
            return "\(parts[0]) \((Int(parts[1]) ?? 0) + 2):\(parts[2])"
        }
        #expect(found == expected)
    }

    @Test func `a mesh needs a name and prefixes`() {
        #expect(MeshPipeline.findings("peers: {}\n") == ["missing-field 1:1", "missing-field 1:1"])
        #expect(MeshPipeline.findings("mesh: a\nprefixes: []\n") == ["missing-field 2:11"])
        #expect(MeshPipeline.findings("mesh: a\nprefixes: 10.0.0.0/33\n") == ["invalid-value 2:11"])
    }
}
