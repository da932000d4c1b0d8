package import Addresses
package import MeshModel

/// A mesh's policy as one moment has it: as declared now, or as it was when a host's files were rendered.
package struct PolicyState: Sendable {
    package let mesh: DeclaredMesh
    /// Indices of the enabled peers in the mesh file, ascending.
    package let enabled: [Int]
    /// Nil for a mesh without a policy.
    let classes: PolicyClasses?
    private let oracle: PolicyOracle
    private let addresses: [String: [IPAddress]]

    /// - Parameters:
    ///   - addresses: those in the mesh, by the names of peers.
    ///   - moment: seconds since 1970; nil takes every rule as holding.
    package init(_ mesh: DeclaredMesh, addresses: [String: [IPAddress]], moment: Int64?) {
        self.mesh = mesh
        self.addresses = addresses
        enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        let topology = Topology(mesh, peers: enabled)
        oracle = PolicyOracle(mesh, topology: topology, moment: moment)
        classes = PolicyView(mesh, enabled: enabled, topology: topology).map { PolicyClasses($0, .rules) }
    }

    package func verdict(for flow: Flow) -> Verdict { oracle.verdict(for: flow) }

    func addresses(of peer: Int) -> [IPAddress] { addresses[mesh.peers[peer].name] ?? [] }

    // MARK: what the policy tells apart

    /// The networks that the guard names on the underlay.
    var underlayNetworks: [IPPrefix] {
        guard let declared = mesh.policy?.guardDeclaration else { return [] }
        var ends = declared.exceptions.flatMap { [$0.from.value, $0.to.value] }
        if let rescue = declared.rescue { ends.append(rescue.from.value) }
        return ends.compactMap { end in
            if case .network(let prefix) = end { prefix } else { nil }
        }
    }

    /// What is reached through peers: networks behind them, parts of those, and other meshes.
    var forwardNetworks: [IPPrefix] {
        let sets = (mesh.policy?.rules ?? []).flatMap { [$0.from.value, $0.to.value] }
        return sets.flatMap { $0.networks(in: mesh) } + reachedNetworks
    }

    /// Whether something behind a peer has the address.
    package func reaches(_ address: IPAddress) -> Bool { reachedNetworks.contains { $0.contains(address) } }

    private var reachedNetworks: [IPPrefix] {
        enabled.flatMap { mesh.peers[$0].routes.map(\.value) }
            + (mesh.policy?.peerings ?? []).flatMap { $0.prefixes.map(\.value) }
    }

    /// Whether a peer leaves for the Internet through another.
    package func leaves(_ peer: Int) -> Bool {
        (mesh.policy?.exits ?? []).contains { $0.leads(peer, in: mesh) }
    }

    /// All ranges of ports that the policy names.
    var portRanges: [[ServicePorts]] {
        guard let policy = mesh.policy else { return [] }
        let declared = policy.guardDeclaration
        return policy.services.map(\.ports) + declared.exceptions.map(\.ports)
            + [declared.rescue.map { [$0.ports] } ?? []]
            + mesh.listeningPorts.map { [ServicePorts(.udp, PortRange($0))] }
    }
}
