package import Addresses
import MeshModel

/// How a host that leaves by an exit sends its packets for the Internet into the tunnel: wg-quick's own way for a default
/// route (`add_default`, wireguard-tools 1.0.20210914, src/wg-quick/linux.bash), with numbers of the interface's own.
///
/// The default route is in a table that everything without WireGuard's mark is looked up in, after whatever the main
/// table knows better than its default.
package struct ExitRouting: Hashable, Sendable {
    /// The number of the routing table, and of the mark unless the host has one of its own.
    package let table: UInt32
    /// Those of the host's addresses, IPv4 first.
    package let families: [IPFamily]
    /// The ports of WireGuard on the host, of every mesh, ascending: what they send leaves beside the tunnel.
    package let ports: [Port]

    /// Beyond what `table:` takes, and no number that other programs draw.
    private static let firstTable: UInt32 = 0x4861_0000

    /// Nil for a host that leaves by none.
    init?(_ host: Int, in plan: MeshPlan) {
        let mesh = plan.mesh
        guard mesh.topology.classes[mesh.topology.classOfPeer[host]].exit != nil else { return nil }
        let port = mesh.declared.port(of: mesh.declaredIndices[host])
        table = Self.firstTable | UInt32(port.number)
        families = mesh.peers[host].addresses.map(\.family)
        ports = Set(
            mesh.declared.ports(of: mesh.declaredIndices[host])
                + plan.firewalls.interfaces(besideThatOf: host).map(\.port)
        ).sorted()
    }
}

extension Mesh {
    /// Whether a host passes on packets between others: a relay, a gateway of a routed network, or an exit.
    func forwards(_ host: Int) -> Bool {
        !peers[host].declared.routes.isEmpty || topology.relays.contains(host) || topology.exits.contains(host)
    }
}
