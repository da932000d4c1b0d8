import Addresses

extension Selector {
    /// The selector as the mesh file writes it.
    package func text(in mesh: DeclaredMesh) -> String {
        switch self {
        case .all: return NameRule.reserved
        case .group(let group): return mesh.groups[group].name
        case .peer(let peer): return mesh.peers[peer].name
        }
    }
}

extension SetExpression {
    /// The set as the mesh file writes it.
    package func text(in mesh: DeclaredMesh) -> String {
        switch self {
        case .all: return NameRule.reserved
        case .group(let group): return mesh.groups[group].name
        case .peer(let peer): return mesh.peers[peer].name
        case .site(let site): return "site:\(mesh.sites[site].name)"
        case .network(let prefix): return prefix.description
        case .mesh(let peering): return "mesh:\(mesh.policy?.peerings[peering].name ?? "")"
        case .either(let sets): return sets.map { $0.operand(in: mesh) }.joined(separator: " or ")
        case .both(let sets): return sets.map { $0.operand(in: mesh) }.joined(separator: " and ")
        case .except(let set, let other): return "\(set.operand(in: mesh)) except \(other.operand(in: mesh))"
        }
    }

    /// In parentheses where it is itself made of several.
    private func operand(in mesh: DeclaredMesh) -> String {
        switch self {
        case .either, .both, .except: return "(\(text(in: mesh)))"
        default: return text(in: mesh)
        }
    }

    /// The peers that it names one by one.
    var namedPeers: [Int] {
        switch self {
        case .peer(let peer): return [peer]
        case .all, .group, .site, .network, .mesh: return []
        case .either(let sets), .both(let sets): return sets.flatMap(\.namedPeers)
        case .except(let set, let other): return set.namedPeers + other.namedPeers
        }
    }
}
