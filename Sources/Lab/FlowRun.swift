import Diagnostics
import Glibc

/// The part of a lab that asks the flows: the wire with the mesh off, the flows with it on, the wire again, and every
/// way with the rules gone.
struct FlowRun: Sendable {
    let order: LabOrder
    let plan: LabFlowPlan
    let firewalls: LabFirewalls
    let report: @Sendable (LabProgress) -> Void
    private let payload = FlowPayload()
    private let machines: FlowMachines
    /// The plan with the marker's two ways, overlay and underlay, behind its own.
    private let extended: LabFlowPlan
    /// What was seen before the mesh came up.
    private(set) var marker: LabMarkerResult?

    init(
        order: LabOrder, plan: LabFlowPlan, firewalls: LabFirewalls,
        report: @escaping @Sendable (LabProgress) -> Void
    ) {
        self.order = order
        self.plan = plan
        self.firewalls = firewalls
        self.report = report
        machines = FlowMachines(order.topology)
        extended = LabFlowPlan(
            ways: plan.ways + FlowRun.ways(of: plan.marker), reasons: plan.reasons, marker: plan.marker,
            guarding: plan.guarding)
    }

    private static func ways(of marker: LabMarker?) -> [LabWay] {
        guard let marker else { return [] }
        return [
            LabWay(
                .overlay, from: marker.from, to: marker.to, source: marker.overlaySource, target: marker.overlayTarget,
                subjects: []),
            LabWay(
                .underlay, from: marker.from, to: marker.to, source: marker.underlaySource,
                target: marker.underlayTarget, subjects: []),
        ]
    }

    /// The positive control of the wire: with the mesh off, the marker is seen on it.
    mutating func listenBefore() throws {
        guard plan.marker != nil else { return }
        var result = LabMarkerResult(guarding: plan.guarding)
        let (answered, counts) = try sendMarker(onOverlay: false, WireRules(order.topology, ports: [:]))
        result.offAnswered = answered
        result.offSeen = counts.openTexts
        marker = result
    }

    /// Asks everything; the hosts are up and their rules loaded. Afterwards the rules are gone.
    func run(
        _ hosts: [LabHostState], _ refused: [String], warm: () async -> Void
    ) async throws -> LabFlowResults {
        await warm()
        let start = Milliseconds.now
        let rules = WireRules(
            order.topology,
            ports: Dictionary(
                hosts.map {
                    ($0.number, Set($0.tunnels.compactMap(\.listeningPort).compactMap { UInt16(exactly: $0) }))
                },
                uniquingKeysWith: { $0.union($1) }))
        let tap = try WireTap(order.topology, rules, payload)
        var prober: FlowProber
        do {
            prober = try FlowProber(plan: extended, machines: machines, payload: payload)
            prober.run(questions) { report(LabProgress(stage: .askingFlows, done: $0, total: $1)) }
            prober.close()
        } catch {
            _ = tap.stop()
            throw error
        }
        var wires = LabWireResult(tap.stop())
        let elapsed = Milliseconds.now - start
        wires.marker = try await listenAfter(rules)
        let asked = prober.questions
        let problems = await firewalls.removeAll { report(LabProgress(stage: .removingRules, done: $0, total: $1)) }
        var controls = try control(asked)
        if controls.contains(where: { $0.isExpected && !$0.isReached(by: plan.ways[$0.way].sender) }) {
            // A tunnel may have lost its session meanwhile; only what gets through proves anything.
            await warm()
            controls = try control(asked + controls) + controls
        }
        return FlowJudge(plan: plan, machines: machines, questions: asked, controls: controls)
            .results(wires, refused + problems + unpublished(asked), elapsed)
    }

    /// A sentence for each host whose published ports did not lead to its container.
    private func unpublished(_ asked: [FlowQuestion]) -> [String] {
        order.topology.hosts.compactMap { host in
            guard let container = machines[FlowMachines.container(of: host.name)] else { return nil }
            let published = asked.filter { question in
                let way = plan.ways[question.way]
                return question.transport == .tcp && host.containerPorts.contains(question.port) && way.to == host.name
                    && way.family == .ipv4 && question.arrival != nil
            }
            if published.allSatisfy({ $0.arrival?.machine == container }) { return nil }
            return "\(host.name): a published port did not lead to its container"
        }
    }

    /// Every flow, in an order that spreads each way over the whole time.
    private var questions: [FlowQuestion] {
        let longest = plan.ways.map(\.subjects.count).max() ?? 0
        return (0..<longest).flatMap { position in
            plan.ways.indices.compactMap { index -> FlowQuestion? in
                let subjects = plan.ways[index].subjects
                guard position < subjects.count else { return nil }
                // Each way begins elsewhere, so that not all ask the same port at once.
                let subject = (position + index) % subjects.count
                return FlowQuestion(
                    way: index, subject: subject, transport: subjects[subject].transport, port: subjects[subject].port,
                    isExpected: subjects[subject].isAllowed)
            }
        }
    }

    /// With the rules gone, a way on which nothing was reached must be open: else its refusals were not the rules' doing.
    private func control(_ asked: [FlowQuestion]) throws -> [FlowQuestion] {
        var reached = Set<Int>()
        for question in asked where question.isReached(by: plan.ways[question.way].sender) {
            reached.insert(question.way)
        }
        let questions = plan.ways.indices.filter { !reached.contains($0) }.map { index in
            FlowQuestion(
                way: index, subject: -1, transport: .udp, port: FlowProber.controlPort,
                isExpected: plan.ways[index].isControlled && plan.ways[index].sender == .own)
        }
        var prober = try FlowProber(plan: extended, machines: machines, payload: payload)
        prober.run(questions) { report(LabProgress(stage: .controlling, done: $0, total: $1)) }
        prober.close()
        return prober.questions
    }

    private func listenAfter(_ rules: WireRules) async throws -> LabMarkerResult? {
        guard var result = marker, let plan = plan.marker else { return nil }
        let on = try sendMarker(onOverlay: true, rules)
        result.onAnswered = on.answered
        result.onSeen = on.counts.secrets
        let before = await firewalls.reports(of: [plan.from, plan.to])
        let plain = try sendMarker(onOverlay: false, rules)
        result.plainAnswered = plain.answered
        result.plainSeen = plain.counts.openTexts
        if result.guarding == .log {
            result.isCounted = await firewalls.reports(of: [plan.from, plan.to]) != before
        }
        return result
    }

    private func sendMarker(onOverlay: Bool, _ rules: WireRules) throws -> (answered: Bool, counts: WireCounts) {
        guard let marker = plan.marker else { return (false, WireCounts()) }
        let tap = try WireTap(order.topology, rules, payload)
        var prober = try FlowProber(plan: extended, machines: machines, payload: payload)
        let isExpected = onOverlay || self.marker == nil || plan.guarding != .reject
        let question = FlowQuestion(
            way: plan.ways.count + (onOverlay ? 0 : 1), subject: -1, transport: .tcp, port: marker.port,
            isExpected: isExpected)
        prober.run([question]) { _, _ in }
        prober.close()
        return (prober.questions[0].outcome == .answered, tap.stop())
    }
}

extension LabWireResult {
    init(_ counts: WireCounts) {
        self.init()
        frames = counts.frames
        wireGuard = counts.tunnel
        missed = counts.missed
        secrets = counts.secrets
        strange = counts.strange.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    }
}
