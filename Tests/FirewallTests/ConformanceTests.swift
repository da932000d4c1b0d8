import HostPlans
import MeshFixtures
import MeshModel
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
}
