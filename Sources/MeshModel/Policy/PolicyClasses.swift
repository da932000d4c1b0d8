import Addresses

/// The enabled peers in classes that a policy treats alike: whatever holds for one of a class holds for all.
///
/// Peers are alike when the topology takes them as one class, they are of the same groups and site, listen on the same
/// port, lie in the same networks that the guard names, and the policy names none of them by itself.
package struct PolicyClasses: Sendable {
    /// Indices in the mesh file, ascending; of each class at least one.
    package let members: [[Int]]
    /// By index in the mesh file; nil for disabled peers.
    package let classOfPeer: [Int?]

    private struct Key: Hashable {
        let reach: Int
        let groups: [Int]
        let site: Int?
        let port: Port
        let networks: [Bool]
        /// The peer itself when the policy names it.
        let alone: Int?
    }

    /// How closely the policy looks at peers.
    package enum Detail: Sendable {
        /// As its rules, exposures and the guard do.
        case rules
        /// As its tests do as well, so that each of their sets is made of whole classes.
        case tests
    }

    package init(_ view: PolicyView, _ detail: Detail) {
        let (mesh, policy) = (view.mesh, view.policy)
        let named = Self.named(in: policy, detail)
        let networks = Self.networks(of: policy.guardDeclaration)
        var numbers: [Key: Int] = [:]
        var members: [[Int]] = []
        var classOfPeer = [Int?](repeating: nil, count: mesh.peers.count)
        for (bit, index) in view.enabled.enumerated() {
            let peer = mesh.peers[index]
            let addresses = peer.privateAddresses + peer.publicAddresses
            let key = Key(
                reach: view.topology.classOfPeer[bit], groups: peer.groups.sorted(), site: peer.site,
                port: peer.overrides.port ?? mesh.wireGuard.port,
                networks: networks.map { network in addresses.contains { network.contains($0.value) } },
                alone: named.contains(index) ? index : nil)
            let number = numbers[key] ?? members.count
            if number == members.count {
                numbers[key] = number
                members.append([])
            }
            members[number].append(index)
            classOfPeer[index] = number
        }
        self.members = members
        self.classOfPeer = classOfPeer
    }

    /// Two different peers that stand for all pairs of two classes; nil when there are no two.
    package func pair(_ from: Int, _ to: Int) -> (from: Int, to: Int)? {
        if from != to { return (members[from][0], members[to][0]) }
        return members[from].count > 1 ? (members[from][0], members[from][1]) : nil
    }

    /// How many ordered pairs of different peers two classes have.
    package func pairs(_ from: Int, _ to: Int) -> Int {
        members[from].count * (from == to ? members[to].count - 1 : members[to].count)
    }

    private static func named(in policy: DeclaredPolicy, _ detail: Detail) -> Set<Int> {
        var sets = policy.rules.flatMap { [$0.from.value, $0.to.value] } + policy.exits.map(\.users.value)
        var ends = policy.guardDeclaration.exceptions.flatMap { [$0.from.value, $0.to.value] }
        if let rescue = policy.guardDeclaration.rescue { ends.append(rescue.from.value) }
        for case .peers(let set) in ends { sets.append(set) }
        for test in detail == .tests ? policy.tests : [] {
            for case .members(let set) in [test.from.value, test.to.value] { sets.append(set) }
        }
        var result = Set(sets.flatMap(\.namedPeers) + policy.exits.map(\.via.value) + policy.peerings.map(\.at.value))
        for exposure in policy.services.flatMap(\.exposures) {
            if case .peer(let peer) = exposure.on { result.insert(peer) }
        }
        return result
    }

    private static func networks(of declaration: GuardDeclaration) -> [IPPrefix] {
        var ends = declaration.exceptions.flatMap { [$0.from.value, $0.to.value] }
        if let rescue = declaration.rescue { ends.append(rescue.from.value) }
        return ends.compactMap { (end) -> IPPrefix? in if case .network(let prefix) = end { prefix } else { nil } }
    }
}
