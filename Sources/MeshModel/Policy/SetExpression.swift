package import Addresses

/// Who a rule speaks of: peers by name, group or site, networks behind peers, other meshes, and what can be made of
/// them by `and`, `or` and `except`.
///
/// Indices are those of the mesh file: disabled peers are counted.
package indirect enum SetExpression: Hashable, Sendable {
    case all
    case group(Int)
    case peer(Int)
    case site(Int)
    /// A network behind a peer, or a part of one.
    case network(IPPrefix)
    /// Everything in another mesh, by the index of its peering.
    case mesh(Int)
    case either([SetExpression])
    case both([SetExpression])
    case except(SetExpression, SetExpression)

    /// Whether a peer of the mesh is in the set.
    package func contains(peer index: Int, in mesh: DeclaredMesh) -> Bool {
        switch self {
        case .all: return true
        case .group(let group): return mesh.peers[index].groups.contains(group)
        case .peer(let peer): return peer == index
        case .site(let site): return mesh.peers[index].site == site
        case .network, .mesh: return false
        case .either(let sets): return sets.contains { $0.contains(peer: index, in: mesh) }
        case .both(let sets): return sets.allSatisfy { $0.contains(peer: index, in: mesh) }
        case .except(let set, let other):
            return set.contains(peer: index, in: mesh) && !other.contains(peer: index, in: mesh)
        }
    }

    /// Whether an address outside of the mesh's own prefixes is in the set: one behind a peer, or in another mesh.
    package func contains(_ address: IPAddress, in mesh: DeclaredMesh) -> Bool {
        switch self {
        case .all, .group, .peer, .site: return false
        case .network(let prefix): return prefix.contains(address)
        case .mesh(let index):
            return mesh.policy?.peerings[index].prefixes.contains { $0.value.contains(address) } ?? false
        case .either(let sets): return sets.contains { $0.contains(address, in: mesh) }
        case .both(let sets): return sets.allSatisfy { $0.contains(address, in: mesh) }
        case .except(let set, let other): return set.contains(address, in: mesh) && !other.contains(address, in: mesh)
        }
    }

    /// The networks outside of the mesh's own prefixes that the set is made of.
    ///
    /// The decoder lets networks and meshes stand alone or in `or` only, so that nothing has to be cut out of them.
    package func networks(in mesh: DeclaredMesh) -> [IPPrefix] {
        switch self {
        case .all, .group, .peer, .site, .both, .except: return []
        case .network(let prefix): return [prefix]
        case .mesh(let index): return mesh.policy?.peerings[index].prefixes.map(\.value) ?? []
        case .either(let sets): return sets.flatMap { $0.networks(in: mesh) }
        }
    }
}
