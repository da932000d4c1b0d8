import Addresses
import MeshModel

/// Who reaches what on one plane, decided once for each pair of classes of hosts.
struct ReachMatrix {
    /// A class of hosts, or an end that is alone: a network, another mesh, whoever is outside.
    struct Side {
        let name: String
        /// The peers that it stands for, by name; empty for what is not of the mesh.
        let members: [String]
        fileprivate let ends: [AskedEnd]
    }

    /// What one side reaches of another.
    struct Reach: Hashable {
        /// Services and ports, each once; `everything` where nothing is refused.
        var words: [String]
        /// Whether it is only reached because nothing is judged, or the guard only watches.
        var isWatched = false
        /// Whether the two are one host, or have no way to each other.
        var isApart = false
    }

    let plane: Plane
    private(set) var from: [Side] = []
    private(set) var to: [Side] = []
    /// As many as `from`, each as long as `to`.
    private(set) var reach: [[Reach]] = []

    private let mesh: DeclaredMesh
    private let oracle: PolicyOracle
    private let subjects: [FlowSubject]

    init(_ mesh: DeclaredMesh, _ plane: Plane, at moment: Int64) {
        self.mesh = mesh
        self.plane = plane
        let enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        let topology = Topology(mesh, peers: enabled)
        oracle = PolicyOracle(mesh, topology: topology, moment: moment)
        subjects =
            mesh.policy.map { PortClasses($0, in: mesh).representatives.map { .port($0.transport, $0.range.lower) } }
            ?? []
        let classes = PolicyView(mesh, enabled: enabled, topology: topology).map { PolicyClasses($0, .rules).members }
        let peers = Self.sides(of: classes ?? [enabled].filter { !$0.isEmpty }, in: mesh)
        let outside = Self.outside(of: mesh)
        let strangers = Side(name: NameRule.anyone, members: [], ends: [.anyone])
        switch plane {
        case .overlay: (from, to) = (peers, peers)
        case .underlay: (from, to) = (peers + [strangers], peers)
        case .forward:
            let exits = mesh.policy?.exits.isEmpty ?? true ? [] : [strangers]
            (from, to) = (peers + outside, peers + outside + exits)
        }
        reach = from.map { from in to.map { reach(from, $0) } }
    }

    /// Whether there is no pair that could have a flow on the plane.
    var isEmpty: Bool { reach.allSatisfy { $0.allSatisfy(\.isApart) } }

    // MARK: sides

    /// Classes by the name of the group that they are all of, where there is one.
    private static func sides(of classes: [[Int]], in mesh: DeclaredMesh) -> [Side] {
        classes.map { members in
            Side(
                name: name(of: members, in: mesh), members: members.map { mesh.peers[$0].name },
                ends: members.prefix(2).map(AskedEnd.peer))
        }
    }

    private static func name(of members: [Int], in mesh: DeclaredMesh) -> String {
        let names = members.map { mesh.peers[$0].name }
        if names.count == 1 { return names[0] }
        let all = Set(members)
        for (index, group) in mesh.groups.enumerated() {
            let group = (group.name, mesh.peers.indices.filter { isMember($0, of: index, in: mesh) })
            if Set(group.1) == all { return group.0 }
        }
        return "\(names[0]) and \(names.count - 1) alike"
    }

    private static func isMember(_ peer: Int, of group: Int, in mesh: DeclaredMesh) -> Bool {
        !mesh.peers[peer].isDisabled && mesh.peers[peer].groups.contains(group)
    }

    /// Networks behind peers and the parts of them that rules tell apart, and other meshes.
    private static func outside(of mesh: DeclaredMesh) -> [Side] {
        let peerings = mesh.policy?.peerings ?? []
        let sets = (mesh.policy?.rules ?? []).flatMap { [$0.from.value, $0.to.value] }
        let named = Set(sets.flatMap { $0.networks(in: mesh) })
        let meshes = peerings.map { peering in
            let ends = peering.prefixes.compactMap { end(in: $0.value, without: named, mesh) }
            return Side(name: "mesh:\(peering.name)", members: [], ends: ends)
        }
        let prefixes = Set(peerings.flatMap { $0.prefixes.map(\.value) })
        let routes = mesh.peers.filter { !$0.isDisabled }.flatMap { $0.routes.map(\.value) }
        return named.union(routes).subtracting(prefixes).sorted().map { network in
            let end = end(in: network, without: named, mesh)
            return Side(name: network.description, members: [], ends: end.map { [$0] } ?? [])
        } + meshes
    }

