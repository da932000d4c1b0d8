import Addresses
import Diagnostics
import Foundation
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

@Suite struct CloudFirewallTests {
    private func files(_ plan: FirewallPlan) throws -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: try CloudFirewalls.files(for: plan).map {
                ($0.path.replacing("digitalocean/", with: ""), FirewallGoldenTests.text($0))
            })
    }

    private func json(_ text: String?) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(try #require(text).utf8))
    }

    private func bodies(_ plan: FirewallPlan) throws -> [[String: Any]] {
        try #require(try json(try files(plan)["firewalls.json"]) as? [[String: Any]])
    }

    private func plan(_ text: String) throws -> FirewallPlan {
        try #require(FirewallPlan(try MeshPipeline.mesh(text), at: nil))
    }

    // MARK: form

    @Test func `every body is as DigitalOcean's own models say`() throws {
        guard let model = try CloudFirewallModel() else { return }
        let bodies = try bodies(FirewallGoldenTests.sixServers())
        #expect(bodies.count >= 3)
        for body in bodies { #expect(model.mistakes(in: body) == []) }
    }

    @Test func `the models refuse what is wrong`() throws {
        guard let model = try CloudFirewallModel() else { return }
        let sound = try #require(try bodies(FirewallGoldenTests.sixServers()).first)
        let rules = try #require(sound["inbound_rules"] as? [[String: Any]])
        func mistakes(_ change: (inout [String: Any]) -> Void) -> Int {
            var body = sound
            change(&body)
            return model.mistakes(in: body).count
        }
        func rule(_ name: String, _ value: Any?) -> [[String: Any]] {
            var rules = rules
            rules[0][name] = value
            return rules
        }
        #expect(mistakes { _ in } == 0)
        #expect(mistakes { $0["name"] = "a b" } == 1)
        #expect(mistakes { $0["name"] = "-a" } == 1)
        #expect(mistakes { $0["inbound_rules"] = rule("protocol", "esp") } == 1)
        #expect(mistakes { $0["inbound_rules"] = rule("ports", nil) } == 1)
        #expect(mistakes { $0["inbound_rules"] = rule("ports", 22) } == 1)
        #expect(mistakes { $0["inbound_rules"] = rule("sources", nil) } == 1)
        #expect(mistakes { $0["inbound_rules"] = rule("sources", ["address": ["10.0.0.1"]]) } == 1)
        #expect(mistakes { $0["tags"] = "hauberk" } == 1)
        #expect(mistakes { $0["droplet_ids"] = ["1"] } == 1)
        #expect(mistakes { $0["rules"] = [String]() } == 1)
    }

    @Test func `Terraform's resources say what the bodies say`() throws {
        let plan = try FirewallGoldenTests.sixServers()
        let tree = try #require(try json(try files(plan)["firewalls.tf.json"]) as? [String: [String: [String: Any]]])
        let resources = try #require(tree["resource"]?["digitalocean_firewall"] as? [String: [String: Any]])
        let tags = try #require(tree["resource"]?["digitalocean_tag"] as? [String: [String: String]])
        let bodies = try bodies(plan)
        #expect(resources.count == bodies.count)
        for resource in resources.values {
            let body = try #require(bodies.first { $0["name"] as? String == resource["name"] as? String })
            for (list, block, side) in [
                ("inbound_rules", "inbound_rule", "source"), ("outbound_rules", "outbound_rule", "destination"),
            ] {
                let rules = try #require(body[list] as? [[String: Any]])
                let blocks = try #require(resource[block] as? [[String: Any]])
                #expect(rules.count == blocks.count)
                for (rule, block) in zip(rules, blocks) {
                    let ends = try #require(rule["\(side)s"] as? [String: [String]])
                    let ports = rule["ports"] as? String
                    let isICMP = rule["protocol"] as? String == "icmp"
                    #expect(block["protocol"] as? String == rule["protocol"] as? String)
                    #expect(block["port_range"] as? String == (isICMP ? nil : ports == "0" ? "1-65535" : ports))
                    #expect(block["\(side)_addresses"] as? [String] == ends["addresses"])
                    let named = (block["\(side)_tags"] as? [String])?.map { reference in
                        tags.first { reference == "${digitalocean_tag.\($0.key).id}" }?.value["name"]
                    }
                    #expect(named == ends["tags"])
                }
            }
        }
    }

    /// The words as doctl takes them apart (extractRule in its commands/firewalls.go): at blanks, at commas, and each at
    /// its first colon.
    @Test func `doctl's lines say what the bodies say`() throws {
        let plan = try FirewallGoldenTests.sixServers()
        let lines = try #require(try files(plan)["create.sh"]).split(separator: "\n").filter {
            $0.hasPrefix("doctl compute firewall create")
        }
        let bodies = try bodies(plan)
        #expect(lines.count == bodies.count)
        for (line, body) in zip(lines, bodies) {
            let quoted = line.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
            #expect(quoted[1] == body["name"] as? String)
            #expect([quoted[3]] == body["tags"] as? [String])
            for (text, list, side) in [
                (quoted[5], "inbound_rules", "sources"), (quoted[7], "outbound_rules", "destinations"),
            ] {
                let rules = try #require(body[list] as? [[String: Any]])
                let words = text.split(separator: " ")
                #expect(words.count == rules.count)
                for (word, rule) in zip(words, rules) {
                    var said: [String: [String]] = [:]
                    for pair in word.split(separator: ",").map({ $0.split(separator: ":", maxSplits: 1) }) {
                        said[String(pair[0]), default: []].append(String(pair[1]))
                    }
                    let ends = try #require(rule[side] as? [String: [String]])
                    #expect(said["protocol"] == [rule["protocol"] as? String ?? ""])
                    #expect(said["ports"] == [rule["ports"] as? String ?? ""])
                    #expect(said["address"] == ends["addresses"] && said["tag"] == ends["tags"])
                }
            }
        }
    }

    // MARK: limits

    private static func publishing(_ ports: [String], to selector: String = "www") -> String {
        """
        mesh: test
        prefixes: [10.88.0.0/16]
        sites: {nyc3: {network: 10.132.0.0/16, public-interface: eth0}}
        groups:
          www: {}
        services: {many: {ports: [\(ports.joined(separator: ", "))], expose: {\(selector): public}}}
        allow: []
        peers:
          web-1: {groups: [www], site: nyc3, private: 10.132.0.2, public: 203.0.113.2}
          web-2: {groups: [www], site: nyc3, private: 10.132.0.3, public: 203.0.113.3}
          db-1: {site: nyc3, private: 10.132.0.4}
        """
    }

    @Test func `what does not fit into 50 rules is an error with its place`() throws {
        let scattered = (0..<60).map { "\(2_000 + 2 * $0)/tcp" }
        do {
            _ = try CloudFirewalls.files(for: plan(Self.publishing(scattered)))
            Issue.record("60 rules were taken")
        } catch let failure as Failure {
            let text = failure.diagnostics.map { "\($0.id) \($0.location?.line ?? 0)" }
            #expect(text == ["cloud-firewall-limit 6"])
        }
        let adjacent = (0..<60).map { "\(2_000 + $0)/tcp" }
        let bodies = try bodies(plan(Self.publishing(adjacent)))
        for body in bodies {
            let count = ["inbound_rules", "outbound_rules"].map { (body[$0] as? [Any])?.count ?? 0 }.reduce(0, +)
            #expect(count <= 50)
            #expect((body["tags"] as? [String])?.count == 1)
        }
        let ports = bodies.flatMap {
            ($0["inbound_rules"] as? [[String: Any]] ?? []).compactMap { $0["ports"] as? String }
        }
        #expect(ports.contains("2000-2059"))
    }

    @Test func `a guard that does not refuse cannot be said, and that is told where it stands`() throws {
        for mode in ["log", "off"] {
            let text = Self.publishing(["80/tcp"]) + "\nguard: {plaintext: \(mode)}"
            do {
                _ = try CloudFirewalls.files(for: plan(text))
                Issue.record("\(mode) was taken")
            } catch let failure as Failure {
                #expect(failure.diagnostics.map(\.id) == [.unsupportedPolicy])
                #expect(failure.diagnostics.first?.location?.line == 12)
            }
        }
    }

    @Test func `a rule for a host that no group is made of hangs on the host's own tag`() throws {
        let bodies = try bodies(plan(Self.publishing(["80/tcp"], to: "web-2")))
        let tags = bodies.compactMap { ($0["tags"] as? [String])?.first }
        #expect(tags == ["hauberk-test", "hauberk-test::web-2"])
        #expect(bodies.compactMap { $0["name"] as? String } == ["hauberk-test", "hauberk-test..web-2"])
    }

    @Test func `a mesh of 300 droplets has as many rules as one of six`() throws {
        var text = Self.publishing(["80/tcp", "443/tcp"])
        for number in 0..<300 {
            text += "\n  app-\(number): {site: nyc3, private: 10.132.\(2 + number / 200).\(1 + number % 200)}"
        }
        let counts = try bodies(plan(text)).map { body in
            ["inbound_rules", "outbound_rules"].map { (body[$0] as? [Any])?.count ?? 0 }.reduce(0, +)
        }
        #expect(counts.allSatisfy { $0 < 12 }, "\(counts)")
    }

    // MARK: verdicts

    /// Where the cloud lets through more or less than the mesh file says, and why.
    static let explained: [(name: String, reason: String)] = [
        ("published, private side", "the cloud has no interfaces: the host's own firewall closes the private one")
    ]

    @Test func `the union of all firewalls gives the oracle's verdicts on the underlay, but for what is explained`()
        throws
    {
        let plan = try FirewallGoldenTests.sixServers()
        let cloud = try CloudEvaluator(try bodies(plan), plan.mesh)
        let oracle = PolicyOracle(plan.mesh.declared, topology: plan.mesh.topology, moment: nil)
        var (asked, allowed, differences) = (0, 0, [String: Int]())
        for from in cloud.ends {
            for to in cloud.ends
            where to.peer != nil && to.peer != from.peer && to.address.family == from.address.family {
                for subject in CloudEvaluator.subjects {
                    let flow = Flow(.underlay, from: from.flowEnd, to: to.flowEnd, subject, side: to.side)
                    let expected = oracle.verdict(for: flow)
                    let found = cloud.allows(from, to, subject)
                    asked += 1
                    if found { allowed += 1 }
                    if found == expected.isAllowed { continue }
                    let isPublished = oracle.verdict(
                        for: Flow(.underlay, from: from.flowEnd, to: to.flowEnd, subject, side: .public)
                    ).isAllowed
                    let name = found && isPublished && to.side == .private ? "published, private side" : "\(flow)"
                    differences[name, default: 0] += 1
                }
            }
        }
        for (name, count) in differences.sorted(by: { $0.key < $1.key }) {
            let reason = Self.explained.first { $0.name == name }?.reason
            print("\(count) flows differ, \(name): \(reason ?? "NOT EXPLAINED")")
            #expect(reason != nil, "\(count) flows: \(name)")
        }
        #expect(asked > 2_000 && allowed > 100, "\(asked) asked, \(allowed) allowed")
    }

    @Test func `every droplet reaches the Internet, and members only by WireGuard`() throws {
        let plan = try FirewallGoldenTests.sixServers()
        let cloud = try CloudEvaluator(try bodies(plan), plan.mesh)
        let outside = try ["151.101.2.132", "67.207.67.2", "169.254.169.254", "10.132.200.1", "2a04:4e42::644"].map {
            try IPAddress(parsing: $0)
        }
        for peer in plan.mesh.peers.indices {
            for address in outside {
                for subject in CloudEvaluator.subjects { #expect(cloud.leaves(peer, to: address, subject)) }
            }
        }
        let mysql = try #require(plan.mesh.index(of: "mysql-1"))
        let port = try #require(Port(3_306))
        #expect(!cloud.leaves(mysql, to: try IPAddress(parsing: "10.132.0.6"), .port(.tcp, port)))
    }
}
