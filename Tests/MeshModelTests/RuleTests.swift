import Addresses
import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// A mesh file, the ids that the rules find in it, and a text in one of the messages.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let text: String
    let ids: [String]
    let says: String

    init(_ text: String, _ ids: [String], says: String = "") {
        self.text = text
        self.ids = ids
        self.says = says
    }

    var testDescription: String { text }
}

@Suite struct RuleTests {
    private static let head = "mesh: test\nprefixes: [10.88.0.0/16]\n"

    /// Two peers that can meet, with further fields.
    private static func pair(_ a: String, _ b: String, _ more: String = "") -> String {
        "\(more)\npeers: {a: {public: 203.0.113.1\(a)}, b: {public: 203.0.113.2\(b)}}"
    }

    private static let accepted: [String] = [
        "", "peers: {a: {}}", pair("", ""), pair(", address: 10.88.0.1", ", address: 10.88.0.2"),
        pair(", routes: [10.1.0.0/16]", ", routes: [10.2.0.0/16]"),
        pair(", routes: [10.1.0.0/16]", ", routes: [10.1.0.0/16], disabled: yes"),
        pair(", groups: [g], address: 10.88.1.1", "", "groups: {g: {prefix: 10.88.1.0/24}}"),
        "sites: {s: {network: 10.1.0.0/16}}\npeers: {a: {site: s, private: 10.1.0.1, routes: 10.1.0.0/16}}",
        "sites: {s: {network: 10.1.0.0/16}}\npeers: {a: {site: s, private: 'fd01::1'}}",
        "sites: {s: {}, t: {}}\npeers: {a: {site: s, private: 10.1.0.1, public: 192.0.2.1}, b: {site: t, private: 10.1.0.1}}",
        "peers: {a: {public: 192.0.2.1}, b: {public: 192.0.2.1, port: 4500}}",
        "relays: [r]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1}}",
        "topology: custom\nlinks: [[a, r], [b, r]]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1}}",
        "topology: hub\nhubs: [r]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1}}",
        "sites: {s: {}}\npeers: {a: {site: s, private: 10.1.0.1}, b: {site: s, private: 10.1.0.2}}",
    ]

    @Test(arguments: accepted)
    func `a mesh without a mistake`(_ text: String) throws {
        #expect(MeshPipeline.findings(Self.head + text) == [])
        _ = try MeshPipeline.mesh(Self.head + text)
    }

