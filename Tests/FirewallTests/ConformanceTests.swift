import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: FirewallLoader.all.indices)
    func `the six servers are judged by the kernel as by the reference`(_ number: Int) throws {
        let loader = FirewallLoader.all[number]
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        var random = SeededRandom(seed: 7)
        for host in mesh.peers.indices {
            let found = try Conformance(plan: plan, host: host).differences([loader], limit: 6_000, using: &random)
                .differences
            #expect(found.isEmpty, "\(found.count) differences: \(found.prefix(12).joined(separator: "\n"))")
        }
    }

    /// Every other packet by the second interface; WireGuard's own to both ports.
    @Test(arguments: FirewallLoader.all.indices)
    func `both interfaces of a mesh whose keys rotate are judged as the one of another`(_ number: Int) throws {
        let loader = FirewallLoader.all[number]
        let mesh = try MeshPipeline.mesh(PolicyTexts.everything)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let twin = Tunnel(interface: try InterfaceName(parsing: "wg0-b"), port: try Port(parsing: "51821"))
        var random = SeededRandom(seed: 17)
        for name in ["gate", "wordpress-1"] {
            let host = try #require(mesh.index(of: name))
            let found = try Conformance(plan: plan, host: host, twin: twin)
                .differences([loader], limit: 20_000, using: &random).differences
            #expect(found.isEmpty, "\(found.count) differences: \(found.prefix(12).joined(separator: "\n"))")
        }
    }
}

/// What a change of the rules does to what is under way.
@Suite struct ReloadTests {
    private func plans() throws -> (open: FirewallPlan, closed: FirewallPlan) {
        let open = try MeshPipeline.mesh(PolicyTexts.everything)
        let start = try #require(PolicyTexts.everything.range(of: "allow:"))
        let end = try #require(PolicyTexts.everything.range(of: "guard:"))
        let without =
            PolicyTexts.everything[..<start.lowerBound] + "allow: []\n" + PolicyTexts.everything[end.lowerBound...]
        let closed = try MeshPipeline.mesh(String(without))
        return (try #require(FirewallPlan(open, at: nil)), try #require(FirewallPlan(closed, at: nil)))
    }

    @Test(arguments: FirewallLoader.all.indices)
    func `a connection ends with the rule that let it in, at the next packet`(_ number: Int) throws {
        let loader = FirewallLoader.all[number]
        let (open, closed) = try plans()
        let host = try #require(open.mesh.index(of: "mysql-1"))
        let bench = Conformance(plan: open, host: host).bench
        var random = SeededRandom(seed: 11)
        let rounds = PacketSamples.rounds(bench, limit: 30_000, using: &random)
        let policy = closed.policy(for: host)
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            let interface = bench.policy.interface.description
            let lines = try [open, closed].enumerated().map { turn, plan in
                let tree = "\(folder)/\(turn)"
                try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: loader.kind), below: tree)
                return loader.line(loader.load, tree: tree, interface: interface)
            }
            return try bench.passed(lines, rounds)
        }
        let first = rounds[0]
        let cut = first.indices.filter { passed[0][$0] && !passed[1][$0] }
        #expect(cut.count >= 10)
        for (index, sample) in first.enumerated() {
            let expected = policy.verdict(for: sample.packet) != .refuse
            #expect(passed[1][index] == expected, "\(sample.packet)")
        }
    }

    @Test(arguments: FirewallLoader.quick.indices)
    func `what was open before the rules came is judged by them, answers too`(_ number: Int) throws {
        let loader = FirewallLoader.quick[number]
        let plan = try plans().open
        let host = try #require(plan.mesh.index(of: "wordpress-1"))
        let bench = Conformance(plan: plan, host: host).bench
        var random = SeededRandom(seed: 13)
        let rounds = PacketSamples.standing(bench, limit: 6_000, using: &random)
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: loader.kind), below: folder)
            let interface = bench.policy.interface.description
            return try bench.passed(["true", loader.line(loader.load, tree: folder, interface: interface)], rounds)
        }
        #expect(!passed[0].contains(false))
        let wrong = zip(rounds.joined(), passed[1]).filter { $0.passes != $1 }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(5))")
        #expect(rounds[1].contains { !$0.passes })
    }
}
