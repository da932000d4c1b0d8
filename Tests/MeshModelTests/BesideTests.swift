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
}
