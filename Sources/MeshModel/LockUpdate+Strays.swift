import Addresses
import Diagnostics
import MeshFiles

extension LockUpdate {
    /// Peers whose addresses lie outside of the block of their group: a peer keeps its address when it joins a group,
    /// but a block that has just been chosen elsewhere does not cover it.
    ///
    /// With a block that was there before, the checks have said so already.
    func strays(in mesh: DeclaredMesh) -> [Diagnostic] {
        mesh.peers.flatMap { peer -> [Diagnostic] in
            guard let name = peer.groups.first.map({ mesh.groups[$0].name }), let group = lock.groups[name] else {
                return []
            }
            return (lock.peers[peer.name]?.addresses ?? []).compactMap { address in
                guard let block = address.family == .v4 ? group.v4 : group.v6, !block.contains(address) else {
                    return nil
                }
                return Diagnostic(
                    .addressOutsideGroup, at: peer.location,
                    "the address \(address) of peer \(quoted(peer.name)) lies outside of \(block), the block chosen for "
                        + "its group \(quoted(name))",
                    hint: "run `hauberk set \(peer.name) --address auto`, or give the group a prefix around it")
            }
        }
    }
}
