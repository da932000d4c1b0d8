import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

@Suite struct UfwPolicyTests {
    /// One host of each mesh: ufw takes seconds to start and stop. `HAUBERK_SEED` moves all seeds.
    @Test func `beside ufw the kernel gives random policies' own answers`() throws {
        let first = SeededRandom.start(0, for: "random policies beside ufw")
        var (seed, done, packets) = (first, 0, 0)
        while done < 20 {
            defer { seed += 1 }
            guard let mesh = RandomPolicyTests.mesh(seed), let plan = FirewallPlan(mesh, at: nil) else { continue }
            var random = SeededRandom(seed: seed)
            let host = Int.random(in: mesh.peers.indices, using: &random)
            let found = try Conformance(plan: plan, host: host).differences([.ufw], limit: 1_500, using: &random)
            packets += found.packets
            if !found.differences.isEmpty {
                Issue.record(
                    "seed \(seed): \(found.differences.prefix(8).joined(separator: "\n"))\n\(RandomPolicy.text(seed: seed))"
                )
            }
            done += 1
        }
        #expect(packets > 4_000, "only \(packets) packets")
    }

    /// ufw empties its chains, with a policy of ACCEPT until it has filled them again.
    @Test func `while ufw reloads again and again, nothing that is refused gets in and nothing that is ours is cut`()
        throws
    {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "mysql-1"))
        let bench = Conformance(plan: plan, host: host).bench
        var random = SeededRandom(seed: 13)
        // Loopback is ufw's own, and cut in the moment in which its chains are empty and its policy not yet ACCEPT.
        let rounds = PacketSamples.rounds(bench, limit: 10_000, using: &random).map { round in
            round.filter { ![.input(.loopback), .output(.loopback)].contains($0.packet.hook) }
        }
        let samples = Array(rounds.joined())
        let loader = FirewallLoader.ufw
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: .ufw), below: folder)
            let interface = bench.policy.interface.description
            let reload = "(while :; do ufw reload && touch '\(folder)/reloaded'; done) >/dev/null 2>&1 &"
            let wait = "timeout 60 sh -c 'until [ -e \(folder)/reloaded ]; do sleep 0.1; done'"
            // The positive control: ufw alone, which opens for moments.
            let out = loader.line("sh \"$TREE/etc/hauberk/$IF/firewall\" remove", tree: folder, interface: interface)
            let loads = loader.line(loader.load, tree: folder, interface: interface)
            return try bench.passed(["\(loads); \(reload) \(wait)", out, "true", "true"], rounds)
        }
        let wrong = zip(samples, passed[0]).filter { $0.passes != $1 }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(5))")
        let open = zip(samples + samples + samples, passed[1...].joined()).filter { sample, didPass in
            guard case .input = sample.packet.hook else { return false }
            return !sample.passes && didPass
        }
        #expect(!open.isEmpty)
        print("packets: \(samples.count), open without ours: \(open.count)")
    }
}
