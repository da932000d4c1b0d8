import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// Meshes whose policies the nftables back end is held against, by name; and their files.
enum NftablesMeshes {
    /// Two database servers behind two web servers; both families.
    static func sites(_ rest: String, prefixes: String = "10.88.0.0/16, fd5a:3c71:9e00::/48") -> String {
        """
        mesh: test
        prefixes: [\(prefixes)]
        sites:
          nyc3: {network: [10.132.0.0/16, "fd10:132::/64"], interface: eth1, public-interface: eth0}
        relays: [haproxy-www]
        groups: {www: {}, app: {}, db: {}}
        services:
          http: {expose: {www: public, app: private}}
          mysql: {ports: [3306/tcp, 33060-33062/tcp], expose: {db: private}}
          ssh: {expose: {all: private}}
        \(rest)
        """
    }

    private static let peers = """
        peers:
          haproxy-www: {groups: [www], site: nyc3, private: 10.132.0.2, public: [203.0.113.2, "2001:db8:1::2"]}
          app-1: {groups: [app], site: nyc3, private: 10.132.0.3}
          app-2: {groups: [app], site: nyc3, private: [10.132.0.4, "fd10:132::4"]}
          db-1: {groups: [db], site: nyc3, private: [10.132.0.5, "fd10:132::5"]}
          roaming: {}
        """

    private static let allow = """
        allow:
          - {from: www, to: app, service: http}
          - {from: app, to: db, service: mysql}
          - {from: app-1, to: db, service: [mysql, ssh]}
          - {from: all, to: all, service: ssh}
          - {from: roaming, to: all, service: http, until: 2099-01-01}

        """

    static let dual = sites(allow + peers)
    static let fourOnly = sites(allow + peers, prefixes: "10.88.0.0/16")
    static let sixOnly = sites(allow + peers, prefixes: "fd5a:3c71:9e00::/48")
    static let nothingAllowed = sites("allow: []\n" + peers)
    static let watched = sites("guard: {plaintext: log}\n" + allow + peers)
    static let unguarded = sites("guard: {plaintext: off}\n" + allow + peers)
    static let quiet = sites("icmp: {overlay: none, underlay: none}\n" + allow + peers)

    static let noSites = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        wireguard: {interface: wg-quick-longest}
        services: {http: {expose: {all: public}}}
        allow: [{from: all, to: all, service: http}]
        peers:
          \(String(repeating: "long-", count: 12))a: {public: 203.0.113.2}
          b: {public: 203.0.113.3}
          c: {}
        """.replacing("wg-quick-longest", with: "wg-quick-long=1")

    static let hub = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        topology: hub
        hubs: [hub]
        services: {http: {expose: {all: private}}, ssh: {expose: {all: private}}}
        allow:
          - {from: a, to: b, service: [http, ssh]}
          - {from: [a, b, c, d, e], to: all, service: ssh}
          - {from: b, to: a, service: http, until: 2099-01-01}
        peers:
          hub: {public: [203.0.113.2, "2001:db8:1::2"]}
          a: {}
          b: {}
          c: {}
          d: {}
          e: {}
        """

    static let gateway = """
        mesh: test
        prefixes: [10.88.0.0/16, fd5a:3c71:9e00::/48]
        services: {http: {expose: {all: private}}}
        allow:
          - {from: all, to: 192.168.50.0/24, service: http}
          - {from: 192.168.50.0/24, to: web, service: http}
        exits: [{via: gate, for: all, interface: eth0}]
        peers:
          gate: {public: 203.0.113.2, routes: [192.168.50.0/24]}
          web: {public: 203.0.113.3}
          laptop: {}
        """

    static let all: [(name: String, text: String)] = [
        ("dual", dual), ("four only", fourOnly), ("six only", sixOnly), ("nothing allowed", nothingAllowed),
        ("watched", watched), ("unguarded", unguarded), ("quiet", quiet), ("no sites", noSites), ("hub", hub),
        ("gateway", gateway),
    ]

    /// One in so many peers is a database, the rest are web servers; every tenth may reach the databases by name.
    static func large(_ count: Int) -> String {
        var lines = [
            "mesh: test", "prefixes: [10.0.0.0/8, fd5a:3c71:9e00::/48]",
            "groups: {web: {}, db: {}}", "services: {mysql: {expose: {db: private}}, ssh: {expose: {all: private}}}",
            "allow:", "  - {from: web, to: db, service: mysql}",
        ]
        let some = (1..<count).filter { $0 % 10 == 0 }.map { "p\($0)" }
        lines.append("  - {from: [\(some.joined(separator: ", "))], to: all, service: ssh}")
        lines.append("peers:")
        for number in 1...count {
            let address = "203.\(number >> 16).\(number >> 8 & 255).\(number & 255)"
            lines.append("  p\(number): {groups: [\(number % 100 == 0 ? "db" : "web")], public: \(address)}")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The policy of each host, by name.
    static func policies(_ text: String) throws -> [(name: String, policy: FirewallPolicy)] {
        let mesh = try MeshPipeline.mesh(text)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        return mesh.peers.indices.map { (mesh.peers[$0].name, plan.policy(for: $0)) }
    }

    /// The text of the file of rules.
    static func rules(_ policy: FirewallPolicy) throws -> String {
        let artifact = NftablesFirewall().artifacts(for: policy).first { $0.path.hasSuffix("rules.nft") }
        return String(decoding: try #require(artifact).bytes { _ in "" }, as: UTF8.self)
    }
}