    private static let refused: [RuleCase] = [
        RuleCase(pair(", address: 10.88.0.1", ", address: 10.88.0.1"), ["overlapping-address"], says: "10.88.0.1/32"),
        RuleCase(pair(", address: 10.89.0.1", ""), ["address-outside-mesh"]),
        RuleCase(pair(", address: 10.88.0.0", ""), ["unusable-address"]),
        RuleCase(pair(", address: 10.88.255.255", ""), ["unusable-address"]),
        RuleCase(
            pair(", groups: [g], address: 10.88.2.1", "", "groups: {g: {prefix: 10.88.1.0/24}}"),
            ["address-outside-group"]),
        RuleCase(pair(", address: 10.88.1.1", "", "groups: {g: {prefix: 10.88.1.0/24}}"), ["address-in-foreign-group"]),
        RuleCase("groups: {g: {prefix: 10.89.0.0/24}}", ["overlapping-prefix"], says: "outside"),
        RuleCase(
            "groups: {g: {prefix: 10.88.0.0/20}, h: {prefix: 10.88.1.0/24}, i: {prefix: 10.88.2.0/24}}",
            ["overlapping-prefix", "overlapping-prefix"]),
        RuleCase(pair(", routes: [10.88.9.0/24]", ""), ["overlapping-route"], says: "of the mesh"),
        RuleCase(pair(", routes: [0.0.0.0/0]", ""), ["overlapping-route", "underlay-overlap", "underlay-overlap"]),
        RuleCase(
            pair(", routes: [10.1.0.0/16]", ", routes: [10.1.2.0/24, 10.1.3.0/24]"),
            ["overlapping-route", "overlapping-route"]),
        RuleCase("sites: {s: {network: 10.88.3.0/24}}", ["underlay-overlap"]),
        RuleCase(pair(", routes: [10.1.0.0/24]", "", "sites: {s: {network: 10.1.0.0/16}}"), ["underlay-overlap"]),
        RuleCase(
            pair("", ", routes: [203.0.113.0/24]"), ["underlay-overlap", "underlay-overlap"], says: "behind peer \"b\""),
        RuleCase("peers: {a: {public: 10.88.7.7}}", ["underlay-overlap"], says: "10.88.0.0/16 of the mesh"),
        RuleCase("sites: {s: {}}\npeers: {a: {site: s, private: 10.88.7.7}}", ["underlay-overlap"]),
        RuleCase(
            "sites: {s: {network: 10.1.0.0/24}}\npeers: {a: {site: s, private: 10.1.1.1}}", ["address-outside-site"]),
        RuleCase("peers: {a: {public: 192.0.2.1}, b: {public: 192.0.2.1}}", ["duplicate-endpoint"]),
        RuleCase(
            "sites: {s: {}}\npeers: {a: {site: s, private: 10.1.0.1}, b: {site: s, private: 10.1.0.1}}",
            ["duplicate-endpoint"]),
        RuleCase(pair(", public-key: \(key)", ", public-key: \(key)"), ["shared-key"]),
        RuleCase("peers: {a: {}, b: {}}", ["unreachable-pair"], says: "\"a\" and peer \"b\""),
        RuleCase("peers: {a: {}, b: {}, c: {}, d: {public: 192.0.2.1}}", ["unreachable-pair"], says: "2 more pairs"),
        RuleCase(
            "relays: [r]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1, disabled: yes}}",
            ["emptiness", "unreachable-pair"]),
        RuleCase("relays: [g]\ngroups: {g: {}}", ["emptiness"]),
        RuleCase("topology: hub\nhubs: [g]\ngroups: {g: {}}\npeers: {a: {public: 192.0.2.1}}", ["emptiness"]),
        RuleCase(
            "topology: custom\nlinks: [[a, b], [b, a]]\npeers: {a: {public: 192.0.2.1}, b: {}}", ["duplicate-link"]),
        RuleCase("relays: [r]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1, platform: app}}", ["platform-field"]),
        RuleCase("peers: {a: {public: 192.0.2.1}, b: {public: '2001:db8::1'}}", ["unreachable-pair"]),
    ]

    private static let key = FakeKeys.key("shared")

    @Test(arguments: refused)
    func `a rule finds its mistake and nothing else`(_ rule: RuleCase) throws {
        let findings = try MeshPipeline.check(Self.head + rule.text).findings
        let ids = findings.map { $0.id.name == "empty-selector" ? "emptiness" : $0.id.name }
        #expect(ids.sorted() == rule.ids.sorted(), "\(findings.map(\.message))")
        #expect(rule.says.isEmpty || findings.contains { $0.message.contains(rule.says) }, "\(findings.map(\.message))")
        #expect(findings.allSatisfy { $0.location?.file == "mesh.yaml" })
    }

    @Test(arguments: [
        ("[10.88.0.0/16, 10.88.4.0/24]", "overlapping-prefix"), ("[172.17.0.0/16]", "reserved-range"),
        ("[10.88.0.0/16, 10.0.0.0/8]", "overlapping-prefix"),
    ])
    func `prefixes of the mesh`(_ prefixes: String, _ id: String) {
        let found = MeshPipeline.findings("mesh: test\nprefixes: \(prefixes)\n")
        #expect(found.contains { $0.hasPrefix(id) }, "\(found)")
    }

    @Test func `what was allocated is held against the rules as well`() throws {
        var lock = MeshPipeline.emptyLock()
        lock.peers["a"] = LockedPeer(v4: try .init(parsing: "10.88.0.1"), v6: nil, publicKey: FakeKeys.key("a"))
        lock.peers["b"] = LockedPeer(v4: try .init(parsing: "10.99.0.1"), v6: nil, publicKey: FakeKeys.key("a"))
        let text = Self.head + "peers: {a: {public: 192.0.2.1}, b: {}, c: {public: 192.0.2.3, address: 10.88.0.1}}"
        let ids = Set(MeshPipeline.findings(text, lock: lock).map { $0.prefix { $0 != " " } })
        #expect(ids == ["overlapping-address", "address-outside-mesh", "shared-key"])
    }
}
