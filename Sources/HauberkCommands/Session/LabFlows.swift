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
    private let words: VerdictWords
    private(set) var reasons = FlowReasons()
    private(set) var ways: [LabWay] = []

    /// Nil for a mesh without a policy, and where no host has a firewall.
    init?(_ mesh: Mesh, firewalls: HostFirewalls, places: LabPlaces, chosen: [Int], moment: Int64) {
        guard let policy = mesh.declared.policy else { return nil }
        self.mesh = mesh
        self.policy = policy
        self.firewalls = firewalls
        self.places = places
        self.chosen = chosen
        oracle = PolicyOracle(mesh.declared, topology: mesh.topology, moment: moment)
        subjects = FlowSubjects(policy, in: mesh.declared)
        words = VerdictWords(mesh.declared)
        addOverlay()
        addUnderlay()
        addStrangers()
        addForward()
        addExits()
        if ways.isEmpty { return nil }
    }

    var plan: LabFlowPlan {
        LabFlowPlan(
            ways: ways, reasons: reasons.texts, marker: marker,
            guarding: LabGuard(rawValue: policy.guardDeclaration.plaintext.rawValue) ?? .off)
    }

    // MARK: words

    func name(_ peer: Int) -> String { places.hostNames[peer] }

    func end(_ peer: Int) -> FlowEnd { .peer(mesh.declaredIndices[peer]) }

    /// Whether rules of a host's own judge what comes to it.
    func judges(_ peer: Int) -> Bool { firewalls.kind(of: peer) != .none }

    /// WireGuard's own ports on a host, of this mesh and its neighbors.
    func tunnelPorts(_ peer: Int) -> Set<Port> {
        Set(firewalls.neighbors(of: peer).map(\.port) + [mesh.declared.port(of: mesh.declaredIndices[peer])])
    }

    /// The subjects with the answers of all the flows that they depend on: allowed when every one is.
    mutating func answered(_ asked: [(subject: FlowSubject, flows: [Flow])]) -> [LabSubject] {
        asked.map { subject, flows in
            let verdicts = flows.map { ($0, oracle.verdict(for: $0)) }
            let (flow, deciding) = verdicts.first { !$1.isAllowed && !isOpenBeside($0) } ?? verdicts[0]
            let isAllowed = deciding.isAllowed || isOpenBeside(flow)
            let reason = deciding.isAllowed == isAllowed ? words.reason(deciding) : "another mesh on the host opens it"
            return LabSubject(subject, isAllowed: isAllowed, reason: reasons.index(of: reason))
        }
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
    private var marker: LabMarker? {
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
        let unguarded = reasons.texts.indices.contains(subject.reason) && !subject.isAllowed
        return unguarded || policy.guardDeclaration.plaintext != .reject
    }
}
