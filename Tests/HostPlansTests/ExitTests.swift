import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// Peers that leave for the Internet by another.
@Suite struct ExitTests {
    private static let body = """
        sites: {s: {network: 10.132.0.0/16, interface: eth1, public-interface: eth0}}
        groups: {app: {}}
        relays: [gate]
        exits: [{via: gate, for: app or phone}]
        peers:
          gate: {site: s, private: 10.132.0.2, public: 203.0.113.2}
          app-1: {groups: [app], site: s, private: 10.132.0.3}
          app-2: {groups: [app], site: s, private: 10.132.0.4}
          db-1: {site: s, private: 10.132.0.5, public: 203.0.113.5}
          phone: {platform: app}
          auto: {groups: [app], site: s, private: 10.132.0.6, table: auto}
        """
    private let planned: PlannedMesh

    init() throws {
        planned = try PlannedMesh(Self.body, prefixes: "10.88.0.0/24, fd5a:3c71:9e00::/48")
    }

    private func policy(_ name: String) throws -> FirewallPolicy {
        let plan = try #require(FirewallPlan(planned.mesh, at: nil))
        return plan.policy(for: try #require(planned.mesh.index(of: name)))
    }

    @Test func `only users allow everything, and only to their gateway`() throws {
        let everything = ["0.0.0.0/0", "::/0"]
        for host in planned.hosts {
            let name = planned.mesh.peers[host.host].name
            for section in host.sections {
                let isWay = planned.mesh.peers[section.peer].name == "gate" && name != "db-1"
                let found = section.allowedIPs.map(\.description).filter(everything.contains)
                #expect(found == (isWay ? everything : []), "\(name)")
            }
        }
    }

    @Test func `users are a class of their own, which the others share`() throws {
        let classes = planned.mesh.topology.classOfPeer
        func number(_ name: String) throws -> Int { classes[try #require(planned.mesh.index(of: name))] }
        #expect(try number("app-1") == number("app-2"))
        #expect(try number("app-1") != number("db-1"))
    }

    @Test func `hauberk routes for those whose routes it adds`() throws {
        let app = try planned.host("app-1").interface
        #expect(app.exit?.families == [.v4, .v6])
        #expect(app.fwmark == app.exit?.table && app.fwmark != nil)
        #expect(app.exit?.ports.map(\.description) == ["51820"])
        #expect(try planned.host("auto").interface.exit == nil, "wg-quick does it by itself")
        #expect(try planned.host("phone").interface.exit == nil, "the app does it by itself")
        #expect(try planned.host("gate").interface.forwards)
        #expect(try planned.host("db-1").interface.exit == nil)
    }

    @Test func `the gateway passes on what users send to the Internet, and nothing else`() throws {
        let gate = try policy("gate")
        let exit = try #require(gate.exit)
        #expect(exit.interface.description == "eth0")
        #expect(gate.forwards && gate.transit.flatMap(\.ports).isEmpty)
        func verdict(_ from: String, _ to: String, _ side: PacketSide = .publicSide) throws -> PacketVerdict {
            let (source, target) = (try IPAddress(parsing: from), try IPAddress(parsing: to))
            let content = Packet.Content.transport(
                .tcp, source: try #require(Port(40_000)), destination: try #require(Port(443)))
            return gate.verdict(
                for: Packet(.forward(from: .tunnel, to: side, isTranslated: false), from: source, to: target, content))
        }
        let (user, other) = (try policy("app-1").addresses[0], try policy("db-1").addresses[0])
        #expect(try verdict(user.description, "8.8.8.8") == .accept)
        #expect(try verdict(other.description, "8.8.8.8") == .refuse)
        // Neither the site, nor private networks, nor a member in plaintext is the Internet.
        for far in ["10.132.0.9", "192.168.1.1", "169.254.169.254", "203.0.113.5", "100.64.0.1"] {
            #expect(try verdict(user.description, far) == .refuse, "\(far)")
        }
    }

    @Test func `a user sends anything to the Internet, and to the mesh what the rules name`() throws {
        let app = try policy("app-1")
        func verdict(_ to: String, _ content: Packet.Content = .echoRequest) throws -> PacketVerdict {
            let target = try IPAddress(parsing: to)
            return app.verdict(for: Packet(.output(.tunnel), from: app.addresses[0], to: target, content))
        }
        let content = Packet.Content.transport(
            .tcp, source: try #require(Port(40_000)), destination: try #require(Port(443)))
        #expect(try verdict("8.8.8.8", content) == .accept)
        #expect(try verdict("8.8.8.8") == .accept)
        #expect(try verdict("203.0.113.5", content) == .refuse)
        #expect(try verdict("10.88.0.1", content) == .refuse)
        #expect(try policy("db-1").notInternet == nil)
    }
}
