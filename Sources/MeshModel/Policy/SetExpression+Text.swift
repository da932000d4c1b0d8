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
    package func text(in mesh: DeclaredMesh) -> String { text(in: mesh, isSorted: false) }

    /// The same text, whatever the order in which the file names what the set is made of.
    private func text(in mesh: DeclaredMesh, isSorted: Bool) -> String {
        func joined(_ sets: [SetExpression], _ word: String) -> String {
            let operands = sets.map { $0.operand(in: mesh, isSorted: isSorted) }
            return (isSorted ? operands.sorted() : operands).joined(separator: word)
        }
        switch self {
        case .all: return NameRule.reserved
        case .group(let group): return mesh.groups[group].name
        case .peer(let peer): return mesh.peers[peer].name
        case .site(let site): return "site:\(mesh.sites[site].name)"
        case .network(let prefix): return prefix.description
        case .mesh(let peering): return "mesh:\(mesh.policy?.peerings[peering].name ?? "")"
        case .either(let sets): return joined(sets, " or ")
        case .both(let sets): return joined(sets, " and ")
        case .except(let set, let other):
            return "\(set.operand(in: mesh, isSorted: isSorted)) except \(other.operand(in: mesh, isSorted: isSorted))"
        }
    }

    /// The sorted text, cut where it would fill the screen.
    fileprivate func label(in mesh: DeclaredMesh) -> String {
        let text = text(in: mesh, isSorted: true)
        return text.utf8.count > 60 ? "\(text.prefix(57))..." : text
    }

    /// In parentheses where it is itself made of several.
    private func operand(in mesh: DeclaredMesh, isSorted: Bool) -> String {
        switch self {
        case .either, .both, .except: return "(\(text(in: mesh, isSorted: isSorted)))"
        default: return text(in: mesh, isSorted: isSorted)
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

extension AllowRule {
    /// What the rule says of one of its services, for comments: `app to db: mysql`. The order in which the file names
    /// things means nothing.
    package func label(of service: Int, in mesh: DeclaredMesh) -> String {
        let name = mesh.policy?.services[service].name ?? ""
        return "\(from.value.label(in: mesh)) to \(to.value.label(in: mesh)): \(name)"
    }
}
