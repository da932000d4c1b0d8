import Addresses
import Diagnostics
import MeshFixtures
import MeshModel
import Testing

/// Meshes that share hosts.
@Suite struct BesideTests {
    private func clashes(_ mesh: String, _ other: String) throws -> [String] {
        let meshes = try [mesh, other].map { try #require(try MeshPipeline.check($0).declared) }
        let named = Located("../other", SourceLocation(file: "mesh.yaml"))
        return BesideClashes.findings(meshes[0], meshes[1], named: named).map(\.message)
    }

    private func mesh(_ prefix: String, _ wireGuard: String, _ peer: String) -> String {
        "mesh: m\nprefixes: [\(prefix)]\nwireguard: {\(wireGuard)}\nsites: {s: {}, t: {}}\npeers: {p: {\(peer)}}\n"
    }

    @Test func `other interfaces, ports and prefixes live side by side`() throws {
        let found = try clashes(
            mesh("10.1.0.0/16", "interface: wg1, port: 1", "public: 192.0.2.1"),
            mesh("10.2.0.0/16", "interface: wg2, port: 2", "public: 192.0.2.1"))
        #expect(found.isEmpty)
    }

    @Test func `prefixes, interfaces and ports clash each for itself`() throws {
        let found = try clashes(
            mesh("10.1.0.0/16", "port: 1", "public: 192.0.2.1"), mesh("10.1.4.0/24", "port: 1", "public: 192.0.2.1"))
        #expect(found.count == 3)
        #expect(found[0].contains("10.1.0.0/16 overlaps 10.1.4.0/24"))
        #expect(found[1].contains("both name their interface wg0") && found[2].contains("both listen on port 1"))
    }

    @Test func `an interface that begins like one that rotates clashes with it`() throws {
        let peer = "public: 192.0.2.1"
        let rotating = mesh("10.1.0.0/16", "interface: wg1, port: 1", peer) + "rotation: {}\n"
        func other(_ name: String) -> String { mesh("10.2.0.0/16", "interface: \(name), port: 9", peer) }
        for (a, b) in [(rotating, other("wg10")), (other("wg10"), rotating)] {
            let found = try clashes(a, b)
            #expect(found.count == 1 && found[0].contains("wg10 begins with wg1,"), "\(found)")
        }
        #expect(try clashes(rotating, other("wg2")).isEmpty)
        #expect(try clashes(mesh("10.1.0.0/16", "interface: wg1, port: 1", peer), other("wg10")).isEmpty)
    }

    @Test(arguments: [
        ("site: s, private: 10.9.0.1", "site: s, private: 10.9.0.1", 2),
        ("site: s, private: 10.9.0.1", "site: t, private: 10.9.0.1", 0),
        ("site: s, private: 10.9.0.1", "public: 10.9.0.1", 0),
        ("public: 192.0.2.1", "public: 192.0.2.2", 0),
        ("public: [192.0.2.1, '2001:db8::1']", "public: '2001:db8::1'", 2),
        ("public: 192.0.2.1, port: 9, interface: wg9", "public: 192.0.2.1", 0),
        ("public: 192.0.2.1", "public: 192.0.2.1, disabled: yes", 0),
    ])
    func `a host is known by its underlay address`(_ a: String, _ b: String, _ count: Int) throws {
        #expect(try clashes(mesh("10.1.0.0/16", "", a), mesh("10.2.0.0/16", "", b)).count == count)
    }

    @Test func `two policies on a host name its public interface alike`() throws {
        func text(_ number: Int, _ interface: String, _ policy: String = "allow: []\n") -> String {
            "mesh: m\nprefixes: [10.\(number).0.0/16]\nwireguard: {interface: wg\(number), port: \(number)}\n\(policy)"
                + "sites: {s: {public-interface: \(interface)}}\npeers: {p: {site: s, public: 192.0.2.1}}\n"
        }
        #expect(try clashes(text(1, "eth0"), text(2, "eth0")).isEmpty)
        #expect(try clashes(text(1, "eth0"), text(2, "eth1", "")).isEmpty)
        #expect(try clashes(text(1, "eth0"), text(2, "eth1")).count == 1)
    }

    // MARK: peerings

    private func mismatches(_ mesh: String, _ other: String) throws -> [String] {
        let meshes = try [mesh, other].map { try #require(try MeshPipeline.check($0).declared) }
        return PeeringAgreement.findings(meshes[0], beside: [meshes[1]]).map(\.message)
    }

    private func joined(_ name: String, _ number: Int, _ peering: String, gate: String = "192.0.2.1") -> String {
        "mesh: \(name)\nprefixes: [10.\(number).0.0/16]\nwireguard: {interface: wg\(number), port: \(number)}\n"
            + "beside: [../other]\n\(peering)\npeers: {gate: {public: \(gate)}, p: {}}\n"
    }

    @Test(arguments: [
        ("{at: gate, prefixes: [10.2.0.0/16], interface: wg2}", []),
        ("{at: gate, prefixes: [10.2.4.0/24], interface: wg2, port: 2}", []),
        ("{at: gate, prefixes: [10.3.0.0/16], interface: wg2}", ["10.3.0.0/16 is not of the mesh"]),
        ("{at: gate, prefixes: [10.2.0.0/16], interface: wg7}", ["has the interface wg2 on the host"]),
        ("{at: gate, prefixes: [10.2.0.0/16], interface: wg2, port: 7}", ["has the port 2 on the host"]),
        (
            "{at: p, prefixes: [10.2.0.0/16], interface: wg2}",
            ["no peer of the mesh \"b\" is on the host of peer \"p\""]
        ),
    ])
    func `joined meshes say the same of each other`(_ peering: String, _ expected: [String]) throws {
        let back = "peering: {a: {at: gate, prefixes: [10.1.0.0/16], interface: wg1}}"
        let found = try mismatches(joined("a", 1, "peering: {b: \(peering)}"), joined("b", 2, back))
        #expect(found.count == expected.count, "\(found)")
        for (message, part) in zip(found, expected) { #expect(message.contains(part)) }
    }

    @Test func `a peering has another side, and a known port`() throws {
        let mine = joined("a", 1, "peering: {b: {at: gate, prefixes: [10.2.0.0/16], interface: wg2}}")
        #expect(try mismatches(mine, joined("b", 2, "allow: []")).first?.contains("has no peering with \"a\"") == true)
        #expect(try mismatches(mine, joined("b", 2, "")).isEmpty, "a mesh without a policy lets everything through")
        let other = try mismatches(mine, joined("c", 2, ""))
        #expect(other.first?.contains("no mesh beside this one is named \"b\"") == true)
    }
}
