import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// The plans of the enabled peers of a mesh, in words.
struct PlannedMesh {
    let mesh: Mesh
    let hosts: [HostPlan]

    init(_ body: String, prefixes: String = "10.88.0.0/24") throws {
        mesh = try MeshPipeline.mesh("mesh: test\nprefixes: [\(prefixes)]\n" + body)
        let plan = MeshPlan(mesh)
        hosts = mesh.peers.indices.map { plan.host($0) }
    }

    func host(_ name: String) throws -> HostPlan { hosts[try #require(mesh.index(of: name))] }

    func section(_ host: String, _ other: String) throws -> PeerSection {
        let index = try #require(mesh.index(of: other))
        return try #require(try self.host(host).sections.first { $0.peer == index })
    }

    func neighbours(_ host: String) throws -> [String] {
        try self.host(host).sections.map { mesh.peers[$0.peer].name }
    }

    func endpoint(_ host: String, _ other: String) throws -> String? { try section(host, other).endpoint?.description }

    func routes(_ host: String) throws -> [String] { try self.host(host).interface.routes.map(\.description) }
}

/// Peers `a` and `b` as declared, and where each sends to the other.
struct EndpointCase: Sendable, CustomTestStringConvertible {
    let a: String
    let b: String
    /// At `a`, of `b`.
    let forward: String?
    let backward: String?

    init(_ a: String, _ b: String, _ forward: String?, _ backward: String?) {
        self.a = a
        self.b = b
        self.forward = forward
        self.backward = backward
    }

    var testDescription: String { "a: {\(a)} b: {\(b)}" }
}

@Suite struct PlanTests {
    private static let sites = "sites: {s: {}, t: {}}\n"

    private static let endpoints: [EndpointCase] = [
        EndpointCase("public: 192.0.2.1", "public: 192.0.2.2", "192.0.2.2:51820", "192.0.2.1:51820"),
        EndpointCase("public: 192.0.2.1", "", nil, "192.0.2.1:51820"),
        EndpointCase("public: 192.0.2.1, port: 99", "", nil, "192.0.2.1:99"),
        EndpointCase(
            "site: s, private: 10.1.0.1, public: 192.0.2.1", "site: s, private: 10.1.0.2, public: 192.0.2.2",
            "10.1.0.2:51820", "10.1.0.1:51820"),
        EndpointCase(
            "site: s, private: 10.1.0.1, public: 192.0.2.1", "site: t, private: 10.1.0.2, public: 192.0.2.2",
            "192.0.2.2:51820", "192.0.2.1:51820"),
        EndpointCase(
            "site: s, private: 10.1.0.1, public: 192.0.2.1", "site: s, private: 'fd01::2', public: 192.0.2.2",
            "192.0.2.2:51820", "192.0.2.1:51820"),
        EndpointCase(
            "site: s, private: ['fd01::1', 10.1.0.1]", "site: s, private: ['fd01::2', 10.1.0.2]", "10.1.0.2:51820",
            "10.1.0.1:51820"),
        EndpointCase(
            "site: s, private: 'fd01::1'", "site: s, private: 'fd01::2'", "[fd01::2]:51820", "[fd01::1]:51820"),
        EndpointCase(
            "site: s, private: 10.1.0.1", "site: t, private: 10.1.0.2, public: 192.0.2.2", "192.0.2.2:51820", nil),
        EndpointCase(
            "public: '2001:db8::1'", "public: ['2001:db8::2', 192.0.2.2]", "[2001:db8::2]:51820", "[2001:db8::1]:51820"),
        EndpointCase(
            "public: ['2001:db8::1', 192.0.2.1]", "public: ['2001:db8::2', 192.0.2.2]", "192.0.2.2:51820",
            "192.0.2.1:51820"),
        EndpointCase("", "public: '2001:db8::2'", "[2001:db8::2]:51820", nil),
        EndpointCase("", "endpoint: vpn.example.com, port: 4500", "vpn.example.com:4500", nil),
        EndpointCase("", "endpoint: 'vpn.example.com:77', port: 4500", "vpn.example.com:77", nil),
        EndpointCase(
            "public: 192.0.2.1", "endpoint: '[2001:db8::2]:9', public: 192.0.2.2", "[2001:db8::2]:9", "192.0.2.1:51820"),
        EndpointCase(
            "site: s, private: 10.1.0.1", "site: s, private: 10.1.0.2, endpoint: vpn.example.com", "10.1.0.2:51820",
            "10.1.0.1:51820"),
    ]

    @Test(arguments: endpoints)
    func `each side has the other's best endpoint, and keepalives where only it has one`(_ pair: EndpointCase) throws {
        let planned = try PlannedMesh(Self.sites + "peers: {a: {\(pair.a)}, b: {\(pair.b)}}")
        #expect(try planned.endpoint("a", "b") == pair.forward)
        #expect(try planned.endpoint("b", "a") == pair.backward)
        let (forward, backward) = (try planned.section("a", "b"), try planned.section("b", "a"))
        #expect(forward.keepalive == (pair.forward != nil && pair.backward == nil ? 25 : nil))
        #expect(backward.keepalive == (pair.backward != nil && pair.forward == nil ? 25 : nil))
    }

    @Test func `a keepalive of a peer's own holds toward everybody`() throws {
        let planned = try PlannedMesh(
            "peers: {a: {public: 192.0.2.1, keepalive: 7}, b: {keepalive: off}, c: {public: 192.0.2.3}}\n"
                + "relays: [a]")
        #expect(try planned.section("a", "b").keepalive == 7 && planned.section("a", "c").keepalive == 7)
        #expect(try planned.section("b", "a").keepalive == nil && planned.section("c", "a").keepalive == nil)
        let off = try PlannedMesh("wireguard: {keepalive: off}\npeers: {a: {public: 192.0.2.1}, b: {}}")
        #expect(try off.section("b", "a").keepalive == nil)
    }

    @Test func `allowed IPs are host prefixes, then networks, then those of the relayed`() throws {
        let planned = try PlannedMesh(
            """
            relays: [r]
            peers:
              a: {routes: [10.7.0.0/16, 10.6.0.0/16]}
              b: {}
              r: {public: 192.0.2.1, routes: [10.5.0.0/16]}
            """, prefixes: "10.88.0.0/24, 'fd88::/64'")
        let allowed = try planned.section("b", "r").allowedIPs.map(\.description)
        let own = ["10.88.0.3/32", "fd88::3/128", "10.5.0.0/16"]
        #expect(allowed == own + ["10.88.0.1/32", "fd88::1/128", "10.6.0.0/16", "10.7.0.0/16"])
        #expect(try planned.section("r", "b").allowedIPs.map(\.description) == ["10.88.0.2/32", "fd88::2/128"])
        #expect(try planned.section("b", "r").relayed == [0] && planned.section("a", "r").relayed == [1])
        #expect(try planned.host("r").interface.forwards && planned.host("a").interface.forwards)
        #expect(try !planned.host("b").interface.forwards)
    }

    @Test func `routes are the mesh's prefixes and the networks that a host is not in`() throws {
        let planned = try PlannedMesh(
            """
            sites: {office: {network: 192.168.7.0/24}, lab: {}}
            peers:
              gw: {site: office, private: 192.168.7.1, routes: [192.168.7.0/24, 192.168.8.0/24], public: 192.0.2.1}
              near: {site: office, private: 192.168.7.2}
              bench: {site: lab, private: 172.20.0.2}
              labgw: {site: lab, private: 172.20.0.1, public: 192.0.2.2, routes: [172.20.0.0/24, 'fd07::/64']}
            relays: [gw]
            """)
        let mesh = "10.88.0.0/24"
        #expect(try planned.routes("gw") == [mesh, "172.20.0.0/24"])
        #expect(try planned.routes("near") == [mesh, "172.20.0.0/24", "192.168.8.0/24"])
        #expect(try planned.routes("bench") == [mesh, "192.168.7.0/24", "192.168.8.0/24"])
        #expect(try planned.routes("labgw") == [mesh, "192.168.7.0/24", "192.168.8.0/24"])
    }

    @Test(arguments: [
        ("table: main", RoutingTable.pooled, 1), ("table: 42", .numbered(42), 1), ("table: off", .off, 0),
        ("table: auto", .automatic, 0), ("platform: app", .automatic, 0),
    ])
    func `a table says who routes`(_ field: String, _ table: RoutingTable, _ routes: Int) throws {
        let interface = try PlannedMesh("peers: {a: {\(field)}}").host("a").interface
        #expect(interface.table == table && interface.routes.count == routes)
    }

    @Test func `overrides are a peer's own, defaults the mesh's`() throws {
        let planned = try PlannedMesh(
            """
            wireguard: {interface: wgm, port: 4500, mtu: 1300}
            peers:
              a: {public: 192.0.2.1}
              b:
                interface: wgb
                port: 4501
                mtu: 1400
                dns: [10.0.0.53]
                fwmark: 5
                pre-up: one
                post-up: [two, three]
                pre-down: four
                post-down: five
                public-key: \(FakeKeys.key("b"))
            """, prefixes: "10.88.0.0/24, 'fd88::/64'")
        let (a, b) = (try planned.host("a").interface, try planned.host("b").interface)
        #expect(a.name.name == "wgm" && a.port.number == 4500 && a.mtu == 1300 && a.fwmark == nil && !a.holdsOwnKey)
        #expect(b.name.name == "wgb" && b.port.number == 4501 && b.mtu == 1400 && b.fwmark == 5 && b.holdsOwnKey)
        #expect(b.dns == ["10.0.0.53"] && b.preUp.map(\.description) == ["one"])
        #expect(b.postUp.map(\.description) == ["two", "three"] && b.preDown.map(\.description) == ["four"])
        #expect(b.postDown.map(\.description) == ["five"])
        #expect(b.addresses.map(\.description) == ["10.88.0.2/32", "fd88::2/128"])
    }

    @Test func `a mesh of one or none has plans as well`() throws {
        #expect(try PlannedMesh("").hosts.isEmpty)
        let one = try PlannedMesh("peers: {a: {}, b: {disabled: yes}}")
        #expect(one.hosts.count == 1 && one.hosts[0].sections.isEmpty)
        #expect(try one.routes("a") == ["10.88.0.0/24"])
    }

    @Test func `nobody has a section of his own, and sections come by name`() throws {
        let peers = (1...12).map { "p\($0): {public: 192.0.2.\($0)}" }.joined(separator: ", ")
        let planned = try PlannedMesh("peers: {\(peers)}")
        let names = planned.mesh.peers.map(\.name)
        for name in names { #expect(try planned.neighbours(name) == names.filter { $0 != name }) }
    }
}
