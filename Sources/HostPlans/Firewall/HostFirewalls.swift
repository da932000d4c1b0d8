import Addresses
package import MeshModel

/// Which dialect each host of a mesh has its firewall in, and which other meshes are on it.
package struct HostFirewalls: Sendable {
    private let mesh: Mesh
    private let override: FirewallKind?
    private let others: [BesideMesh]

    /// - Parameters:
    ///   - override: the dialect of every host that has a firewall at all; nil for what the mesh file says.
    ///   - beside: the meshes that share hosts with this one, in the order of its file.
    package init(_ mesh: Mesh, override: FirewallKind? = nil, beside: [DeclaredMesh] = []) {
        self.mesh = mesh
        self.override = override
        others = beside.map { BesideMesh($0, on: mesh) }
    }

    /// None in a mesh without a policy, on apps, and on hosts that are declared to have none.
    package func kind(of host: Int) -> FirewallKind {
        let kind = mesh.firewall(of: host)
        return kind == .none ? .none : override ?? kind
    }

    /// The other meshes on a host, by port: those beside this one, and those that are joined to it there.
    package func neighbors(of host: Int) -> [NeighborMesh] {
        joined(others.flatMap { $0.neighbors(on: host) }, on: host)
    }

    /// The same without what they ask of the underlay.
    func interfaces(besideThatOf host: Int) -> [NeighborMesh] {
        joined(others.flatMap { $0.interfaces(on: host) }, on: host)
    }

    private func joined(_ beside: [NeighborMesh], on host: Int) -> [NeighborMesh] {
        let joined = (mesh.declared.policy?.peerings ?? []).compactMap { peering -> NeighborMesh? in
            guard peering.at.value == mesh.declaredIndices[host], let port = peering.port,
                !beside.contains(where: { $0.interface == peering.interface })
            else { return nil }
            return NeighborMesh(interface: peering.interface, port: port, prefixes: peering.prefixes.map(\.value))
        }
        return (beside + joined).sorted { $0.port < $1.port }
    }

    /// When a host's rules go; nil for a host without any.
    func unload(of host: Int) -> UnloadPolicy? { kind(of: host) == .none ? nil : mesh.declared.policy?.unload }
}

/// Another mesh, and which of this one's hosts it is on.
private struct BesideMesh: Sendable {
    private let declared: DeclaredMesh
    /// Nil for a mesh without a policy, which asks for nothing.
    private let underlay: UnderlayPlan?
    /// By host of this mesh: the index in the other's file, and among its hosts.
    private let places: [Int: (declared: Int, host: Int)]

    init(_ other: DeclaredMesh, on mesh: Mesh) {
        declared = other
        underlay = other.policy.map { UnderlayPlan(other, $0) }
        let own = Dictionary(uniqueKeysWithValues: mesh.declaredIndices.enumerated().map { ($1, $0) })
        let enabled = other.peers.indices.filter { !other.peers[$0].isDisabled }
        let theirs = Dictionary(uniqueKeysWithValues: enabled.enumerated().map { ($1, $0) })
        var places: [Int: (declared: Int, host: Int)] = [:]
        for pair in SharedHosts.pairs(mesh.declared, other) {
            if let host = own[pair.own], let there = theirs[pair.other] { places[host] = (pair.other, there) }
        }
        self.places = places
    }

    /// Empty where the mesh has no such host; two where its keys rotate.
    func interfaces(on host: Int) -> [NeighborMesh] {
        guard let place = places[host] else { return [] }
        return zip(declared.interfaces(of: place.declared), declared.ports(of: place.declared)).map {
            NeighborMesh(
                interface: $0, port: $1, prefixes: declared.prefixes.map(\.value),
                publicInterface: declared.publicInterface(of: place.declared))
        }
    }

    /// The same, the first of them with what the mesh asks of the host's underlay.
    func neighbors(on host: Int) -> [NeighborMesh] {
        var result = interfaces(on: host)
        guard !result.isEmpty, let place = places[host] else { return [] }
        result[0].underlayIngress = underlay?.ingress(of: place.host) ?? []
        result[0].underlayEgress = underlay?.egress(of: place.host) ?? []
        return result
    }
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
