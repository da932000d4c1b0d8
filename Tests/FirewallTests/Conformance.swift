import Addresses
import HostPlans
import MeshModel
import Rendering
import TestSupport

/// Back ends' rules in the kernel against the reference, for one host.
struct Conformance {
    let plan: FirewallPlan
    let host: Int
    var neighbors: [NeighborMesh] = []
    /// The second interface that keys rotate to; nil for none.
    var twin: Tunnel?

    var policy: FirewallPolicy {
        var policy = plan.policy(for: host, neighbors: neighbors)
        policy.twin = twin
        return policy
    }

    var bench: KernelBench { KernelBench(mesh: plan.mesh, host: host, policy: policy) }

    /// What the kernel judges otherwise than the reference, with one back end after the other, and how many packets
    /// each was asked about.
    func differences(
        _ loaders: [FirewallLoader], limit: Int, using random: inout some RandomNumberGenerator
    ) throws -> (differences: [String], packets: Int) {
        let bench = bench
        let rounds = PacketSamples.rounds(bench, limit: limit, using: &random)
        let samples = Array(rounds.joined())
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            var undo = "true"
            var preparations: [String] = []
            for (number, loader) in loaders.enumerated() {
                let tree = "\(folder)/\(number)"
                let artifacts = try Firewalls.artifacts(of: policy, for: host, in: plan, kind: loader.kind)
                try FirewallLoader.write(artifacts, below: tree)
                let interface = bench.policy.interface.description
                preparations.append(undo + "; " + loader.line(loader.load, tree: tree, interface: interface))
                undo = loader.line(loader.remove, tree: tree, interface: interface)
            }
            return try bench.passed(preparations, rounds)
        }
        let name = plan.mesh.peers[host].name
        var differences: [String] = []
        for (loader, passed) in zip(loaders, passed) {
            for (sample, didPass) in zip(samples, passed) where loader.differs(sample, didPass) {
                differences.append("\(loader), \(name): \(sample), \(didPass ? "passed" : "was refused")")
            }
        }
        return (differences, samples.count * loaders.count)
    }
}
