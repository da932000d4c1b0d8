/// How two peers talk.
package enum PeerRoute: Hashable, Sendable {
    /// Each has a section for the other.
    case direct
    /// Through the peer of this index, which forwards.
    case relay(Int)
    /// Not at all.
    case none
    /// They are to talk, and cannot: an error of the mesh, which a checked mesh never holds.
    case impossible
}

/// Who talks to whom and how, decided for each pair of classes.
///
/// Invariants: the table is symmetric; a relay is a class of its own and is `direct` with both ends; the route of a
/// peer to itself is not asked for.
package struct Topology: Sendable {
    /// The class of each peer, as an index in ``classes``.
    package let classOfPeer: [Int]
    package let classes: [ReachClass]
    /// The peers of each class, ascending.
    package let members: [[Int]]
    /// Row-major, `classes.count` squared.
    private var routes: [PeerRoute]
    /// The peers that forward for others, ascending.
    package private(set) var relays: [Int] = []
    /// The peers by which others leave for the Internet, ascending.
    package private(set) var exits: [Int] = []

    /// The route between two different peers.
    package subscript(a: Int, b: Int) -> PeerRoute { routes[classOfPeer[a] * classes.count + classOfPeer[b]] }

    /// The route between two different peers of the classes; both may be the same class.
    package func route(between a: Int, and b: Int) -> PeerRoute { routes[a * classes.count + b] }

    /// Decides every pair of the enabled peers of a mesh.
    ///
    /// - Parameters:
    ///   - peers: their indices in `mesh.peers`, ascending.
    ///   - absent: those left behind by a rotation, by index in `peers`.
    package init(_ mesh: DeclaredMesh, peers: [Int], absent: Set<Int> = []) {
        let selection = PeerSelection(mesh, peers: peers)
        var indexOfClass: [ReachClass: Int] = [:]
        var classes: [ReachClass] = []
        var members: [[Int]] = []
        var classOfPeer: [Int] = []
        classOfPeer.reserveCapacity(peers.count)
        for (index, declared) in peers.enumerated() {
            var reach = selection.reachClass(of: index, mesh.peers[declared], declaredIndex: declared)
            reach.isAbsent = absent.contains(index)
            let known = indexOfClass[reach]
            let number = known ?? classes.count
            if known == nil {
                indexOfClass[reach] = number
                classes.append(reach)
                members.append([])
            }
            members[number].append(index)
            classOfPeer.append(number)
        }
        self.classOfPeer = classOfPeer
        self.classes = classes
        self.members = members
        routes = [PeerRoute](repeating: .none, count: classes.count * classes.count)
        exits = Set(classes.compactMap(\.exit)).sorted()
        decide(selection)
    }

    private mutating func decide(_ selection: PeerSelection) {
        for a in classes.indices {
            for b in a..<classes.count where a != b || members[a].count > 1 {
                guard let transit = selection.wish(classes[a], classes[b]) else { continue }
                set(route(from: a, to: b, through: transit), a, b)
            }
        }
        joinRelays()
        relays = Set(routes.compactMap { if case .relay(let relay) = $0 { relay } else { nil } }).sorted()
    }

    private func route(from a: Int, to b: Int, through transit: Transit) -> PeerRoute {
        if transit.allowsDirect, classes[a].canMeet(classes[b]) { return .direct }
        for relay in transit.relays {
            let between = classOfPeer[relay]
            if between != a, between != b, classes[a].canMeet(classes[between]), classes[b].canMeet(classes[between]) {
                return .relay(relay)
            }
        }
        return .impossible
    }

    /// A relay peers with both ends of every pair that it was found for, whatever the topology says of it and them.
    ///
    /// Only after all pairs are decided: in a hub topology the pair of a relay and an end has a route of its own, which
    /// gives way.
    private mutating func joinRelays() {
        let found = routes
        for a in classes.indices {
            for b in a..<classes.count {
                guard case .relay(let relay) = found[a * classes.count + b] else { continue }
                set(.direct, classOfPeer[relay], a)
                set(.direct, classOfPeer[relay], b)
            }
        }
    }

    private mutating func set(_ route: PeerRoute, _ a: Int, _ b: Int) {
        routes[a * classes.count + b] = route
        routes[b * classes.count + a] = route
    }
}
