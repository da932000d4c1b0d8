import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// Two meshes joined at a gateway: a packet crosses when the rules of both allow it, and not else.
@Suite struct PeeringTests {
    private static let cloud = """
        mesh: cloud
        prefixes: [10.94.0.0/16, "fd36:8d02:c100::/48"]
        wireguard: {interface: wg-cloud, port: 51824}
        groups: {web: {prefix: [10.94.1.0/24, "fd36:8d02:c100:1::/64"]}}
        services: {https: {expose: {web: private}}, ssh: {expose: {all: private}}}
        peering:
          office: {at: gate, prefixes: [10.95.0.0/16, "fd36:8d02:c200::/48"], interface: wg-office}
        allow:
          - {from: "mesh:office", to: web, service: [https, ssh]}
          - {from: web, to: "mesh:office", service: ldap}
          - {from: "mesh:office", to: gate, service: ssh}
        peers:
          gate: {public: 203.0.113.40}
          web-1: {groups: [web], public: 203.0.113.41}
          db-1: {public: 203.0.113.42}
        """
    private static let office = """
        mesh: office
        prefixes: [10.95.0.0/16, "fd36:8d02:c200::/48"]
        wireguard: {interface: wg-office, port: 51825}
        groups: {desks: {prefix: [10.95.1.0/24, "fd36:8d02:c200:1::/64"]}}
        services: {ldap: {expose: {directory: private}}}
        peering:
          cloud: {at: gate, prefixes: [10.94.0.0/16, "fd36:8d02:c100::/48"], interface: wg-cloud}
        allow:
          - {from: desks, to: "mesh:cloud", service: https}
          - {from: "mesh:cloud", to: directory, service: [ldap, https]}
          - {from: directory, to: "mesh:cloud", service: ssh}
        peers:
          gate: {public: 203.0.113.40}
          desk-1: {groups: [desks]}
          directory: {}
        """

    private func pair() throws -> MeshPair {
        try MeshPair([
            "beside: [../office]\n" + Self.cloud, "beside: [../cloud]\nrelays: [gate]\n" + Self.office,
        ])
    }

    /// One peer of the first mesh to one of the second: out at the sender, over the gateway, in at the receiver.
    private func passes(
        _ pair: MeshPair, _ way: (from: Int, to: Int), _ names: (String, String), _ port: Port, _ family: IPFamily
    ) throws -> Bool {
        let source = try #require(try pair.peer(way.from, names.0).addresses.first { $0.family == family })
        let target = try #require(try pair.peer(way.to, names.1).addresses.first { $0.family == family })
        let content = Packet.Content.transport(.tcp, source: try #require(Port(40_000)), destination: port)
        func judge(_ policy: FirewallPolicy, _ hook: Packet.Hook) -> Bool {
            policy.verdict(for: Packet(hook, from: source, to: target, content)) == .accept
        }
        let gates = (try pair.policy(way.from, "gate"), try pair.policy(way.to, "gate"))
        let ends = (try pair.policy(way.from, names.0), try pair.policy(way.to, names.1))
        return judge(ends.0, .output(.tunnel))
            && judge(gates.0, .forward(from: .tunnel, to: .neighbor, isTranslated: false))
            && judge(gates.1, .forward(from: .neighbor, to: .tunnel, isTranslated: false))
            && judge(ends.1, .input(.tunnel))
    }

    @Test func `what both meshes allow crosses, and nothing else does`() throws {
        let pair = try pair()
        var crossing: [String] = []
        for way in [(from: 0, to: 1), (from: 1, to: 0)] {
            for from in pair.meshes[way.from].peers.map(\.name) where from != "gate" {
                for to in pair.meshes[way.to].peers.map(\.name) where to != "gate" {
                    for number in [22, 389, 443, 5432] {
                        let port = try #require(Port(number))
                        let answers = try IPFamily.allCases.map { try passes(pair, way, (from, to), port, $0) }
                        #expect(
                            answers == [allows(pair, way, (from, to), port), answers[0]], "\(from) \(to) \(number)")
                        if answers[0] { crossing.append("\(from) \(to) \(number)") }
                    }
                }
            }
        }
        #expect(crossing == ["web-1 directory 389", "desk-1 web-1 443", "directory web-1 22"])
    }

    /// What the words of both files say.
    private func allows(
        _ pair: MeshPair, _ way: (from: Int, to: Int), _ names: (String, String), _ port: Port
    ) -> Bool {
        guard let source = pair.meshes[way.from].index(of: names.0), let target = pair.meshes[way.to].index(of: names.1)
        else { return false }
        let (from, to) = (pair.meshes[way.from], pair.meshes[way.to])
        let out = Flow(
            .forward, from: .peer(from.declaredIndices[source]), to: .address(to.peers[target].addresses[0]),
            .port(.tcp, port))
        let into = Flow(
            .forward, from: .address(from.peers[source].addresses[0]), to: .peer(to.declaredIndices[target]),
            .port(.tcp, port))
        return pair.oracle(way.from).verdict(for: out).isAllowed && pair.oracle(way.to).verdict(for: into).isAllowed
    }

    @Test func `the gateway itself is reached across by rule`() throws {
        let pair = try pair()
        let policies = (try pair.policy(1, "gate"), try pair.policy(0, "gate"))
        let (source, target) = (try pair.peer(1, "directory").addresses[0], try pair.peer(0, "gate").addresses[0])
        for (number, verdict) in [(22, PacketVerdict.accept), (23, .refuse)] {
            let content = Packet.Content.transport(
                .tcp, source: try #require(Port(40_000)), destination: try #require(Port(number)))
            let both = [
                policies.0.verdict(for: Packet(.input(.tunnel), from: source, to: target, content)),
                policies.1.verdict(for: Packet(.input(.neighbor), from: source, to: target, content)),
            ]
            #expect(both == [verdict, verdict])
        }
    }

    @Test func `the other mesh is routed by the gateway, and on the gateway by its own interface`() throws {
        let pair = try pair()
        #expect(try pair.routes(0, "web-1").contains("10.95.0.0/16"))
        #expect(try pair.routes(1, "desk-1").contains("10.94.0.0/16"))
        #expect(try pair.routes(0, "gate") == ["10.94.0.0/16", "fd36:8d02:c100::/48"])
        #expect(try pair.policy(0, "gate").neighbors.map(\.interface.description) == ["wg-office"])
        #expect(try pair.policy(0, "web-1").neighbors.isEmpty)
    }

    @Test func `a mesh that cannot be read is known by the peering's port`() throws {
        let text = Self.cloud.replacing("interface: wg-office", with: "interface: wg-office, port: 51825")
        let mesh = try MeshPipeline.mesh(text)
        let gate = try #require(mesh.index(of: "gate"))
        let neighbors = HostFirewalls(mesh).neighbors(of: gate)
        #expect(neighbors.map(\.interface.description) == ["wg-office"])
        #expect(neighbors.map(\.port.description) == ["51825"])
        #expect(neighbors.flatMap(\.prefixes).count == 2)
    }
}
