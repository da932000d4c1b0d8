import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

@Suite struct FirewallPlanTests {
    static let mesh = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        sites: {nyc3: {network: 10.132.0.0/16, interface: eth1, public-interface: eth0}}
        groups: {www: {}, app: {prefix: 10.88.1.0/24}, db: {}, bastion: {}}
        services:
          http: {expose: {www: public, app: private}}
          mysql: {expose: {db: private}}
          ssh: {expose: {bastion: public, all: private}}
        allow:
          - {from: www, to: app, service: http}
          - {from: app, to: db, service: mysql}
          - {from: db, to: db, service: mysql}
          - {from: bastion, to: all, service: ssh}
        guard: {rescue: {from: tunnel-1}}
        peers:
          haproxy-www: {groups: [www], site: nyc3, private: 10.132.0.2, public: 203.0.113.2}
          wordpress-1: {groups: [app], site: nyc3, private: 10.132.0.3}
          mysql-1: {groups: [db], site: nyc3, private: 10.132.0.5}
          mysql-2: {groups: [db], site: nyc3, private: 10.132.0.6}
          tunnel-1: {groups: [bastion], site: nyc3, private: 10.132.0.7, public: 203.0.113.7}
        """

    @Test func `a database host lets in whom the rules name, by block`() throws {
        let mesh = try MeshPipeline.mesh(Self.mesh)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "mysql-1"))
        let policy = plan.policy(for: host)
        let app = try #require(mesh.blocks[0].first)
        #expect(app.description == "10.88.1.0/24")
        let mysql = policy.ingress.filter { $0.ports.map(\.description) == ["3306/tcp"] }
        #expect(mysql.count == 2)
        #expect(mysql.contains { $0.remote.prefixes.contains(app) && $0.remote.prefixes.count == 2 })
        #expect(policy.ingress.contains { $0.ports.map(\.description) == ["22/tcp"] })
        #expect(policy.underlayIngress.map(\.purpose) == [.rescue])
        #expect(policy.underlayEgress.map(\.purpose) == [.published, .published])
        #expect(policy.wireGuardSources != .any)
        #expect(policy.transit.isEmpty)
    }

    @Test func `the host's reference and the mesh's oracle agree on every pair and port`() throws {
        let mesh = try MeshPipeline.mesh(Self.mesh)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: nil)
        var asked = 0
        for from in mesh.peers.indices {
            for to in mesh.peers.indices where to != from {
                for number in [21, 22, 23, 80, 443, 3305, 3306, 3307] {
                    for transport in Transport.allCases {
                        let port = try #require(Port(number))
                        let source = try #require(Port(40_000))
                        let flow = Flow(
                            .overlay, from: .peer(mesh.declaredIndices[from]), to: .peer(mesh.declaredIndices[to]),
                            .port(transport, port))
                        let content = Packet.Content.transport(transport, source: source, destination: port)
                        for (a, b) in zip(mesh.peers[from].addresses, mesh.peers[to].addresses) {
                            let out = plan.policy(for: from).verdict(
                                for: Packet(.output(.tunnel), from: a, to: b, content))
                            let into = plan.policy(for: to).verdict(
                                for: Packet(.input(.tunnel), from: a, to: b, content))
                            let isAllowed = oracle.verdict(for: flow).isAllowed
                            #expect((into == .accept) == isAllowed, "\(flow)")
                            #expect((out == .accept) == isAllowed, "\(flow)")
                            asked += 1
                        }
                    }
                }
            }
        }
        #expect(asked == 5 * 4 * 8 * 2 * 2)
    }
}
