package import Addresses
package import Diagnostics
package import MeshModel

/// Flows that one state of a policy allows and another does not, with all that they have in common.
package struct FlowChange: Sendable, Hashable {
    package enum Direction: String, Sendable, CaseIterable {
        case opens, closes
    }

    package let direction: Direction
    package let plane: Plane
    /// Of the destination's underlay; nil for both sides alike, and on other planes.
    package let side: UnderlaySide?
    package let from: FlowParty
    package let to: FlowParty
    /// Merged and sorted; empty where only the ping changes.
    package let ports: [ServicePorts]
    package let withEcho: Bool
    /// What allows the flow: now for one that opens, then for one that closes.
    package let reason: String
    /// Where that stands, in the mesh file of that time; nil for a default.
    package let location: SourceLocation?

    /// Whether every port of both protocols is meant.
    package var isEverything: Bool { ports.reduce(0) { $0 + $1.range.count } == 2 * 65_535 }
}

/// One side of flows that change together. Where a peer is on both sides, its flows to itself are not meant.
package struct FlowParty: Sendable, Hashable {
    /// `all`, or the group that the peers are just the members of; nil where they have no name in common. All are all
    /// others where the other party is one host.
    package let title: String?
    /// Names, in natural order.
    package var peers: [String] = []
    /// Networks outside of the mesh, without the parts of them that stand in a party of their own.
    package var networks: [IPPrefix] = []
    /// Whether whoever is not of the mesh is meant.
    package var includesStrangers = false
}
