import Diagnostics
import MeshFiles

/// Holds a declared mesh, and what was allocated for it, against one requirement. Rules never stop at the first.
protocol Rule: Sendable {
    static func findings(in input: RuleInput) -> [Diagnostic]
}

/// What the rules look at.
struct RuleInput {
    let mesh: DeclaredMesh
    /// Nil for a mesh of which nothing is allocated yet.
    let lock: LockFile?
    /// Indices of the enabled peers, ascending.
    let enabled: [Int]
    /// Over the enabled peers.
    let topology: Topology

    init(mesh: DeclaredMesh, lock: LockFile?) {
        self.mesh = mesh
        self.lock = lock
        enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        topology = Topology(mesh, peers: enabled)
    }
}

/// Every rule, in no particular order.
enum Rules {
    static var all: [any Rule.Type] {
        [
            OverlappingPrefixes.self, MisplacedAddresses.self, DuplicateAddresses.self, OverlappingRoutes.self,
            UnderlayOverlaps.self, ReservedRanges.self, SiteAddresses.self, DuplicateEndpoints.self, DuplicateKeys.self,
            UnderlayAddresses.self, UnreachablePairs.self, Selectors.self,
        ]
    }
}
