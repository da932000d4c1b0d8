import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Testing

@Suite struct RandomPolicyTests {
    static let count: UInt64 = 200

    /// The mesh of a seed; nil where chance drew a file with mistakes, such as an empty set.
    static func mesh(_ seed: UInt64) -> Mesh? { try? MeshPipeline.mesh(RandomPolicy.text(seed: seed)) }

    @Test func `most seeds are meshes, of every kind`() throws {
        let meshes = (0..<Self.count).compactMap(Self.mesh)
        #expect(meshes.count > 150, "only \(meshes.count) of \(Self.count)")
        let plans = meshes.compactMap { FirewallPlan($0, at: nil) }
        for mode in GuardMode.allCases {
            #expect(plans.contains { $0.policy(for: 0).guardMode == mode })
        }
        let policies = plans.flatMap { plan in plan.mesh.peers.indices.map { plan.policy(for: $0) } }
        #expect(policies.contains { !$0.transit.isEmpty })
        #expect(policies.contains { $0.ingress.contains { $0.until != nil } })
        #expect(policies.contains { $0.prefixes.prefixes.count == 1 })
    }

    @Test func `the mesh's oracle and both hosts' references agree on every flow of 300 random policies`() throws {
        var asked = 0
        for seed in 0..<300 as Range<UInt64> {
            guard let mesh = Self.mesh(seed), let plan = FirewallPlan(mesh, at: nil) else { continue }
            asked += try FlowComparison(mesh: mesh, plan: plan).run { difference in
                Issue.record("seed \(seed): \(difference)\n\(RandomPolicy.text(seed: seed))")
            }
        }
        #expect(asked > 150_000, "only \(asked) flows were asked for")
    }

    /// Half of the hosts of each mesh, chosen by the seed, on every back end but firewalld, which takes seconds to load
    /// and has a test of its own; `HAUBERK_SEED` moves all seeds.
    @Test func `the kernel gives 200 random policies' own answers with every back end`() throws {
        let first = SeededRandom.start(0, for: "random policies in the kernel")
        var (seed, done, packets) = (first, 0, 0)
        while done < Self.count {
            defer { seed += 1 }
            guard let mesh = Self.mesh(seed), let plan = FirewallPlan(mesh, at: nil) else { continue }
            var random = SeededRandom(seed: seed)
            let hosts = mesh.peers.indices.shuffled(using: &random).prefix((mesh.peers.count + 1) / 2)
            for host in hosts {
                let found = try Conformance(plan: plan, host: host).differences(
                    FirewallLoader.quick, limit: 400, using: &random)
                packets += found.packets
                if found.differences.isEmpty { continue }
                Issue.record(
                    "seed \(seed): \(found.differences.prefix(8).joined(separator: "\n"))\n\(RandomPolicy.text(seed: seed))"
                )
                return
            }
            done += 1
        }
        #expect(packets > 100_000, "only \(packets) packets")
    }
}
