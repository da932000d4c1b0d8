import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// The text of the rules; what the kernel makes of it is tested elsewhere.
@Suite struct NftablesTests {
    private func port(_ text: String) throws -> ServicePorts { try #require(ServicePorts(text)) }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
    }

    @Test func `a host has a script, its rules and a unit, sorted by path`() throws {
        let policy = try #require(try NftablesMeshes.policies(NftablesMeshes.dual).first).policy
        let artifacts = NftablesFirewall().artifacts(for: policy)
        #expect(
            artifacts.map(\.path) == [
                "etc/hauberk/wg0/firewall", "etc/hauberk/wg0/rules.nft",
                "etc/systemd/system/hauberk-firewall-wg0.service",
            ])
        #expect(artifacts.map(\.mode) == [0o755, 0o644, 0o644])
        #expect(FirewallPaths.script(policy.interface) == artifacts[0].path)
    }

    @Test(arguments: [
        ("wg0", "hauberk-wg0"), ("wg-quick-x", "hauberk-wg/2dquick-x"), ("a=b+c", "hauberk-a/3db/2bc"),
        ("wg_1.2", "hauberk-wg_1.2"),
    ])
    func `a table has a name that nft reads and wg-quick leaves alone`(_ interface: String, _ table: String) throws {
        #expect(NftablesFirewall.table(try InterfaceName(parsing: interface)) == table)
        #expect(!table.contains("wg-quick"))
    }

    @Test func `nothing but our own table is named, and nothing is flushed`() throws {
        for (mesh, text) in NftablesMeshes.all {
            for (host, policy) in try NftablesMeshes.policies(text) {
                let lines = lines(try NftablesMeshes.rules(policy)).filter { !$0.hasPrefix("#") }
                let table = "table inet \(NftablesFirewall.table(policy.interface))"
                #expect(Array(lines.prefix(3)) == [table, "delete \(table)", "\(table) {"], "\(mesh), \(host)")
                #expect(!lines.contains { $0.contains("flush") })
                #expect(lines.count { $0.hasPrefix("table ") } == 2)
            }
        }
    }

    @Test func `a log's prefix has at most 29 characters, with the longest of interfaces too`() throws {
        for (_, text) in NftablesMeshes.all {
            for var (_, policy) in try NftablesMeshes.policies(text) {
                policy.interface = try InterfaceName(parsing: "fifteen-letters")
                let rules = lines(try NftablesMeshes.rules(policy))
                let prefixes = rules.compactMap { line -> Substring? in
                    line.contains("log prefix") ? line.split(separator: "\"")[1] : nil
                }
                #expect(prefixes.count > 5)
                for prefix in prefixes { #expect(prefix.count <= 29 && prefix.hasSuffix(" "), "\(prefix)") }
                #expect(rules.count { $0.contains("log prefix") } == rules.count { $0.hasPrefix("limit rate") })
            }
        }
    }

    @Test func `a family that a mesh has not is nowhere let through the tunnel`() throws {
        for (text, other) in [(NftablesMeshes.fourOnly, "ip6"), (NftablesMeshes.sixOnly, "ip")] {
            for (host, policy) in try NftablesMeshes.policies(text) {
                let rules = try NftablesMeshes.rules(policy)
                for chain in ["tunnel-in", "tunnel-out", "tunnel-forward"] {
                    let body = try self.chain(chain, of: rules)
                    #expect(!body.contains { $0.hasPrefix("\(other) ") }, "\(host): \(body)")
                    // What is let through unseen are answers alone.
                    let blind = body.filter { $0.hasSuffix("accept") && !$0.contains("addr") }
                    #expect(blind == ["ct state established ct direction reply accept"], "\(host): \(blind)")
                }
            }
        }
    }

    private func chain(_ name: String, of rules: String) throws -> [String] {
        let lines = rules.split(separator: "\n")
        let start = try #require(lines.firstIndex { $0 == "    chain \(name) {" })
        return lines[(start + 1)...].prefix { $0 != "    }" }.map { String($0.drop { $0 == " " }) }
    }

    @Test func `a set is never empty, and what nobody may reach has no rule`() throws {
        for (mesh, text) in NftablesMeshes.all {
            for (host, policy) in try NftablesMeshes.policies(text) {
                let rules = try NftablesMeshes.rules(policy)
                let sets = rules.split(separator: "\n").filter { $0.hasPrefix("    set ") }.map {
                    $0.split(separator: " ")[1]
                }
                #expect(Set(sets).count == sets.count)
                for set in sets {
                    #expect(rules.contains("@\(set) ") || rules.contains("@\(set)\n"), "\(mesh), \(host)")
                }
                for used in rules.split(separator: "@").dropFirst().map({ $0.prefix { $0 != " " && $0 != "\n" } }) {
                    #expect(sets.contains(used), "\(mesh), \(host): \(used)")
                }
                #expect(!rules.contains("{ }\n") || rules.contains("counter"))
                #expect(!rules.contains("elements = {\n        }"))
            }
        }
        let policy = try #require(try NftablesMeshes.policies(NftablesMeshes.nothingAllowed).last).policy
        #expect(try !NftablesMeshes.rules(policy).contains("@ingress"))
    }

    @Test func `entries are disjoint: a prefix has no port that one around it has`() throws {
        let wide = try IPPrefix(parsing: "10.88.0.0/16")
        let block = try IPPrefix(parsing: "10.88.1.0/24")
        let host = try IPPrefix(parsing: "10.88.1.7/32")
        var policy = try #require(try NftablesMeshes.policies(NftablesMeshes.dual).first).policy
        policy.ingress = [
            Allowance(remote: try #require(PrefixSet([host])), ports: [try port("20-30/tcp"), try port("5/udp")]),
            Allowance(remote: try #require(PrefixSet([wide])), ports: [try port("22-24/tcp")], rules: ["a to b: ssh"]),
            Allowance(
                remote: try #require(PrefixSet([block])), ports: [try port("24-26/tcp")],
                rules: ["b to c: http", "c to d: http"]),
        ]
        let rules = lines(try NftablesMeshes.rules(policy))
        let start = try #require(rules.firstIndex(of: "set ingress4 {"))
        #expect(
            Array(rules[(start + 4)..<(start + 14)].prefix { $0 != "}" }) == [
                "# a to b: ssh", "10.88.0.0/16 . tcp . 22-24,", "# b to c: http; c to d: http",
                "10.88.1.0/24 . tcp . 25-26,",
                "# rescue", "10.88.1.7 . tcp . 20-21,", "10.88.1.7 . tcp . 27-30,", "10.88.1.7 . udp . 5",
            ])
    }

    @Test func `many neighbors are ranges, few are addresses, and a block is its prefix`() throws {
        var policy = try #require(try NftablesMeshes.policies(NftablesMeshes.dual).first).policy
        let first = try IPAddress(parsing: "10.132.0.0")
        let addresses = (0..<300).compactMap { first.advanced(by: $0) }.filter { $0.bits & 255 != 9 }
        policy.members = PrefixSet(addresses.map(IPPrefix.host))
        let rules = lines(try NftablesMeshes.rules(policy))
        let start = try #require(rules.firstIndex(of: "set members4 {"))
        #expect(
            rules[(start + 1)..<(start + 8)].joined(separator: " ")
                == "type ipv4_addr flags constant, interval elements = { 10.132.0.0-10.132.0.8, 10.132.0.10-10.132.1.8, "
                + "10.132.1.10-10.132.1.43 }")
        policy.members = PrefixSet((0..<256).compactMap { first.advanced(by: $0) }.map(IPPrefix.host))
        #expect(try NftablesMeshes.rules(policy).contains("elements = {\n            10.132.0.0/24\n"))
    }

    @Test func `the same policy gives the same bytes, in whatever order peers and services are declared`() throws {
        let lines = NftablesMeshes.hub.split(separator: "\n")
        let peers = try #require(lines.firstIndex(of: "peers:"))
        let turned = (lines[...peers] + lines[(peers + 1)...].reversed()).joined(separator: "\n")
        let lock = try MeshPipeline.allocate(NftablesMeshes.hub).lock
        let files = try [NftablesMeshes.hub, turned].map { text in
            let mesh = try MeshPipeline.mesh(text, lock: lock)
            let plan = try #require(FirewallPlan(mesh, at: nil))
            return try mesh.peers.indices.map { try NftablesMeshes.rules(plan.policy(for: $0)) }
        }
        #expect(files[0] == files[1])
    }

    @Test func `the number of rules does not depend on the number of peers`() throws {
        let counts = try [200, 5_000].map { count -> Int in
            let mesh = try MeshPipeline.mesh(NftablesMeshes.large(count))
            let plan = try #require(FirewallPlan(mesh, at: nil))
            let host = try #require(mesh.index(of: "p100"))
            let rules = try NftablesMeshes.rules(plan.policy(for: host)).split(separator: "\n")
            // Chains come after all sets, whose elements are further in.
            let first = try #require(rules.firstIndex { $0.hasPrefix("    chain ") })
            return rules[first...].count { $0.hasPrefix("        ") }
        }
        #expect(counts[0] == counts[1])
    }
}