    /// An address of the network that is in none of its parts; nil when the parts leave nothing.
    private static func end(
        in network: IPPrefix, without named: Set<IPPrefix>, _ mesh: DeclaredMesh
    ) -> AskedEnd? {
        let parts = named.filter { network.contains($0) && $0 != network }
        let after = parts.sorted().compactMap { $0.last.advanced(by: 1) }
        let free = ([network.last] + after).first { address in
            network.contains(address) && !parts.contains { $0.contains(address) }
        }
        return free.map { .address($0, in: mesh) }
    }

    // MARK: cells

    private static let everything = "everything"
    private static let rest = "everything else"

    private func reach(_ from: Side, _ to: Side) -> Reach {
        guard let source = from.ends.first,
            let destination = to.ends.first(where: { $0.end != source.end })
                ?? (to.members.count > 1 ? to.ends.last : nil)
        else { return Reach(words: [], isApart: true) }
        if plane == .forward, case .member = source.place, case .member = destination.place {
            return Reach(words: [], isApart: true)
        }
        guard let policy = mesh.policy else { return Reach(words: [Self.everything], isWatched: true) }
        var words: [String] = []
        var isWatched = false
        var isApart = false
        for subject in subjects {
            let verdict = oracle.verdict(for: AskedEnd.flow(plane, from: source, to: destination, subject, in: mesh))
            // Who has no exit reaches the Internet without the mesh.
            let isOwn = plane == .forward && destination.end == .anyone && verdict.reason == .defaultDeny
            if verdict.reason == .noRoute || verdict.reason == .itself || isOwn { isApart = true }
            if verdict.isAllowed, case .unguarded = verdict.reason { isWatched = true }
            for word in verdict.isAllowed ? self.words(verdict.reason, subject, policy) : [] where !words.contains(word)
            {
                words.append(word)
            }
        }
        if isWatched {
            words.removeAll { $0 == Self.rest }
            words.append(words.isEmpty ? Self.everything : Self.rest)
        }
        return Reach(words: isApart ? [] : words, isWatched: isWatched, isApart: isApart)
    }

    private func words(_ reason: Verdict.Reason, _ subject: FlowSubject, _ policy: DeclaredPolicy) -> [String] {
        switch reason {
        case .rule(let rule):
            return policy.rules[rule].services.filter { service in
                guard case .port(let transport, let port) = subject else { return false }
                return policy.services[service].ports.contains { $0.contains(port, of: transport) }
            }.map { policy.services[$0].name }
        case .published(let service): return [policy.services[service].name]
        case .rescue: return ["rescue \(subject)"]
        case .exception: return ["\(subject) (exception)"]
        case .exit: return ["the Internet"]
        case .unguarded: return [Self.rest]
        default: return []
        }
    }

    // MARK: by peer

    /// The same with a row and a column for every peer.
    func byPeer() -> ReachMatrix {
        var result = self
        let rows = Self.places(of: from)
        let columns = Self.places(of: to)
        result.from = rows.map(\.side)
        result.to = columns.map(\.side)
        result.reach = rows.map { row in
            columns.map { column in
                row.side.name == column.side.name && !row.side.members.isEmpty
                    ? Reach(words: [], isApart: true) : reach[row.index][column.index]
            }
        }
        return result
    }

    private static func places(of sides: [Side]) -> [(side: Side, index: Int)] {
        let peers = sides.enumerated().flatMap { index, side in
            side.members.map { (side: Side(name: $0, members: [$0], ends: []), index: index) }
        }
        let others = sides.enumerated().filter(\.element.members.isEmpty).map { (side: $0.element, index: $0.offset) }
        return peers.sorted { NaturalOrder.precedes($0.side.name, $1.side.name) } + others
    }
}
