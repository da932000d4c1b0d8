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
}
