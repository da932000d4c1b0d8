package import Addresses
package import MeshFiles

/// A mesh that has passed every rule and of which everything is allocated: planning and rendering it cannot fail.
///
/// Only ``MeshCheck`` makes one. ``peers`` holds the enabled peers, sorted by name; all indices count in it.
package struct Mesh: Sendable {
    package let name: String
    /// Binds keys and secrets to this mesh; 16 bytes.
    package let id: [UInt8]
    package let prefixes: [IPPrefix]
    package let wireGuard: WireGuardDefaults
    package private(set) var presharedEpoch: UInt32
    package let sites: [Site]
    package let groups: [Group]
    package private(set) var peers: [Peer]
    package let topology: Topology
    /// The words of the mesh file, in whose indices the policy speaks.
    package let declared: DeclaredMesh
    /// The index in the mesh file of each peer, ascending.
    package let declaredIndices: [Int]
    /// The blocks of addresses of each group, by index.
    package let blocks: [[IPPrefix]]
    /// The interface that this value is about; the first in a mesh whose keys do not rotate.
    package private(set) var tunnel: MeshTunnel
    /// How the keys rotate; nil while they do not.
    package let rotation: MeshRotation?
    /// Whether this is the mesh as it will be after the rotation.
    package private(set) var isNext = false

    init(
        declared: DeclaredMesh, identity: (id: [UInt8], presharedEpoch: UInt32), peers: [Peer], blocks: [[IPPrefix]],
        topology: Topology, rotation: (tunnel: MeshTunnel, running: MeshRotation?)
    ) {
        tunnel = rotation.tunnel
        self.rotation = rotation.running
        self.declared = declared
        self.blocks = blocks
        declaredIndices = declared.peers.indices.filter { !declared.peers[$0].isDisabled }
        name = declared.name
        id = identity.id
        presharedEpoch = identity.presharedEpoch
        prefixes = declared.prefixes.map(\.value)
        wireGuard = declared.wireGuard
        sites = declared.sites
        groups = declared.groups
        self.peers = peers
        self.topology = topology
    }

    /// The mesh as if it had made other keys for some peers, by index: what a lab runs in the place of peers whose private
    /// keys are on their hosts alone.
    package func replacing(publicKeys: [Int: String]) -> Mesh {
        var mesh = self
        for (index, key) in publicKeys {
            let peer = peers[index]
            var declared = peer.declared
            declared.publicKey = nil
            mesh.peers[index] = Peer(
                declared: declared, addresses: peer.addresses, publicKey: key, epoch: peer.epoch)
        }
        return mesh
    }

    /// The mesh as it will be after the rotation that runs: the next keys on the other interface; nil while none runs.
    package var next: Mesh? {
        guard let rotation, !isNext else { return nil }
        var mesh = self
        mesh.isNext = true
        mesh.tunnel = tunnel.other
        mesh.presharedEpoch = rotation.presharedEpoch
        for (index, key) in rotation.nextKeys {
            let peer = peers[index]
            mesh.peers[index] = Peer(
                declared: peer.declared, addresses: peer.addresses, publicKey: key,
                epoch: rotation.nextEpochs[index] ?? peer.epoch)
        }
        return mesh
    }

    /// Whether that interface is the second.
    package var isOnTwin: Bool { tunnel == .second }

    /// The name of a host's interface that this value is about.
    package func interface(of host: Int) -> InterfaceName {
        let interface = declared.interface(of: declaredIndices[host])
        return tunnel == .first ? interface : interface.twin ?? interface
    }

    /// The port of that interface.
    package func port(of host: Int) -> Port {
        let port = declared.port(of: declaredIndices[host])
        return tunnel == .first ? port : port.twin ?? port
    }

    /// The index of a peer by its name; nil when the mesh has no enabled peer of that name.
    package func index(of name: String) -> Int? {
        let index = peers.partitioningIndex { $0.name >= name }
        return index < peers.count && peers[index].name == name ? index : nil
    }
}

/// A peer with all that was allocated for it.
package struct Peer: Sendable {
    package let declared: DeclaredPeer
    /// One or two, IPv4 first.
    package let addresses: [IPAddress]
    /// Base64.
    package let publicKey: String
    /// Counts the key pairs that the peer has had, from 1.
    package let epoch: UInt32

    package var name: String { declared.name }

    /// Whether the private key is on the host alone.
    package var holdsOwnKey: Bool { declared.publicKey != nil }
}
