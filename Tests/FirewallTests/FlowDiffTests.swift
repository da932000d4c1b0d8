import Addresses
import Diagnostics
import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// What a plan says of flows against the oracle, which is asked for every pair and port on both sides.
@Suite struct FlowDiffTests {
    @Test func `a plan names exactly the flows that differ, for 120 random changes`() throws {
        let start = SeededRandom.start(1, for: "flows of a plan")
        var (seed, done, asked, differing, planes) = (start, 0, 0, 0, Set<Plane>())
        while done < 120 {
            defer { seed += 1 }
            guard let change = PolicyChange(seed: seed) else { continue }
            done += 1
            let told = ToldFlows(change)
            let naive = NaiveFlows(change)
            for question in naive.questions {
                asked += 1
                guard let expected = naive.change(question) else { continue }
                let said = told.changes(question)
                if expected != .same {
                    differing += 1
                    planes.insert(question.plane)
                }
                if said == (expected == .same ? [] : [expected]) { continue }
                Issue.record(
                    "seed \(seed): \(question): \(expected), said \(said)\n\(change.texts.old)\n---\n\(change.texts.new)"
                )
                return
            }
        }
        #expect(asked > 100_000 && differing > 2_000, "\(asked) \(differing)")
        #expect(planes == Set(Plane.allCases))
    }

    @Test func `a mesh against itself opens and closes nothing`() throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            guard let change = PolicyChange(seed: seed) else { continue }
            #expect(FlowDiff.changes(from: change.applied, to: change.applied).isEmpty)
        }
    }

    @Test func `what opens one way closes the other`() throws {
        var flows = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            guard let change = PolicyChange(seed: seed) else { continue }
            let there = change.flows
            let back = FlowDiff.changes(from: change.desired, to: change.applied)
            flows += there.count
            #expect(there.count { $0.direction == .opens } == back.count { $0.direction == .closes }, "seed \(seed)")
        }
        #expect(flows > 20)
    }

    @Test func `a renamed peer is the same by its address`() throws {
        let text = """
            mesh: test
            prefixes: [10.88.0.0/16]
            services: {ssh: {expose: {all: private}}}
            allow: [{from: a, to: b, service: ssh}]
            peers: {a: {public: 203.0.113.1, address: 10.88.0.7}, b: {public: 203.0.113.2}}

            """
        let old = try MeshPipeline.mesh(text)
        let new = try MeshPipeline.mesh(text.replacing("from: a", with: "from: z").replacing("{a:", with: "{z:"))
        #expect(FlowDiff.changes(from: PolicyState(old), to: PolicyState(new)).isEmpty)
    }

    @Test func `a change is told in the words of the file`() throws {
        let text = """
            mesh: test
            prefixes: [10.88.0.0/16]
            groups: {app: {}, db: {}}
            services: {mysql: {expose: {db: private}}}
            allow:
              - {from: app, to: db, service: mysql}
            peers: {a1: {public: 203.0.113.1, groups: [app]}, a2: {public: 203.0.113.2, groups: [app]}, d1: {public: 203.0.113.3, groups: [db]}}

            """
        let new = try MeshPipeline.mesh(text)
        let old = try MeshPipeline.mesh(
            text.replacing("allow:\n  - {from: app, to: db, service: mysql}", with: "allow: []"))
        let flows = FlowDiff.changes(from: PolicyState(old), to: PolicyState(new))
        let flow = try #require(flows.first)
        #expect(flows.count == 1 && flow.direction == .opens && flow.plane == .overlay)
        #expect(flow.from.title == "app" && flow.from.peers == ["a1", "a2"] && flow.to.peers == ["d1"])
        #expect(flow.ports.map(\.description) == ["3306/tcp"] && !flow.withEcho && flow.location?.line == 6)
    }
}

/// A flow as somebody would ask for it: by names and addresses.
struct FlowQuestion: Hashable {
    enum Party: Hashable {
        case peer(String)
        case address(IPAddress)
        case anyone
    }

    let plane: Plane
    let side: UnderlaySide
    let from: Party
    let to: Party
    let subject: FlowSubject
}

enum FlowOutcome: Hashable { case opens, closes, same }

/// The answer of the oracle on both sides, without classes.
struct NaiveFlows {
    private let meshes: [DeclaredMesh]
    private let oracles: [PolicyOracle]

    init(_ change: PolicyChange) {
        meshes = [change.old.declared, change.new.declared]
        oracles = [change.old, change.new].map {
            PolicyOracle($0.declared, topology: $0.topology, moment: PolicyChange.moment)
        }
    }

    private var names: [String] {
        Set(meshes.flatMap { $0.peers.filter { !$0.isDisabled }.map(\.name) }).sorted()
    }

    static let strangers = ["198.51.100.9", "198.51.100.200", "10.132.15.9", "10.132.0.100"].compactMap {
        try? IPAddress(parsing: $0)
    }
    static let behind = ["192.168.50.10", "192.168.50.77"].compactMap { try? IPAddress(parsing: $0) }

