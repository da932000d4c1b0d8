import Addresses
import HostPlans
import Lab
import MeshModel

/// Every flow of one mesh's policy and of its complement, in the lab's own words, with the oracle's answers.
struct LabFlows {
    let mesh: Mesh
    let oracle: PolicyOracle
    let policy: DeclaredPolicy
    let firewalls: HostFirewalls
    let places: LabPlaces
    let subjects: FlowSubjects
    /// Which of the mesh's peers take part.
    let chosen: [Int]
    let meshes: LabMeshes
    /// The mesh's place in ``meshes``.
    let part: Int
    private let words: [VerdictWords]
    /// What each host may begin on the underlay, by the rules of all meshes on it.
    let egress: [[UnderlayAllowance]]
    private(set) var reasons = FlowReasons()
    private(set) var ways: [LabWay] = []

    /// Nil for a mesh without a policy, and where no host has a firewall.
    init?(_ meshes: LabMeshes, _ part: Int, places: LabPlaces, subjects: FlowSubjects, moment: Int64) {
        mesh = meshes.parts[part].mesh
        guard let policy = mesh.declared.policy else { return nil }
        self.policy = policy
        self.meshes = meshes
        self.part = part
        self.places = places
        self.subjects = subjects
        firewalls = meshes.parts[part].firewalls
        chosen = meshes.parts[part].chosen
        oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: moment)
        words = meshes.parts.map { VerdictWords($0.mesh.declared) }
        let plan = FirewallPlan(mesh, at: moment)
        let firewalls = firewalls
        egress = mesh.peers.indices.map { host in
            plan?.policy(for: host, neighbors: firewalls.neighbors(of: host)).underlayEgress ?? []
        }
        addOverlay()
        addUnderlay()
        addStrangers()
        addForward()
        addExits()
        if ways.isEmpty { return nil }
    }

    // MARK: words

    func name(_ peer: Int) -> String { places.hostNames[peer] }

    func end(_ peer: Int) -> FlowEnd { .peer(mesh.declaredIndices[peer]) }

    /// Whether rules of a host's own judge what comes to it.
    func judges(_ peer: Int) -> Bool { firewalls.kind(of: peer) != .none }

    /// WireGuard's own ports on a host, of every mesh that it is in.
    func tunnelPorts(_ peer: Int) -> Set<Port> {
        Set(firewalls.neighbors(of: peer).map(\.port) + mesh.declared.ports(of: mesh.declaredIndices[peer]))
            .union(meshes.machine(part, peer).map(meshes.tunnelPorts) ?? [])
    }

    /// The subjects with the answers of all the flows that they depend on: allowed when every one is.
    mutating func answered(_ asked: [(subject: FlowSubject, flows: [Flow])]) -> [LabSubject] {
        asked.map { subject, flows in
            let verdicts = flows.map { oracle.verdict(for: $0) }
            let deciding = verdicts.first { !$0.isAllowed } ?? verdicts[0]
            return answered(subject, deciding, of: part)
        }
    }

    /// The subjects with the answers of every mesh that the two are in, and of those that are not in the lab but whose
    /// openings their hosts' rules have.
    mutating func answered(
        _ asked: [FlowSubject], _ asker: LabMeshes.Asker, to peer: Int, _ side: UnderlaySide
    ) -> [LabSubject] {
        guard let machine = meshes.machine(part, peer) else { return [] }
        return asked.compactMap { subject in
            guard let (verdict, number) = meshes.verdict(asker, to: machine, subject, side) else { return nil }
            let flows = ends(of: asker).map { Flow(.underlay, from: $0, to: end(peer), subject, side: side) }
            if !verdict.isAllowed, flows.allSatisfy(isOpenBeside) {
                return LabSubject(
                    subject, isAllowed: true, reason: reasons.index(of: "another mesh on the host opens it"))
            }
            return answered(subject, verdict, of: number)
        }
    }

    /// As whom the mesh sees an asker: behind a router, as a stranger there and as itself here.
    private func ends(of asker: LabMeshes.Asker) -> [FlowEnd] {
        let member = asker.machine.flatMap { machine in
            meshes.machines[machine].peers.first { $0.part == part }.map { end($0.peer) }
        }
        guard let address = asker.address else { return [.anyone] + [member].compactMap { $0 } }
        return [member ?? .address(address)]
    }

    mutating func answered(_ subject: FlowSubject, _ verdict: Verdict, of part: Int) -> LabSubject {
        let place = meshes.parts.count > 1 ? "\(meshes.parts[part].mesh.name): " : ""
        return LabSubject(
            subject, isAllowed: verdict.isAllowed, reason: reasons.index(of: place + words[part].reason(verdict)))
    }

    /// The subjects as denied, whatever the policy says.
    mutating func denied(_ asked: [FlowSubject], because reason: String) -> [LabSubject] {
        let index = reasons.index(of: reason)
        return asked.map { LabSubject($0, isAllowed: false, reason: index) }
    }

    mutating func add(_ way: LabWay) {
        if !way.subjects.isEmpty { ways.append(way) }
    }

    // MARK: the overlay

    private mutating func addOverlay() {
        for from in chosen {
            for to in chosen where to != from && (judges(from) || judges(to)) {
                let families = Set(mesh.peers[from].addresses.map(\.family))
                for target in mesh.peers[to].addresses where families.contains(target.family) {
                    guard let source = mesh.peers[from].addresses.first(where: { $0.family == target.family }) else {
                        continue
                    }
                    let asked = subjects.all(without: tunnelPorts(to)) + [.echo]
                    let answers = answered(
                        asked.map { ($0, [Flow(.overlay, from: end(from), to: end(to), $0)]) })
                    add(
                        LabWay(
                            .overlay, from: name(from), to: name(to), source: source.description,
                            target: target.description, isControlled: mesh.topology[from, to] != PeerRoute.none,
                            subjects: answers))
                }
            }
        }
    }

    // MARK: the marker

    /// Two neighbors on a site that may talk through the tunnel by a port that the guard closes on the underlay.
    var marker: LabMarker? {
        for way in ways where way.plane == .overlay && way.family == .ipv4 {
            guard
                let beneath = ways.first(where: {
                    $0.plane == .underlay && $0.sender == .own && $0.from == way.from && $0.to == way.to
                        && $0.source != LabPlaces.anywhere
                })
            else { continue }
            let closed = Set(beneath.subjects.filter { $0.transport == .tcp && isGuarded($0) }.map(\.port))
            guard
                let subject = way.subjects.first(where: {
                    $0.isAllowed && $0.transport == .tcp && closed.contains($0.port)
                })
            else { continue }
            return LabMarker(
                from: way.from, to: way.to, port: subject.port, overlay: (way.source, way.target),
                underlay: (beneath.source, beneath.target))
        }
        return nil
    }

    private func isGuarded(_ subject: LabSubject) -> Bool {
        !subject.isAllowed || policy.guardDeclaration.plaintext != .reject
    }
}
