import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import Rendering

/// The files of hosts' firewalls, host by host: the last host's are at hand, so that memory does not grow with the mesh.
struct FirewallRendering {
    let policies: FirewallPlan
    private let firewalls: HostFirewalls
    private var last: (host: Int, artifacts: [Artifact])?

    /// Nil for a mesh without a policy. Rules that have expired by now are left out.
    init?(_ plan: MeshPlan) {
        guard let policies = FirewallPlan(plan.mesh, at: Moment.now.seconds) else { return nil }
        self.policies = policies
        firewalls = plan.firewalls
    }

    /// What a host's firewall must do.
    func policy(of host: Int) -> FirewallPolicy { policies.policy(for: host, neighbors: firewalls.neighbors(of: host)) }

    /// Throws everything that the hosts' dialects cannot say of what the policy asks of them.
    func require(_ hosts: [Int]) throws(Failure) {
        var findings: [Diagnostic] = []
        var status = ExitStatus.meshInvalid
        for host in hosts {
            do throws(Failure) {
                try Firewalls.require(
                    policies, says: host, kind: firewalls.kind(of: host), neighbors: firewalls.neighbors(of: host))
            } catch {
                findings += error.diagnostics
                status = error.status
                if status == .usage { break }
            }
        }
        if !findings.isEmpty { throw Failure(status, findings.sorted()) }
    }

    /// A host's files; none without a firewall. What the dialect cannot say has been refused before.
    mutating func artifacts(for host: Int) -> [Artifact] {
        if let last, last.host == host { return last.artifacts }
        let artifacts = Firewalls.backend(firewalls.kind(of: host))?.artifacts(for: policy(of: host)) ?? []
        last = (host, artifacts)
        return artifacts
    }
}
