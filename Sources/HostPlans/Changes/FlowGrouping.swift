import Addresses
import Diagnostics
import MeshModel

/// Puts flows that differ alike into as few lines as tell them all.
struct FlowGrouping {
    private let states: [PolicyState]
    private let joint: JointPeers
    /// Of each kind of change, who begins, by destination.
    private var sources: [FlowDiff.Key: [FlowDiff.End: Set<FlowDiff.End>]] = [:]

    init(_ states: [PolicyState], _ joint: JointPeers) {
        self.states = states
        self.joint = joint
    }

    mutating func add(_ key: FlowDiff.Key, _ from: FlowDiff.End, _ to: FlowDiff.End) {
        sources[key, default: [:]][to, default: []].insert(from)
    }

    var changes: [FlowChange] {
        sources.flatMap { key, byTarget in
            let all = byTarget.values.reduce(into: Set<FlowDiff.End>()) { $0.formUnion($1) }
            var targets: [Set<FlowDiff.End>: [FlowDiff.End]] = [:]
            for (target, from) in byTarget {
                // A host alone has no flow to itself, so that it may as well be among the sources.
                let whole = target.only != nil && all.subtracting(from) == [target] ? all : from
                targets[whole, default: []].append(target)
            }
            return targets.map { from, to in
                FlowChange(
                    direction: key.direction, plane: key.plane, side: key.side, from: party(Array(from), facing: to),
                    to: party(to, facing: Array(from)), ports: key.ports, withEcho: key.withEcho, reason: key.reason,
                    location: key.location)
            }
        }.sorted(by: Self.precedes)
    }

    private static func precedes(_ a: FlowChange, _ b: FlowChange) -> Bool {
        func rank(_ change: FlowChange) -> [Int] {
            [
                change.direction == .opens ? 0 : 1, Plane.allCases.firstIndex(of: change.plane) ?? 0,
                change.location?.line ?? 0,
            ]
        }
        let (left, right) = (rank(a), rank(b))
        if left != right { return left.lexicographicallyPrecedes(right) }
        return a.words.lexicographicallyPrecedes(b.words)
    }

    // MARK: names

    private func party(_ ends: [FlowDiff.End], facing others: [FlowDiff.End]) -> FlowParty {
        var party = FlowParty(title: title(of: Self.members(ends), facing: Self.members(others)))
        party.peers = Self.members(ends).map { joint.peers[$0].name }
        for end in ends {
            if case .network(let prefix, _) = end.kind { party.networks.append(prefix) }
            if end.kind == .strangers { party.includesStrangers = true }
        }
        party.networks.sort()
        return party
    }

    /// Ascending.
    private static func members(_ ends: [FlowDiff.End]) -> [Int] {
        ends.flatMap { end -> [Int] in
            if case .peers(let members) = end.kind { return members }
            return []
        }.sorted()
    }

    /// A name for several peers that is theirs alone, now or before.
    private func title(of members: [Int], facing others: [Int]) -> String? {
        if members.count < 2 { return nil }
        for side in [1, 0] {
            let mesh = states[side].mesh
            for (index, group) in mesh.groups.enumerated() {
                let own = joint.peers.indices.filter { peer in
                    joint.peers[peer].places[side].map { mesh.peers[$0].groups.contains(index) } ?? false
                }
                if own == members { return group.name }
            }
        }
        // Nobody has a flow to itself, so that a single host is neither missing nor too much.
        let itself = others.count == 1 ? Set(others) : []
        let whole = Set(members).union(itself)
        for side in [1, 0] {
            let there = joint.peers.indices.filter { joint.peers[$0].places[side] != nil }
            if Set(there).union(itself) == whole { return "all" }
        }
        return nil
    }
}

extension FlowChange {
    /// For sorting.
    fileprivate var words: [String] {
        [from, to].flatMap { [$0.title ?? "~"] + $0.peers + $0.networks.map(\.description) }
            + ports.map(\.description) + [side?.rawValue ?? "", reason]
    }
}
