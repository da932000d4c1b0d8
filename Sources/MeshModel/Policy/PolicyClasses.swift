import Addresses

/// The enabled peers in classes that a policy treats alike: whatever holds for one of a class holds for all.
///
/// Peers are alike when the topology takes them as one class, they are of the same groups and site, listen on the same
/// port, expose and publish the same services, and are in the same of the sets in which the policy names peers or
/// addresses one by one.
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
        /// The numbers of the sets that it is in.
        let sets: [Int]
    }

    /// How closely the policy looks at peers.
    package enum Detail: Sendable {
        /// As its rules, exposures and the guard do.
        case rules
        /// As its tests do as well, so that each of their sets is made of whole classes.
        case tests
    }

    package init(_ view: PolicyView, _ detail: Detail) {
        let mesh = view.mesh
        var sets = [[Int]](repeating: [], count: view.enabled.count)
        for (number, set) in Self.sets(of: view, detail).enumerated() {
            for bit in set.indices { sets[bit].append(number) }
        }
        var numbers: [Key: Int] = [:]
        var members: [[Int]] = []
        var classOfPeer = [Int?](repeating: nil, count: mesh.peers.count)
        for (bit, index) in view.enabled.enumerated() {
            let peer = mesh.peers[index]
            let key = Key(
                reach: view.topology.classOfPeer[bit], groups: peer.groups.sorted(), site: peer.site,
                port: mesh.port(of: index), sets: sets[bit])
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

    /// The sets that tell apart peers of the same groups and site, each once.
    private static func sets(of view: PolicyView, _ detail: Detail) -> [PeerBits] {
        let policy = view.policy
        var expressions = policy.rules.flatMap { [$0.from.value, $0.to.value] } + policy.exits.map(\.users.value)
        expressions += policy.exits.map { .peer($0.via.value) } + policy.peerings.map { .peer($0.at.value) }
        var result = view.exposed + view.published
        var ends = policy.guardDeclaration.exceptions.flatMap { [$0.from.value, $0.to.value] }
        if let rescue = policy.guardDeclaration.rescue { ends.append(rescue.from.value) }
        for end in ends {
            switch end {
            case .peers(let set): expressions.append(set)
            case .network: result.append(view.members(of: end))
            }
        }
        for test in detail == .tests ? policy.tests : [] {
            for case .members(let set) in [test.from.value, test.to.value] { expressions.append(set) }
        }
        result += expressions.filter { !$0.namedPeers.isEmpty }.map { view.members(of: $0) }
        var seen: Set<PeerBits> = []
        return result.filter { seen.insert($0).inserted }
    }
}
