import Addresses
import HostPlans
import Lab
import MeshModel

/// What is asked from one mesh of another: everything is refused, but for what two joined meshes both allow.
struct LabCrossings {
    private let meshes: LabMeshes
    private let subjects: FlowSubjects
    private let words: [VerdictWords]
    private(set) var reasons = FlowReasons()
    private(set) var ways: [LabWay] = []

    init(_ meshes: LabMeshes, _ subjects: FlowSubjects) {
        self.meshes = meshes
        self.subjects = subjects
        words = meshes.parts.map { VerdictWords($0.mesh.declared) }
    }

    /// Every ordered pair of machines that are not one, from a mesh that the other is not asked in.
    mutating func addAll() {
        for (number, from) in meshes.machines.enumerated() {
            for (other, to) in meshes.machines.enumerated() where other != number {
                for here in from.peers {
                    for there in to.peers where there.part != here.part { addOverlay(number, here, other, there) }
                }
                if !from.peers.contains(where: { here in to.peers.contains { $0.part == here.part } }) {
                    addUnderlay(number, other)
                }
            }
        }
    }

    private func isJudged(_ machine: Int) -> Bool {
        meshes.machines[machine].peers.contains { meshes.parts[$0.part].firewalls.kind(of: $0.peer) != .none }
    }

    private mutating func addOverlay(
        _ from: Int, _ here: (part: Int, peer: Int), _ to: Int, _ there: (part: Int, peer: Int)
    ) {
        let mesh = meshes.parts[there.part].mesh
        for target in mesh.peers[there.peer].addresses where isJudged(from) || isJudged(to) {
            let own = meshes.parts[here.part].mesh.peers[here.peer].addresses
            guard let source = own.first(where: { $0.family == target.family }) else { continue }
            let asked = subjects.all(without: meshes.tunnelPorts(to)) + [.echo]
            let crossing = meshes.crossing(here, there, target)
            // A host of both has an address of its own in the other mesh, and asks by that.
            let isGateway = meshes.machines[from].peers.count > 1
            if crossing != nil, isGateway { continue }
            let answers = crossing.map { answered(asked, $0) } ?? apart(asked)
            ways.append(
                LabWay(
                    .forward, from: meshes.machines[from].name, to: meshes.machines[to].name,
                    source: source.description, target: target.description,
                    isControlled: crossing != nil, subjects: answers))
        }
    }

    private mutating func apart(_ asked: [FlowSubject]) -> [LabSubject] {
        let index = reasons.index(of: "the two are in meshes that nothing joins")
        return asked.map { LabSubject($0, isAllowed: false, reason: index) }
    }

    private mutating func answered(
        _ asked: [FlowSubject], _ crossing: (FlowSubject) -> [(Verdict, Int)]
    ) -> [LabSubject] {
        asked.map { subject in
            let verdicts = crossing(subject)
            let (verdict, part) = verdicts.first { !$0.0.isAllowed } ?? verdicts[0]
            return LabSubject(subject, isAllowed: verdict.isAllowed, reason: index(of: verdict, part))
        }
    }

    private mutating func index(of verdict: Verdict, _ part: Int) -> Int {
        reasons.index(of: "\(meshes.parts[part].mesh.name): \(words[part].reason(verdict))")
    }

    /// Hosts that share a wire and no mesh are strangers to each other.
    private mutating func addUnderlay(_ from: Int, _ to: Int) {
        guard isJudged(to) else { return }
        for (source, target) in neighbors(from, to) {
            let asked = subjects.all(without: meshes.tunnelPorts(to)) + [.echo]
            let asker = LabMeshes.Asker(machine: from, address: source, isJudged: false)
            let answers = asked.compactMap { subject in
                meshes.verdict(asker, to: to, subject, .private).map {
                    LabSubject(subject, isAllowed: $0.verdict.isAllowed, reason: index(of: $0.verdict, $0.part))
                }
            }
            ways.append(
                LabWay(
                    .underlay, from: meshes.machines[from].name, to: meshes.machines[to].name,
                    source: source.description, target: target.description, subjects: answers))
        }
    }

    /// The private addresses by which two machines meet on one site.
    private func neighbors(_ from: Int, _ to: Int) -> [(source: IPAddress, target: IPAddress)] {
        var result: [(source: IPAddress, target: IPAddress)] = []
        for here in meshes.machines[from].peers {
            for there in meshes.machines[to].peers where site(here) != nil && site(here) == site(there) {
                for target in privates(there) {
                    guard let source = privates(here).first(where: { $0.family == target.family }),
                        !result.contains(where: { $0.source == source && $0.target == target })
                    else { continue }
                    result.append((source, target))
                }
            }
        }
        return result
    }

    private func site(_ place: (part: Int, peer: Int)) -> String? {
        let mesh = meshes.parts[place.part].mesh
        return mesh.peers[place.peer].declared.site.map { mesh.sites[$0].name }
    }

    private func privates(_ place: (part: Int, peer: Int)) -> [IPAddress] {
        meshes.parts[place.part].mesh.peers[place.peer].declared.privateAddresses.map(\.value)
    }
}
