package import MeshModel

/// Which dialect each host of a mesh has its firewall in, and which other meshes are on it.
package struct HostFirewalls: Sendable {
    private let mesh: Mesh
    private let override: FirewallKind?
    /// By host; empty where no host is shared.
    private let shared: [[NeighborMesh]]

    /// - Parameters:
    ///   - override: the dialect of every host that has a firewall at all; nil for what the mesh file says.
    ///   - neighbors: the other meshes on each host, by the host's index; empty for none anywhere.
    package init(_ mesh: Mesh, override: FirewallKind? = nil, neighbors: [[NeighborMesh]] = []) {
        self.mesh = mesh
        self.override = override
        shared = neighbors
    }

    /// None in a mesh without a policy, on apps, and on hosts that are declared to have none.
    package func kind(of host: Int) -> FirewallKind {
        let kind = mesh.firewall(of: host)
        return kind == .none ? .none : override ?? kind
    }

    /// The other meshes on a host.
    package func neighbors(of host: Int) -> [NeighborMesh] { shared.isEmpty ? [] : shared[host] }

    /// When a host's rules go; nil for a host without any.
    func unload(of host: Int) -> UnloadPolicy? { kind(of: host) == .none ? nil : mesh.declared.policy?.unload }
}

extension Mesh {
    /// The dialect of a host's firewall by the mesh file alone: its own, or the mesh's; none for apps, which have no
    /// shell to load one, and in a mesh without a policy.
    package func firewall(of host: Int) -> FirewallKind {
        guard declared.policy != nil else { return .none }
        let peer = peers[host].declared
        if peer.platform == .app { return .none }
        return peer.firewall?.value ?? declared.firewall
    }
}
