import Addresses
import Diagnostics
import MeshModel

/// Which flows open and which close between two states of a mesh: exactly those whose answer differs.
///
/// A flow with an end that is not in the mesh in a state is not allowed in it, but for what a host begins on the
/// underlay: there it is a stranger. What comes to a host that is no peer in one of the states nobody here can tell.
package struct FlowDiff {
    /// One end, standing for all that are alike.
    struct End: Hashable {
        enum Kind: Hashable {
            /// Indices in the joint peers.
            case peers([Int])
            case network(IPPrefix, IPAddress)
            case strangers
        }

        let kind: Kind

        var only: Int? {
            if case .peers(let members) = kind, members.count == 1 { return members[0] }
            return nil
        }
    }

    /// What flows that are told in one line share.
    struct Key: Hashable {
        let direction: FlowChange.Direction
        let plane: Plane
        var side: UnderlaySide?
        let ports: [ServicePorts]
        let withEcho: Bool
        let reason: String
        let location: SourceLocation?
    }

    private let states: [PolicyState]
    private let joint: JointPeers
    private let subjects: [JointPorts]
    private let words: [VerdictWords]

    private init(from applied: PolicyState, to desired: PolicyState) {
        states = [applied, desired]
        joint = JointPeers(from: applied, to: desired)
        subjects = JointPorts.classes(states)
        words = states.map { VerdictWords($0.mesh) }
    }

    /// Sorted: what opens before what closes, the overlay first.
    package static func changes(from applied: PolicyState, to desired: PolicyState) -> [FlowChange] {
        let diff = FlowDiff(from: applied, to: desired)
        var grouping = FlowGrouping(diff.states, diff.joint)
        let peers = diff.joint.classes(diff.states).map { End(kind: .peers($0)) }
        let strangers = End(kind: .strangers)
        let near = Self.networks(diff.states.flatMap(\.underlayNetworks))
        let far = Self.networks(diff.states.flatMap(\.forwardNetworks))
        diff.compare(.overlay, peers, peers, &grouping)
        diff.compare(.underlay, peers + near + [strangers], peers, &grouping)
        diff.compare(.forward, peers, far + [strangers], &grouping)
        diff.compare(.forward, far, peers + far, &grouping)
        return grouping.changes
    }

    /// The networks, each with an address that is in none of its parts; those that their parts fill are left out.
    private static func networks(_ named: [IPPrefix]) -> [End] {
        let all = Set(named).sorted()
        return all.compactMap { network in
            let parts = all.filter { network.contains($0) && $0 != network }
            let candidates = [network.last] + parts.compactMap { $0.last.advanced(by: 1) }
            let free = candidates.first { address in
                network.contains(address) && !parts.contains { $0.contains(address) }
            }
            return free.map { End(kind: .network(network, $0)) }
        }
    }

    private func compare(_ plane: Plane, _ from: [End], _ to: [End], _ grouping: inout FlowGrouping) {
        for source in from {
            for target in to where !(source.only != nil && source.only == target.only) {
                var sides: [[Key]] = []
                for side in plane == .underlay ? UnderlaySide.allCases : [.public] {
                    sides.append(changes(plane, source, target, side))
                }
                if plane == .underlay, sides[0] != sides[1] {
                    for (side, keys) in zip(UnderlaySide.allCases, sides) {
                        for var key in keys {
                            key.side = side
                            grouping.add(key, source, target)
                        }
                    }
                } else {
                    for key in sides[0] { grouping.add(key, source, target) }
                }
            }
        }
    }

    /// What differs between two ends.
    private func changes(_ plane: Plane, _ from: End, _ to: End, _ side: UnderlaySide) -> [Key] {
        let ends = states.indices.map { number -> (from: FlowEnd, to: FlowEnd)? in
            guard let target = end(to, other: from, plane, in: number, side, isSource: false),
                let source = end(from, other: to, plane, in: number, side, isSource: true)
            else { return nil }
            if plane == .forward, target == .anyone {
                guard case .peer(let peer) = source, states[number].leaves(peer) else { return nil }
            }
            return (source, target)
        }
        if plane == .underlay, ends.contains(where: { $0 == nil }) { return [] }
        struct Cause: Hashable {
            let direction: FlowChange.Direction
            let reason: String
            let location: SourceLocation?
        }
        var order: [Cause] = []
        var found: [Cause: (ports: [ServicePorts], echo: Bool)] = [:]
        for subject in subjects {
            let verdicts = states.indices.map { number in
                ends[number].map {
                    states[number].verdict(
                        for: Flow(plane, from: $0.from, to: $0.to, subject.representative, side: side))
                }
            }
            let opens = verdicts[1]?.isAllowed ?? false
            if verdicts[0]?.isAllowed ?? false == opens { continue }
            guard let allowing = verdicts[opens ? 1 : 0] else { continue }
            let cause = Cause(
                direction: opens ? .opens : .closes, reason: allowing.reason.word,
                location: words[opens ? 1 : 0].location(allowing.reason))
            if found[cause] == nil { order.append(cause) }
            found[cause, default: ([], false)].ports += subject.ports
            if subject.ports.isEmpty { found[cause]?.echo = true }
        }
        return order.map { cause in
            Key(
                direction: cause.direction, plane: plane, side: nil, ports: found[cause]?.ports.merged ?? [],
                withEcho: found[cause]?.echo ?? false, reason: cause.reason, location: cause.location)
        }
    }

    /// An end in a state; nil where there is none such.
    private func end(
        _ end: End, other: End, _ plane: Plane, in number: Int, _ side: UnderlaySide, isSource: Bool
    ) -> FlowEnd? {
        switch end.kind {
        case .strangers: return .anyone
        case .network(_, let address):
            return plane == .underlay || states[number].reaches(address) ? .address(address) : nil
        case .peers(let members):
            // Two of the same class are asked for by different members.
            let member = members[end == other && !isSource && members.count > 1 ? 1 : 0]
            if let place = joint.peers[member].places[number] { return .peer(place) }
            guard plane == .underlay, isSource, let place = joint.peers[member].places[1 - number] else { return nil }
            return states[number].stranger(states[1 - number].mesh.peers[place], side)
        }
    }
}
