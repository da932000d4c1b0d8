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
    /// Nil for a mesh without a policy.
    let policy: PolicyView?
    /// Seconds since 1970; nil when the present is not known, and then nothing has expired.
    let moment: Int64?

    init(mesh: DeclaredMesh, lock: LockFile?, at moment: Int64?) {
        self.mesh = mesh
        self.lock = lock
        self.moment = moment
        let enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        self.enabled = enabled
        let peers = lock?.peers ?? [:]
        let absent = enabled.indices.filter { peers[mesh.peers[enabled[$0]].name]?.progress == .absent }
        topology = Topology(mesh, peers: enabled, absent: Set(absent))
        policy = PolicyView(mesh, enabled: enabled, topology: topology)
    }
}

/// Every rule, in no particular order.
enum Rules {
    static var all: [any Rule.Type] {
        [
            OverlappingPrefixes.self, MisplacedAddresses.self, DuplicateAddresses.self, OverlappingRoutes.self,
            UnderlayOverlaps.self, ReservedRanges.self, SiteAddresses.self, DuplicateEndpoints.self, DuplicateKeys.self,
            UnderlayAddresses.self, UnreachablePairs.self, Selectors.self, Rotations.self,
        ] + policy
    }

    /// Those that hold for what a mesh allows; they find nothing in a mesh without a policy.
    private static var policy: [any Rule.Type] {
        [
            EmptySets.self, UnmatchedRules.self, CoveredRules.self, RuleExpiry.self, UnusedServices.self,
            UnreachableServices.self, OverlappingServices.self, ShadowedServices.self, PublicServices.self,
            PublicInterfaces.self, IdleExceptions.self, OpenUnderlay.self, LockOut.self, ReservedNames.self,
            FailingTests.self, Exits.self, Peerings.self,
        ]
    }
}
