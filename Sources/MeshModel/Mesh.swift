package import Addresses

/// A mesh that has passed every rule and of which everything is allocated: planning and rendering it cannot fail.
///
/// Only ``MeshCheck`` makes one. ``peers`` holds the enabled peers, sorted by name; all indices count in it.
package struct Mesh: Sendable {
    package let name: String
    /// Binds keys and secrets to this mesh; 16 bytes.
    package let id: [UInt8]
    package let prefixes: [IPPrefix]
    package let wireGuard: WireGuardDefaults
    package let presharedEpoch: UInt32
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

    init(
        declared: DeclaredMesh, identity: (id: [UInt8], presharedEpoch: UInt32), peers: [Peer], blocks: [[IPPrefix]],
        topology: Topology
    ) {
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
