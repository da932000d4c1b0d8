package import Addresses
package import Diagnostics
package import HostPlans
package import MeshModel

/// A dialect of firewall rules. One file each; the driver compares what a policy asks for with what the dialect can
/// say before it calls, so that no back end has to.
package protocol FirewallBackend: Sendable {
    var kind: FirewallKind { get }
    var capabilities: Set<FirewallCapability> { get }
    /// The host's files, total for every policy within the capabilities; sorted by path.
    ///
    /// One of them is ``FirewallPaths/script(_:)``, which loads, removes and checks the others.
    func artifacts(for policy: FirewallPolicy) -> [Artifact]
}

/// Where a host's firewall files are; the interface's name keeps two meshes on one host apart.
package enum FirewallPaths {
    /// The folder of the files of one interface, relative to the host's `/`.
    package static func folder(_ interface: InterfaceName) -> String { "etc/hauberk/\(interface)" }

    /// A POSIX shell script of mode 0755, which takes one word: `load` (atomic; again is no change), `remove` (all of
    /// ours and nothing else), `check` (is the file good? changes nothing), `report` (what was counted). It finds its
    /// files beside itself, wherever it lies.
    package static func script(_ interface: InterfaceName) -> String { "\(folder(interface))/firewall" }
}

/// The dialects, and the way from a plan to files.
package enum Firewalls {
    package static let all: [any FirewallBackend] = [
        NftablesFirewall(), IptablesFirewall(), UfwFirewall(), FirewalldFirewall(), CSFFirewall(), PFFirewall(),
    ]

    package static func backend(_ kind: FirewallKind) -> (any FirewallBackend)? { all.first { $0.kind == kind } }

    /// A host's files; none without a firewall. Throws what the dialect cannot say, each with its place.
    package static func artifacts(
        for host: Int, in plan: FirewallPlan, kind: FirewallKind, neighbors: [NeighborMesh] = []
    ) throws(Failure) -> [Artifact] {
        let policy = plan.policy(for: host, neighbors: neighbors)
        return try artifacts(of: policy, for: host, in: plan, kind: kind)
    }

    /// The same for a policy of the host that is at hand.
    package static func artifacts(
        of policy: FirewallPolicy, for host: Int, in plan: FirewallPlan, kind: FirewallKind
    ) throws(Failure) -> [Artifact] {
        guard kind != .none else { return [] }
        guard let backend = backend(kind) else {
            throw Failure(.usage, .unsupportedPolicy, "there is no firewall back end \(quoted(kind.rawValue))")
        }
        let missing = plan.demands(of: host, in: policy).filter { !backend.capabilities.contains($0.capability) }
        if missing.isEmpty { return backend.artifacts(for: policy) }
        let peer = plan.mesh.peers[host].name
        throw Failure(
            .meshInvalid,
            missing.map { demand in
                Diagnostic(
                    .unsupportedPolicy, at: demand.location,
                    "\(kind.rawValue) on peer \(quoted(peer)) cannot say \(demand.capability.rawValue)",
                    hint: "give the peer another firewall: `firewall: nftables`")
            })
    }
}
