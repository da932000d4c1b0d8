import Addresses
import Lab
import MeshModel

/// Every flow from a mesh to another and back, with what both say of it: each judges it by its own rules.
struct CrossingFlows {
    private(set) var ways: [LabWay] = []
    private(set) var reasons: [String]

    /// Sentences of other ways come first.
    init(reasons: [String]) {
        self.reasons = reasons
    }

    private static let allowed = "both meshes allow it"
    private static let refused = "not both meshes allow it"
    private static let apart = "no peering joins the two meshes here"

    /// One end of a way in its own mesh.
    private struct End {
        let mesh: Mesh
        /// Index among the mesh's hosts.
        let host: Int
        let name: String
        /// Whether the host is in both meshes.
        let isShared: Bool
        /// The peering with the other mesh; nil for none.
        let peering: PeeringDeclaration?
        let oracle: PolicyOracle

        var isGateway: Bool { peering?.at.value == mesh.declaredIndices[host] }
        var flowEnd: FlowEnd { .peer(mesh.declaredIndices[host]) }
    }

    mutating func add(_ mesh: Mesh, _ other: BesideLabMesh, _ moment: Int64) {
        let shared = Set(other.places.compactMap(\.shared))
        let own = Self.ends(mesh, toward: other.mesh, moment) { (mesh.peers[$0].name, shared.contains($0)) }
        let theirs = Self.ends(other.mesh, toward: mesh, moment) {
            (other.places[$0].name, other.places[$0].shared != nil)
        }
        let subjects = Self.subjects([mesh.declared, other.mesh.declared])
        for (from, to) in own.flatMap({ a in theirs.flatMap { b in [(a, b), (b, a)] } }) where from.name != to.name {
            add(from, to, subjects)
        }
    }

    private static func ends(
        _ mesh: Mesh, toward other: Mesh, _ moment: Int64, _ place: (Int) -> (name: String, isShared: Bool)
    ) -> [End] {
        let oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: moment)
        let peering = mesh.declared.policy?.peerings.first { $0.name == other.name }
        return mesh.peers.indices.map { host in
            let (name, isShared) = place(host)
            return End(
                mesh: mesh, host: host, name: name, isShared: isShared, peering: peering, oracle: oracle)
        }
    }

    /// The ports that either asks for, but for WireGuard's.
    private static func subjects(_ meshes: [DeclaredMesh]) -> [FlowSubject] {
        let tunnels = Set(meshes.flatMap { mesh in mesh.peers.indices.map { mesh.port(of: $0) } })
        var result: [FlowSubject] = []
        for mesh in meshes {
            guard let policy = mesh.policy else { continue }
            for subject in FlowSubjects(policy, in: mesh).all(without: tunnels) where !result.contains(subject) {
                result.append(subject)
            }
        }
        return result + [.echo]
    }

    private mutating func add(_ from: End, _ to: End, _ subjects: [FlowSubject]) {
        // A host of both has a way of its own to the other mesh, in that mesh's name; in this one's it has none, and from
        // here it is no peer of the other.
        let isJoined =
            from.peering != nil && to.peering != nil && !from.isShared && (!to.isShared || to.isGateway)
            && isConnected(from) && isConnected(to)
        for source in from.mesh.peers[from.host].addresses {
            for target in to.mesh.peers[to.host].addresses where target.family == source.family {
                let answers = subjects.map { subject in
                    answer(from, to, (source, target), subject, isJoined)
                }
                ways.append(
                    LabWay(
                        .forward, from: from.name, to: to.name, source: source.description, target: target.description,
                        isControlled: isJoined, subjects: answers))
            }
        }
    }

    private func isConnected(_ end: End) -> Bool {
        guard let peering = end.peering,
            let gateway = end.mesh.declaredIndices.firstIndex(of: peering.at.value)
        else { return false }
        return gateway == end.host || end.mesh.topology[end.host, gateway] != PeerRoute.none
    }

    private mutating func answer(
        _ from: End, _ to: End, _ addresses: (source: IPAddress, target: IPAddress), _ subject: FlowSubject,
        _ isJoined: Bool
    ) -> LabSubject {
        let out = Flow(.forward, from: from.flowEnd, to: .address(addresses.target), subject)
        let into = Flow(.forward, from: .address(addresses.source), to: to.flowEnd, subject)
        let isAllowed =
            isJoined && from.oracle.verdict(for: out).isAllowed && to.oracle.verdict(for: into).isAllowed
        return LabSubject(
            subject, isAllowed: isAllowed,
            reason: index(of: isAllowed ? Self.allowed : isJoined ? Self.refused : Self.apart))
    }

    private mutating func index(of text: String) -> Int {
        if let known = reasons.firstIndex(of: text) { return known }
        reasons.append(text)
        return reasons.count - 1
    }
}
