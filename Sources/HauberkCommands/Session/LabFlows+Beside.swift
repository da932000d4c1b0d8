import Addresses
import HostPlans
import MeshModel

/// What other meshes on the hosts open on the underlay: of that, the mesh's own words say nothing.
extension LabFlows {
    /// Whether another mesh on the destination lets the flow in and, from a host of the mesh with rules of its own,
    /// another mesh there lets it out.
    func isOpenBeside(_ flow: Flow) -> Bool {
        guard flow.plane == .underlay, case .port(let transport, let port) = flow.subject,
            let to = host(flow.to), let targets = addresses(flow.to, flow.side)
        else { return false }
        let isPublic = flow.side == .public || site(of: to)?.publicInterface == nil
        func opens(_ allowance: UnderlayAllowance) -> Bool {
            (isPublic || allowance.scope == .every) && allowance.ports.contains { $0.contains(port, of: transport) }
        }
        let isIn = firewalls.neighbors(of: to).flatMap(\.underlayIngress).contains { allowance in
            guard opens(allowance) else { return false }
            // Behind a router, the asker has no address of its own on that side.
            if allowance.remote == .any { return true }
            guard let sources = addresses(flow.from, flow.side) else { return false }
            return sources.contains { allowance.remote.contains($0) }
        }
        guard isIn, let from = host(flow.from), judges(from) else { return isIn }
        // The one mesh may let out what the other lets in.
        return egress[from].contains { allowance in
            opens(allowance) && targets.contains { allowance.remote.contains($0) }
        }
    }

    private func host(_ end: FlowEnd) -> Int? {
        if case .peer(let declared) = end { return mesh.declaredIndices.firstIndex(of: declared) }
        return nil
    }

    private func site(of host: Int) -> Site? { mesh.peers[host].declared.site.map { mesh.sites[$0] } }

    /// Nil for anyone.
    private func addresses(_ end: FlowEnd, _ side: UnderlaySide) -> [IPAddress]? {
        switch end {
        case .anyone: return nil
        case .address(let address): return [address]
        case .peer:
            guard let host = host(end) else { return [] }
            let declared = mesh.peers[host].declared
            return (side == .private ? declared.privateAddresses : declared.publicAddresses).map(\.value)
        }
    }
}
