import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// firewalld by itself, for what the tests of all back ends do not ask.
@Suite struct FirewalldTests {
    @Test func `firewalld gives random policies' own answers`() throws {
        let first = SeededRandom.start(5_000, for: "random policies for firewalld")
        var (seed, done, packets) = (first, 0, 0)
        while done < 20 {
            defer { seed += 1 }
            guard let mesh = RandomPolicyTests.mesh(seed), let plan = FirewallPlan(mesh, at: nil) else { continue }
            var random = SeededRandom(seed: seed)
            let host = mesh.peers.indices.shuffled(using: &random)[0]
            let found = try Conformance(plan: plan, host: host).differences(
                [.firewalld], limit: 2_000, using: &random)
            packets += found.packets
            done += 1
            if found.differences.isEmpty { continue }
            Issue.record(
                "seed \(seed): \(found.differences.count): \(found.differences.prefix(8).joined(separator: "\n"))")
        }
        #expect(packets > 10_000, "only \(packets) packets")
    }

    private func sixServers() throws -> (plan: FirewallPlan, host: Int) {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        return (try #require(FirewallPlan(mesh, at: nil)), try #require(mesh.index(of: "tunnel-1")))
    }

    /// Runs a script in the bench's namespace, with a rendered tree; what it prints is in the error when it fails.
    private func run(_ script: String, host: Int, _ plan: FirewallPlan) throws {
        let bench = Conformance(plan: plan, host: host).bench
        try withTemporaryFolder { folder in
            let tree = "\(folder)/tree"
            try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: .firewalld), below: tree)
            try save("set -eu\nTREE=\(tree)\ndaemon() { \(FirewalldDaemon.start); }\n\(script)", to: "\(folder)/script")
            _ = try bench.passed(["sh '\(folder)/script'"], [])
        }
    }

    @Test func `the user's zones, policies and sets are as they were, also after a reload, a restart and removal`()
        throws
    {
        let (plan, host) = try sixServers()
        try run(FirewalldScripts.coexistence, host: host, plan)
    }

    @Test func `in the host's own tree, what is removed waits beside the script, and comes back with the next load`()
        throws
    {
        let (plan, host) = try sixServers()
        try run(FirewalldScripts.inPlace, host: host, plan)
    }

    @Test func `firewalld's own check reads the files, and finds those that are broken`() throws {
        let (plan, host) = try sixServers()
        try run(FirewalldScripts.checks, host: host, plan)
    }

    @Test
    func `without the table beside it, firewalld still judges the tunnel, spoofing and members, and refuses nothing`()
        throws
    {
        let (plan, host) = try sixServers()
        let bench = Conformance(plan: plan, host: host).bench
        var random = SeededRandom(seed: 21)
        let rounds = PacketSamples.rounds(bench, limit: 4_000, using: &random)
        let loader = FirewallLoader.firewalld
        let passed = try withTemporaryFolder { folder -> [Bool] in
            try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: .firewalld), below: folder)
            let load = loader.line(loader.load, tree: folder, interface: "wg0")
            return try bench.passed(["\(load); nft delete table inet hauberk-wg0"], rounds)[0]
        }
        let members = try #require(bench.policy.members)
        var (asked, open) = (0, 0)
        for (sample, didPass) in zip(rounds.joined(), passed)
        where sample.packet.state == .original && sample.way == .plain {
            let packet = sample.packet
            asked += 1
            if sample.passes == didPass { continue }
            open += 1
            #expect(didPass, "\(sample)")
            // What firewalld has no word for: interfaces, and the default zone's say on strangers.
            var remote = packet.source
            if case .output = packet.hook { remote = packet.destination }
            if case .forward = packet.hook { remote = packet.destination }
            let isStrangers = !members.contains(remote)
            let isPublished =
                [.input(.privateSide)].contains(packet.hook)
                && bench.policy.underlayIngress.contains {
                    guard case .transport(let transport, _, let port) = packet.content else { return false }
                    return $0.scope == .publicSide && $0.ports.contains { $0.contains(port, of: transport) }
                }
            // DHCP's answers are known there by the port that they go to alone.
            if case .transport(.udp, _, let port) = packet.content, port.number == 68 { continue }
            let isInside =
                bench.policy.prefixes.contains(packet.source) || bench.policy.prefixes.contains(packet.destination)
            #expect(!isInside && (isStrangers || isPublished), "\(sample)")
        }
        #expect(asked > 1_000 && open < asked / 2, "\(open) of \(asked)")
    }
}
