import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// The bench itself: that it sees what passes, and what does not.
@Suite struct BenchTests {
    private func bench() throws -> KernelBench {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "mysql-1"))
        return KernelBench(mesh: mesh, host: host, policy: plan.policy(for: host))
    }

    @Test func `without rules every packet passes, and with a closed table none`() throws {
        let bench = try bench()
        var random = SeededRandom(seed: 1)
        let rounds = PacketSamples.rounds(bench, limit: 2_000, using: &random)
        let closed = """
            nft 'table inet t { chain i { type filter hook input priority 0; policy drop; }; \
            chain o { type filter hook output priority 0; policy drop; }; \
            chain f { type filter hook forward priority 0; policy drop; }; }'
            """
        let passed = try bench.passed(["true", closed], rounds)
        let refused = zip(rounds.joined(), passed[0]).filter { !$1 }
        #expect(refused.isEmpty, "\(refused.prefix(5))")
        #expect(!passed[1].contains(true))
        #expect(rounds[0].contains { $0.passes } && rounds[0].contains { !$0.passes })
    }
}