    private var subjects: [FlowSubject] {
        var numbers: Set<Int> = [9, 22, 40_000, 51_820]
        for ports in meshes.flatMap({ $0.policy?.services.flatMap(\.ports) ?? [] }) {
            let (low, high) = (Int(ports.range.lower.number), Int(ports.range.upper.number))
            numbers.formUnion([low - 1, low, high, high + 1])
        }
        let ports = numbers.sorted().compactMap { Port($0) }
        return Transport.allCases.flatMap { transport in ports.map { .port(transport, $0) } } + [.echo]
    }

    var questions: [FlowQuestion] {
        let peers = names.map(FlowQuestion.Party.peer)
        let far = Self.behind.map(FlowQuestion.Party.address)
        let near = Self.strangers.map(FlowQuestion.Party.address) + [.anyone]
        var result: [FlowQuestion] = []
        func ask(_ plane: Plane, _ from: [FlowQuestion.Party], _ to: [FlowQuestion.Party]) {
            for a in from {
                for b in to where a != b {
                    for side in plane == .underlay ? UnderlaySide.allCases : [.public] {
                        result += subjects.map { FlowQuestion(plane: plane, side: side, from: a, to: b, subject: $0) }
                    }
                }
            }
        }
        ask(.overlay, peers, peers)
        ask(.underlay, peers + near, peers)
        ask(.forward, peers + far, far)
        ask(.forward, far, peers)
        return result
    }

    /// Nil where nobody can tell.
    func change(_ question: FlowQuestion) -> FlowOutcome? {
        let answers = [0, 1].map { isAllowed(question, $0) }
        if question.plane == .underlay, answers.contains(nil) { return nil }
        let (old, new) = (answers[0] ?? false, answers[1] ?? false)
        return old == new ? .same : new ? .opens : .closes
    }

    private func isAllowed(_ question: FlowQuestion, _ number: Int) -> Bool? {
        guard let from = end(question.from, question, number, isSource: true),
            let to = end(question.to, question, number, isSource: false)
        else { return nil }
        let flow = Flow(question.plane, from: from, to: to, question.subject, side: question.side)
        return oracles[number].verdict(for: flow).isAllowed
    }

    private func end(_ party: FlowQuestion.Party, _ question: FlowQuestion, _ number: Int, isSource: Bool) -> FlowEnd? {
        let mesh = meshes[number]
        switch party {
        case .anyone: return .anyone
        case .address(let address):
            let isThere = mesh.peers.contains { peer in
                !peer.isDisabled && peer.routes.contains { $0.value.contains(address) }
            }
            return question.plane == .underlay || isThere ? .address(address) : nil
        case .peer(let name):
            if let index = mesh.peers.firstIndex(where: { $0.name == name && !$0.isDisabled }) { return .peer(index) }
            guard question.plane == .underlay, isSource,
                let other = meshes[1 - number].peers.first(where: { $0.name == name })
            else { return nil }
            let own = other.publicAddresses + other.privateAddresses
            let inside = other.privateAddresses + other.publicAddresses
            guard let address = (question.side == .public ? own : inside).first?.value else { return .anyone }
            return AskedEnd.address(address, in: mesh).end
        }
    }
}

/// What a plan says, asked flow by flow.
struct ToldFlows {
    private let flows: [FlowChange]
    /// The networks that either policy speaks of, by plane.
    private let networks: [IPPrefix]

    init(_ change: PolicyChange) {
        flows = change.flows
        networks = [change.old.declared, change.new.declared].flatMap { mesh -> [IPPrefix] in
            let rules = (mesh.policy?.rules ?? []).flatMap { [$0.from.value, $0.to.value] }
            var ends = (mesh.policy?.guardDeclaration.exceptions ?? []).flatMap { [$0.from.value, $0.to.value] }
            if let rescue = mesh.policy?.guardDeclaration.rescue { ends.append(rescue.from.value) }
            let named = ends.compactMap { end -> IPPrefix? in
                if case .network(let prefix) = end { prefix } else { nil }
            }
            return named + rules.flatMap { $0.networks(in: mesh) } + mesh.peers.flatMap { $0.routes.map(\.value) }
        }
    }

    func changes(_ question: FlowQuestion) -> [FlowOutcome] {
        flows.filter { flow in
            flow.plane == question.plane && (flow.side ?? question.side) == question.side
                && holds(flow.from, question.from) && holds(flow.to, question.to) && carries(flow, question.subject)
        }.map { $0.direction == .opens ? .opens : .closes }
    }

    private func carries(_ flow: FlowChange, _ subject: FlowSubject) -> Bool {
        guard case .port(let transport, let port) = subject else { return flow.withEcho }
        return flow.ports.contains { $0.contains(port, of: transport) }
    }

    private func holds(_ party: FlowParty, _ end: FlowQuestion.Party) -> Bool {
        switch end {
        case .peer(let name): return party.peers.contains(name)
        case .anyone: return party.includesStrangers
        case .address(let address):
            let nearest = networks.filter { $0.contains(address) }.max { $0.length < $1.length }
            return nearest.map { party.networks.contains($0) } ?? party.includesStrangers
        }
    }
}
