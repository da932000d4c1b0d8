package import Addresses

/// Which peers of two meshes are one host: those that share an underlay address, the same public one, or the same private
/// one in sites of one name.
package enum SharedHosts {
    private struct Place: Hashable {
        let site: String?
        let address: IPAddress
    }

    /// The enabled peers of `mesh` that are hosts of `other` too, ascending; indices are those of the mesh files.
    package static func pairs(_ mesh: DeclaredMesh, _ other: DeclaredMesh) -> [(own: Int, other: Int)] {
        var theirs: [Place: Int] = [:]
        for (index, peer) in other.peers.enumerated() where !peer.isDisabled {
            for place in places(of: peer, in: other) { theirs[place] = index }
        }
        return mesh.peers.indices.compactMap { index in
            let peer = mesh.peers[index]
            if peer.isDisabled { return nil }
            return places(of: peer, in: mesh).lazy.compactMap { theirs[$0] }.first.map { (index, $0) }
        }
    }

    private static func places(of peer: DeclaredPeer, in mesh: DeclaredMesh) -> [Place] {
        peer.publicAddresses.map { Place(site: nil, address: $0.value) }
            + peer.privateAddresses.map { Place(site: peer.site.map { mesh.sites[$0].name }, address: $0.value) }
    }
}

extension DeclaredMesh {
    /// The name of the mesh's interface on a peer, by its index in the file.
    package func interface(of peer: Int) -> InterfaceName { peers[peer].overrides.interface ?? wireGuard.interface }

    /// The public interface of a peer's site, by the peer's index in the file; nil when none is named.
    package func publicInterface(of peer: Int) -> InterfaceName? {
        peers[peer].site.flatMap { sites[$0].publicInterface }
    }

    /// WireGuard's port on a peer, by its index in the file.
    package func port(of peer: Int) -> Port { peers[peer].overrides.port ?? wireGuard.port }

    /// WireGuard's ports on a peer, ascending: two where keys rotate.
    package func ports(of peer: Int) -> [Port] {
        let port = port(of: peer)
        return [port] + (rotation == nil ? [] : [port.twin].compactMap(\.self))
    }

    /// Every port that WireGuard has on some peer, ascending.
    package var listeningPorts: [Port] {
        let ports = Set(peers.compactMap(\.overrides.port) + [wireGuard.port])
        return ports.union(rotation == nil ? [] : ports.compactMap(\.twin)).sorted()
    }

    /// The mesh's interfaces on a peer: two where keys rotate.
    package func interfaces(of peer: Int) -> [InterfaceName] {
        let interface = interface(of: peer)
        return [interface] + (rotation == nil ? [] : [interface.twin].compactMap(\.self))
    }
}
