import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// Policies that are easily rendered wrongly, on the back ends that judge by themselves.
///
/// firewalld is not among them: the interface of a neighbor is in no zone here, and it drops invalid packets by itself.
@Suite struct HardPolicyTests {
    /// Prefixes inside of each other, ports that overlap and touch, one address between two allowed ones, members in a
    /// network that is an exception.
    static let nested = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        sites: {vpc: {network: [10.132.0.0/16, "fd10:132::/64"], interface: eth1, public-interface: eth0}}
        groups: {app: {}, db: {}}
        services:
          a: {ports: [1000-1010/tcp, 53/udp], expose: {all: private}}
          b: {ports: [1005-1020/tcp, 54/udp], expose: {db: private, app: public}}
          c: {ports: [1021/tcp, 1-65535/udp], expose: {db: private}}
        allow:
          - {from: all, to: all, service: a}
          - {from: app, to: db, service: b}
          - {from: app-2, to: db, service: [b, c]}
          - {from: [app-1, app-3], to: db, service: c, until: 2099-01-01}
          - {from: [app-1, app-2, app-3], to: app, service: b}
        guard:
          except:
            - {from: 10.132.0.0/30, to: all, ports: [1000-2000/tcp], reason: a network with members in it}
            - {from: 10.132.0.3, to: db, ports: [1500-2500/tcp, 500/udp], reason: one of them}
            - {from: 0.0.0.0/0, to: app-3, ports: [1800/tcp], reason: everybody}
            - {from: db, to: 10.132.0.0/16, ports: [123/udp], reason: clocks}
        peers:
          app-1: {groups: [app], site: vpc, private: [10.132.0.2, "fd10:132::2"]}
          app-2: {groups: [app], site: vpc, private: [10.132.0.3, "fd10:132::3"], public: [203.0.113.3]}
          app-3: {groups: [app], site: vpc, private: [10.132.0.4, "fd10:132::4"], public: ["2001:db8:1::4"]}
          db-1: {groups: [db], site: vpc, private: [10.132.0.5, "fd10:132::5"], routes: [192.168.50.0/24]}
        """

    static let watched = nested.replacing("guard:", with: "guard:\n  plaintext: log")

    static let hub = """
        mesh: test
        prefixes: [10.88.0.0/16]
        topology: hub
        hubs: [hub]
        services: {http: {expose: {all: private}}, ssh: {expose: {all: private, hub: public}}}
        allow:
          - {from: a, to: b, service: [http, ssh]}
          - {from: [a, c], to: all, service: ssh}
          - {from: b, to: a, service: http, until: 2099-01-01}
        peers:
          hub: {public: [203.0.113.2, "2001:db8:1::2"]}
          a: {}
          b: {}
          c: {}
        """

    static let sixOnly = """
        mesh: test
        prefixes: [fd5a:3c71:9e00::/48]
        services: {http: {expose: {a: public, all: private}}}
        allow: [{from: b, to: a, service: http}]
        icmp: {overlay: none, underlay: none}
        peers:
          a: {public: [203.0.113.2, "2001:db8:1::2"]}
          b: {public: [203.0.113.3, "2001:db8:1::4"]}
          c: {public: "2001:db8:1::3"}
        """

    static let texts = [nested, watched, hub, sixOnly, PolicyTexts.everything]

    static let loaders = FirewallLoader.all.filter { $0.kind == .nftables || $0.kind == .iptables }

    @Test(arguments: loaders.indices, texts.indices)
    func `the kernel judges a hard policy as the reference does`(_ number: Int, _ text: Int) throws {
        let mesh = try MeshPipeline.mesh(Self.texts[text])
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let neighbor = NeighborMesh(
            interface: try InterfaceName(parsing: "wg7"), port: try #require(Port(51_999)))
        var random = SeededRandom(seed: UInt64(text))
        for host in mesh.peers.indices {
            for neighbors in [[], [neighbor]] {
                let found = try Conformance(plan: plan, host: host, neighbors: neighbors).differences(
                    [Self.loaders[number]], limit: 1_500, using: &random
                ).differences
                #expect(found.isEmpty, "\(found.count) differences: \(found.prefix(6).joined(separator: "\n"))")
            }
        }
    }
}
