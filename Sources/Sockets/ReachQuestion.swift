import Addresses
import MeshModel

/// Who gets to a port of one peer, by the policy and the firewall that the peer has.
struct ReachQuestion: Sendable {
    private let mesh: Mesh
    private let peer: Int
    private let firewall: FirewallKind
    private let oracle: PolicyOracle
    /// The same with the guard on: what the mesh file wants on the underlay, whether or not it is guarded yet.
    private let guarded: PolicyOracle

    init(_ mesh: Mesh, _ peer: Int, _ firewall: FirewallKind) {
        self.mesh = mesh
        self.peer = peer
        self.firewall = firewall
        oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: nil)
        var strict = mesh.declared
        strict.policy?.guardDeclaration.plaintext = .reject
        guarded = PolicyOracle(strict, topology: mesh.topology, moment: nil)
    }

    private var ownEnd: FlowEnd { .peer(mesh.declaredIndices[peer]) }

    /// Peers but this one.
    private var others: [Int] { mesh.peers.indices.filter { $0 != peer } }

    /// Who reaches the port where it is bound, other than by what its exposure means.
    func answer(_ transport: Transport, _ port: Port, _ spots: Set<HostSpot>, _ exposure: Exposure?) -> AuditReach {
        let isUnderlay = spots.contains(where: \.side.isUnderlay)
        let isOverlay = exposure != .private && spots.contains { $0.side == .overlay }
        guard isUnderlay || isOverlay else { return .none }
        if isUnderlay, firewall == .none || mesh.declared.policy == nil { return .open(["anyone"]) }
        var names: Set<String> = []
        if isUnderlay {
            for side in underlaySides(spots) {
                if isAllowed(.underlay, .anyone, transport, port, side) { return .open(["anyone"]) }
                for other in others where isAllowed(.underlay, end(other), transport, port, side) {
                    names.insert(mesh.peers[other].name)
                }
            }
            for network in exceptedNetworks
            where isAllowed(.underlay, .address(network.first), transport, port, .public) {
                names.insert(network.description)
            }
        }
        if isOverlay {
            for other in others where isAllowed(.overlay, end(other), transport, port, .public) {
                names.insert(mesh.peers[other].name)
            }
        }
        return names.isEmpty ? .closed : .open(names.sorted())
    }

    /// Whether the rescue path or an exception of the guard leads to the port.
    func isWantedOnUnderlay(_ transport: Transport, _ port: Port) -> Bool {
        let ends = others.map(end) + exceptedNetworks.map { .address($0.first) }
        return ends.contains { from in
            let flow = Flow(.underlay, from: from, to: ownEnd, .port(transport, port))
            switch guarded.verdict(for: flow).reason {
            case .rescue, .exception: return true
            default: return false
            }
        }
    }

    /// Whether any peer may come through the mesh.
    func isAllowedInMesh(_ transport: Transport, _ port: Port) -> Bool {
        mesh.declared.policy != nil
            && others.contains { isAllowed(.overlay, end($0), transport, port, .public) }
    }

    private func end(_ index: Int) -> FlowEnd { .peer(mesh.declaredIndices[index]) }

    private func isAllowed(
        _ plane: Plane, _ from: FlowEnd, _ transport: Transport, _ port: Port, _ side: UnderlaySide
    ) -> Bool {
        oracle.verdict(for: Flow(plane, from: from, to: ownEnd, .port(transport, port), side: side)).isAllowed
    }

    private func underlaySides(_ spots: Set<HostSpot>) -> [UnderlaySide] {
        (spots.contains { $0.side == .publicSide } ? [.public] : [])
            + (spots.contains { $0.side == .privateSide } ? [.private] : [])
    }

    private var exceptedNetworks: [IPPrefix] {
        (mesh.declared.policy?.guardDeclaration.exceptions ?? []).compactMap { exception in
            if case .network(let prefix) = exception.from.value { return prefix }
            return nil
        }
    }
}
