import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// Two meshes with a policy each, read beside each other as the commands do.
struct MeshPair {
    let meshes: [Mesh]
    private let plans: [FirewallPlan]
    private let firewalls: [HostFirewalls]

    init(_ texts: [String]) throws {
        let meshes = try texts.map { try MeshPipeline.mesh($0) }
        self.meshes = meshes
        plans = try meshes.map { try #require(FirewallPlan($0, at: nil)) }
        firewalls = [
            HostFirewalls(meshes[0], beside: [meshes[1].declared]),
            HostFirewalls(meshes[1], beside: [meshes[0].declared]),
        ]
    }

    func policy(_ mesh: Int, _ name: String) throws -> FirewallPolicy {
        let host = try #require(meshes[mesh].index(of: name))
        return plans[mesh].policy(for: host, neighbors: firewalls[mesh].neighbors(of: host))
    }

    func peer(_ mesh: Int, _ name: String) throws -> Peer {
        meshes[mesh].peers[try #require(meshes[mesh].index(of: name))]
    }

    func routes(_ mesh: Int, _ name: String) throws -> [String] {
        let plan = MeshPlan(meshes[mesh], firewalls: firewalls[mesh])
        return plan.host(try #require(meshes[mesh].index(of: name))).interface.routes.map(\.description)
    }

    func oracle(_ mesh: Int) -> PolicyOracle {
        PolicyOracle(meshes[mesh].declared, topology: meshes[mesh].topology, moment: nil)
    }
}

/// Meshes without a peering on the same hosts and wire.
@Suite struct NeighborTests {
    private static func tenant(_ name: String, _ number: Int, _ rest: String) -> String {
        """
        mesh: \(name)
        prefixes: [10.\(number).0.0/16, "fd4e:2290:\(number)::/48"]
        wireguard: {interface: wg-\(name), port: \(51800 + number)}
        sites: {lon1: {network: 10.138.0.0/16, interface: eth1, public-interface: eth0}}
        groups: {web: {}, db: {}}
        peers:
          node-1: {groups: [web], site: lon1, private: 10.138.0.2, public: 203.0.113.50}
          node-2: {groups: [db], site: lon1, private: 10.138.0.3, public: 203.0.113.51}
        \(rest)
        """
    }

    private static let first = tenant(
        "a", 86,
        """
        services: {https: {expose: {web: public}}, mysql: {expose: {db: private}}}
        allow: [{from: all, to: db, service: mysql}]
        guard: {rescue: {from: 10.138.0.9/32}}
        """)
    private static let second = tenant(
        "b", 87,
        """
        services: {http: {expose: {db: public}}, postgresql: {expose: {db: private}}}
        allow: [{from: all, to: db, service: postgresql}]
        guard: {except: [{from: node-1, to: node-2, ports: [9000/tcp], reason: backups}]}
        """)

    private func packet(
        _ hook: Packet.Hook, _ from: String, _ to: String, _ port: Int, _ state: Packet.State = .original
    ) throws -> Packet {
        let (own, other) = (try #require(Port(40_000)), try #require(Port(port)))
        let content =
            state == .reply
            ? Packet.Content.transport(.tcp, source: other, destination: own)
            : Packet.Content.transport(.tcp, source: own, destination: other)
        return Packet(hook, from: try IPAddress(parsing: from), to: try IPAddress(parsing: to), content, state)
    }

    @Test func `each mesh lets through what the other publishes, rescues and excepts`() throws {
        let pair = try MeshPair([Self.first, Self.second])
        for mesh in [0, 1] {
            let (one, two) = (try pair.policy(mesh, "node-1"), try pair.policy(mesh, "node-2"))
            let asked: [(FirewallPolicy, Packet, PacketVerdict)] = [
                (one, try packet(.input(.publicSide), "198.51.100.1", "203.0.113.50", 443), .accept),
                (one, try packet(.input(.privateSide), "198.51.100.1", "10.138.0.2", 443), .refuse),
                (two, try packet(.input(.publicSide), "198.51.100.1", "203.0.113.51", 80), .accept),
                (two, try packet(.input(.publicSide), "198.51.100.1", "203.0.113.51", 443), .refuse),
                (two, try packet(.input(.privateSide), "10.138.0.9", "10.138.0.3", 22), .accept),
                (two, try packet(.input(.privateSide), "10.138.0.2", "10.138.0.3", 9000), .accept),
                (two, try packet(.input(.privateSide), "10.138.0.2", "10.138.0.3", 9001), .refuse),
                (one, try packet(.output(.privateSide), "10.138.0.2", "10.138.0.3", 9000), .accept),
                (one, try packet(.output(.privateSide), "10.138.0.2", "10.138.0.3", 9001), .refuse),
                (one, try packet(.input(.privateSide), "10.138.0.3", "10.138.0.2", 9000, .reply), .accept),
            ]
            for (policy, packet, verdict) in asked { #expect(policy.verdict(for: packet) == verdict, "\(packet)") }
        }
    }

    @Test func `a mesh that names no public interface takes the other's, and its own services stay on every one`()
        throws
    {
        let pair = try MeshPair([Self.first.replacing(", public-interface: eth0", with: ""), Self.second])
        let (unnamed, named) = (try pair.policy(0, "node-1"), try pair.policy(1, "node-1"))
        #expect(unnamed.publicInterface == named.publicInterface && named.publicInterface != nil)
        let other = try pair.policy(0, "node-2")
        for side in [PacketSide.publicSide, .privateSide] {
            let own = try packet(.input(side), "198.51.100.1", "10.138.0.2", 443)
            let theirs = try packet(.input(side), "198.51.100.1", "10.138.0.3", 80)
            #expect(unnamed.verdict(for: own) == .accept && named.verdict(for: own) == .accept)
            #expect(other.verdict(for: theirs) == (side == .publicSide ? .accept : .refuse))
        }
    }

    @Test func `WireGuard of both meshes comes in and goes out`() throws {
        let pair = try MeshPair([Self.first, Self.second])
        for (mesh, other) in [(0, 51_887), (1, 51_886)] {
            let policy = try pair.policy(mesh, "node-2")
            #expect(policy.neighbors.map { Int($0.port.number) } == [other])
            let port = try #require(Port(other))
            let content = Packet.Content.transport(.udp, source: port, destination: port)
            let (here, there) = (try IPAddress(parsing: "10.138.0.3"), try IPAddress(parsing: "10.138.0.2"))
            #expect(policy.verdict(for: Packet(.input(.privateSide), from: there, to: here, content)) == .accept)
            #expect(policy.verdict(for: Packet(.output(.privateSide), from: here, to: there, content)) == .accept)
        }
    }

    /// Both rule sets judge every packet of a host, each from its own side: the kernel accepts what both accept.
    @Test func `not one packet crosses from a mesh to the other`() throws {
        let pair = try MeshPair([Self.first, Self.second])
        var asked = 0
        for name in ["node-1", "node-2"] {
            for (own, foreign) in [(0, 1), (1, 0)] {
                let policies = [try pair.policy(own, name), try pair.policy(foreign, name)]
                for source in ["node-1", "node-2"] {
                    for target in ["node-1", "node-2"] {
                        let sources = try pair.peer(own, source).addresses
                        for (a, b) in zip(sources, try pair.peer(foreign, target).addresses) {
                            for hooks in Self.hooks {
                                let isPassed = try Self.contents().contains { content in
                                    zip(policies, hooks).allSatisfy { policy, hook in
                                        policy.verdict(for: Packet(hook, from: a, to: b, content)) == .accept
                                    }
                                }
                                #expect(!isPassed, "\(name): \(a) to \(b) at \(hooks)")
                                asked += 1
                            }
                        }
                    }
                }
            }
        }
        #expect(asked == 2 * 2 * 4 * 2 * Self.hooks.count && asked > 500)
    }

    /// Each place on a host but loopback, as the mesh of the source and that of the destination see it.
    private static let hooks: [[Packet.Hook]] = {
        let sides: [[PacketSide]] = [
            [.tunnel, .neighbor], [.neighbor, .tunnel], [.publicSide, .publicSide], [.privateSide, .privateSide],
        ]
        var result = sides.flatMap { side -> [[Packet.Hook]] in [side.map { .input($0) }, side.map { .output($0) }] }
        for from in sides {
            for to in sides where from != to || from[0].isUnderlaySide {
                result.append(zip(from, to).map { .forward(from: $0, to: $1, isTranslated: false) })
            }
        }
        return result
    }()

    private static func contents() throws -> [Packet.Content] {
        let source = try #require(Port(40_000))
        let ports = try [22, 80, 443, 3306, 5432, 9000].map { try #require(Port($0)) }
        return [.echoRequest, .other]
            + ports.flatMap { port in
                Transport.allCases.map { Packet.Content.transport($0, source: source, destination: port) }
            }
    }
}

extension PacketSide {
    fileprivate var isUnderlaySide: Bool { self == .publicSide || self == .privateSide }
}
