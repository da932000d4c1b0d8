import Addresses
import HostPlans
import MeshModel
import Rendering
import TestSupport

/// A back end's rules in the kernel against the reference, for one host.
struct Conformance {
    let plan: FirewallPlan
    let host: Int
    var neighbors: [NeighborMesh] = []

    var bench: KernelBench {
        KernelBench(mesh: plan.mesh, host: host, policy: plan.policy(for: host, neighbors: neighbors))
    }

    /// What the kernel judges otherwise than the reference.
    func differences(
        _ loader: FirewallLoader, limit: Int, using random: inout some RandomNumberGenerator
    ) throws -> [String] {
        let bench = bench
        let rounds = PacketSamples.rounds(bench, limit: limit, using: &random)
        let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: loader.kind, neighbors: neighbors)
        let passed = try withTemporaryFolder { folder -> [Bool] in
            try FirewallLoader.write(artifacts, below: folder)
            let preparation = loader.preparation(tree: folder, interface: bench.policy.interface.description)
            return try bench.passed([preparation], rounds)[0]
        }
        return zip(rounds.joined(), passed).filter { $0.passes != $1 }.map { sample, didPass in
            "\(loader), \(plan.mesh.peers[host].name): \(sample), \(didPass ? "passed" : "was refused")"
        }
    }
}
