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

    /// A host's files; none without a firewall. Throws what the dialect cannot say.
    mutating func artifacts(for host: Int) throws(Failure) -> [Artifact] {
        if let last, last.host == host { return last.artifacts }
        let kind = firewalls.kind(of: host)
        let artifacts =
            kind == .none ? [] : try Firewalls.artifacts(of: policy(of: host), for: host, in: policies, kind: kind)
        last = (host, artifacts)
        return artifacts
    }
}

/// What hosts' firewalls cannot say of what a policy asks of them, gathered so that all of it is reported at once.
struct FirewallRefusals {
    private var status = ExitStatus.meshInvalid
    private var findings: [Diagnostic] = []

    /// What `render` gives, or nothing and its findings kept; a dialect that is not there is told once.
    mutating func keep(_ render: () throws(Failure) -> [Artifact]) -> [Artifact] {
        do throws(Failure) {
            return try render()
        } catch {
            status = error.status
            findings += error.diagnostics.filter { finding in
                finding.location != nil || !findings.contains { $0.message == finding.message }
            }
            return []
        }
    }

    /// Throws when there are any.
    func check() throws(Failure) {
        if !findings.isEmpty { throw Failure(status, findings) }
    }
}
