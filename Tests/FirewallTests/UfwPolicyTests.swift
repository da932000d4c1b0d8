import HostPlans
import MeshFixtures
import MeshModel
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
            // Where ours lets through what is not allowed, ufw still drops what connection tracking calls invalid.
            let isStrict = plan.policy(for: host).guardMode == .reject
            let differences = found.differences.filter {
                isStrict || !$0.hasSuffix(" other original, to pass, was refused")
            }
            if !differences.isEmpty {
                Issue.record(
                    "seed \(seed): \(differences.prefix(8).joined(separator: "\n"))\n\(RandomPolicy.text(seed: seed))"
                )
            }
            done += 1
        }
        #expect(packets > 4_000, "only \(packets) packets")
    }
}
