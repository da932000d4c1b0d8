package import Addresses

/// A policy with its sets resolved to the enabled peers: the work that many findings and questions share, done once.
package struct PolicyView: Sendable {
    package let mesh: DeclaredMesh
    package let policy: DeclaredPolicy
    /// Indices of the enabled peers in the mesh file, ascending; bits count in it.
    package let enabled: [Int]
    package let topology: Topology
    /// Of each rule.
    package private(set) var from: [PeerBits] = []
    /// Of each rule, whether or not they expose its services.
    package private(set) var to: [PeerBits] = []
    /// Of each service, who exposes it to the mesh: privately or publicly.
    package private(set) var exposed: [PeerBits] = []
    /// Of each service, who publishes it.
    package private(set) var published: [PeerBits] = []
    /// Of each service, who offers it in any way.
    package private(set) var offered: [PeerBits] = []
    private var groups: [PeerBits] = []
    private var sites: [PeerBits] = []
    /// Whether every pair of peers has a way to each other.
    private let isConnected: Bool

    /// Nil for a mesh without a policy. `topology` is over the enabled peers.
    package init?(_ mesh: DeclaredMesh, enabled: [Int], topology: Topology) {
        guard let policy = mesh.policy else { return nil }
        self.mesh = mesh
        self.policy = policy
        self.enabled = enabled
        self.topology = topology
        isConnected = topology.classes.indices.allSatisfy { a in
            topology.classes.indices.allSatisfy { b in
                a == b && topology.members[a].count < 2 || topology.route(between: a, and: b) != .none
            }
        }
        let capacity = enabled.count
        groups = [PeerBits](repeating: PeerBits(capacity: capacity), count: mesh.groups.count)
        sites = [PeerBits](repeating: PeerBits(capacity: capacity), count: mesh.sites.count)
        for (bit, peer) in enabled.enumerated() {
            for group in mesh.peers[peer].groups { groups[group].insert(bit) }
            if let site = mesh.peers[peer].site { sites[site].insert(bit) }
        }
        from = policy.rules.map { members(of: $0.from.value) }
        to = policy.rules.map { members(of: $0.to.value) }
        for service in policy.services {
            exposed.append(hosts(of: service) { $0 >= .private })
            published.append(hosts(of: service) { $0 == .public })
            offered.append(hosts(of: service) { _ in true })
        }
    }

    /// The enabled peers in a set.
    package func members(of set: SetExpression) -> PeerBits {
        switch set {
        case .all: return PeerBits(capacity: enabled.count) { _ in true }
        case .group(let group): return groups[group]
        case .site(let site): return sites[site]
        case .peer(let peer):
            var bits = PeerBits(capacity: enabled.count)
            let bit = enabled.partitioningIndex { $0 >= peer }
            if bit < enabled.count, enabled[bit] == peer { bits.insert(bit) }
            return bits
        case .network, .mesh: return PeerBits(capacity: enabled.count)
        case .either(let sets):
            return sets.dropFirst().reduce(members(of: sets[0])) { $0.union(members(of: $1)) }
        case .both(let sets):
            return sets.dropFirst().reduce(members(of: sets[0])) { $0.intersection(members(of: $1)) }
        case .except(let a, let b): return members(of: a).subtracting(members(of: b))
        }
    }

    package func members(of selector: Selector) -> PeerBits {
        switch selector {
        case .all: return members(of: SetExpression.all)
        case .group(let group): return groups[group]
        case .peer(let peer): return members(of: SetExpression.peer(peer))
        }
    }

    /// The enabled peers of one end of an underlay flow.
    package func members(of end: UnderlayEnd) -> PeerBits {
        switch end {
        case .peers(let set): return members(of: set)
        case .network(let prefix):
            return PeerBits(capacity: enabled.count) { bit in
                let peer = mesh.peers[enabled[bit]]
                return (peer.privateAddresses + peer.publicAddresses).contains { prefix.contains($0.value) }
            }
        }
    }

    /// The networks outside of the mesh in a set.
    package func networks(of set: SetExpression) -> [IPPrefix] { set.networks(in: mesh) }

    /// Whether the set stands for nobody and nothing.
    package func isEmpty(_ set: SetExpression) -> Bool { networks(of: set).isEmpty && members(of: set).isEmpty }

    /// The name of a peer by its bit.
    package func name(_ bit: Int) -> String { mesh.peers[enabled[bit]].name }

    /// Whether some peer of the one set has a way to another of the other.
    package func meet(_ from: PeerBits, _ to: PeerBits) -> Bool {
        if from.isEmpty || to.isEmpty || from.only.map({ to.only == $0 }) == true { return false }
        if isConnected { return true }
        let (sources, destinations) = (two(of: from), two(of: to))
        return sources.contains { a in
            destinations.contains { b in a != b && topology[a, b] != PeerRoute.none }
        }
    }

    /// Those of the hosts to which somebody else of `from` has a way.
    package func reachable(_ hosts: PeerBits, from: PeerBits) -> PeerBits {
        if from.isEmpty { return from }
        if isConnected { return from.only == nil ? hosts : hosts.subtracting(from) }
        let sources = two(of: from)
        return PeerBits(capacity: enabled.count) { host in
            hosts.contains(host) && sources.contains { $0 != host && topology[$0, host] != PeerRoute.none }
        }
    }

    /// Up to two members of each class of the topology: enough to find a pair of different peers for each two classes.
    private func two(of bits: PeerBits) -> [Int] {
        var counts = [Int](repeating: 0, count: topology.classes.count)
        return bits.indices.filter { bit in
            counts[topology.classOfPeer[bit]] += 1
            return counts[topology.classOfPeer[bit]] <= 2
        }
    }

    private func hosts(of service: Service, _ isMeant: (Exposure) -> Bool) -> PeerBits {
        // The widest exposure of a host counts, so that what is narrower never takes anything away.
        service.exposures.filter { isMeant($0.exposure) }.reduce(PeerBits(capacity: enabled.count)) {
            $0.union(members(of: $1.on))
        }
    }
}
