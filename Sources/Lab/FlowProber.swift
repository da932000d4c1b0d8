import CNamespaces
import Glibc

/// Asks every flow of a plan, in waves: many at once, each wave waiting for the slowest answer that must come, and for
/// as long again before silence counts.
struct FlowProber {
    /// Milliseconds for which a wave listens at least after its last question.
    private static let quiet = 250
    private static let waveSize = 600
    /// For how long an answer that must come is waited for, attempt by attempt: the last are longer than WireGuard takes
    /// to repeat a lost handshake (5 s).
    private static let limits = [700, 1_500, 3_000, 6_000]
    /// How often what must not come is asked.
    private static let refusals = 2

    private(set) var questions: [FlowQuestion] = []
    private let plan: LabFlowPlan
    private let machines: FlowMachines
    private let payload: FlowPayload
    private let events: FlowEvents
    private var responder: FlowResponder
    /// Sockets of the present wave.
    private var open: [OpenQuestion] = []
    private var awaited = 0
    private var slowest = 0

    private struct OpenQuestion {
        let question: Int
        let descriptor: Int32
        let sent: Int
        var isSettled = false
    }

    /// A port that no flow asks for.
    static let controlPort: UInt16 = 47_809

    init(plan: LabFlowPlan, machines: FlowMachines, payload: FlowPayload) throws(PosixError) {
        self.plan = plan
        self.machines = machines
        self.payload = payload
        let subjects = plan.ways.flatMap(\.subjects)
        let markers = plan.marker.map { [$0.port] } ?? []
        let tcp = Set(subjects.filter { $0.transport == .tcp }.map(\.port) + markers)
        let udp = Set(subjects.filter { $0.transport == .udp }.map(\.port) + [FlowProber.controlPort])
        events = try FlowEvents()
        responder = try FlowResponder(
            machines, tcp: tcp.sorted(), udp: udp.sorted(), payload: payload, events: events)
    }

    func close() { responder.close() }

    /// Asks everything; the questions hold what was seen. Blocks its thread.
    mutating func run(_ asked: [FlowQuestion], progress: (Int, Int) -> Void) {
        questions = asked
        var waiting = Array(asked.indices)
        var done = 0
        while !waiting.isEmpty {
            let attempt = questions[waiting[0]].attempts
            let limit = FlowProber.limits[min(attempt, FlowProber.limits.count - 1)]
            var next: [Int] = []
            for start in stride(from: 0, to: waiting.count, by: FlowProber.waveSize) {
                let wave = Array(waiting[start..<min(start + FlowProber.waveSize, waiting.count)])
                ask(wave, limit: limit)
                next += wave.filter { !isConcluded(questions[$0]) }
                done = questions.count - (waiting.count - start - wave.count) - next.count
                progress(max(0, done), questions.count)
            }
            waiting = next
        }
    }

    private func isConcluded(_ question: FlowQuestion) -> Bool {
        let sender = plan.ways[question.way].sender
        if question.isExpected {
            return question.isReached(by: sender) || question.attempts >= FlowProber.limits.count
        }
        return question.gotThrough || question.attempts >= FlowProber.refusals
    }

    /// One wave.
    private mutating func ask(_ wave: [Int], limit: Int) {
        open = []
        awaited = 0
        slowest = 0
        let bySender = Dictionary(grouping: wave) { machines[plan.ways[questions[$0].way].from] ?? -1 }
        for (machine, indices) in bySender.sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: indices.count, by: 64) {
                send(Array(indices[start..<min(start + 64, indices.count)]), from: machine)
                pump(milliseconds: 0)
            }
        }
        listen(limit: limit)
        for question in open { Glibc.close(question.descriptor) }
        open = []
    }

    private mutating func listen(limit: Int) {
        let start = Milliseconds.now
        var isRepeated = false
        while open.contains(where: { !$0.isSettled }) {
            pump(milliseconds: 5)
            let elapsed = Milliseconds.now - start
            let quiet = max(FlowProber.quiet, 2 * slowest)
            if elapsed >= quiet, awaited <= 0 || elapsed >= limit { return }
            if !isRepeated, elapsed >= quiet / 2 {
                isRepeated = true
                for index in open.indices where !open[index].isSettled { repeatQuestion(open[index]) }
            }
        }
    }

    /// Opens the sockets of one machine's questions, and asks.
    private mutating func send(_ indices: [Int], from machine: Int) {
        guard machines.list.indices.contains(machine) else { return }
        let asked = questions
        let opened = try? LabNetwork.inside(machines.list[machine].namespace) { () throws(PosixError) in
            indices.map { openSocket(asked[$0]) }
        }
        for (index, result) in zip(indices, opened ?? []) {
            questions[index].attempts += 1
            guard result.descriptor >= 0 else {
                questions[index].outcome = .refused(result.code)
                continue
            }
            let slot = open.count
            let isStream = questions[index].transport == .tcp
            open.append(OpenQuestion(question: index, descriptor: result.descriptor, sent: Milliseconds.now))
            if questions[index].isExpected { awaited += 1 }
            do {
                try events.watch(result.descriptor, .question(slot), writing: isStream)
            } catch {
                settle(slot, .refused(error.code))
                continue
            }
            if !isStream { ask(slot) }
        }
        if opened == nil { for index in indices { questions[index].attempts += 1 } }
    }

    private func openSocket(_ question: FlowQuestion) -> (descriptor: Int32, code: Int32) {
        let way = plan.ways[question.way]
        guard let source = NumericAddress(way.source), let target = NumericAddress(way.target) else {
            return (-1, EINVAL)
        }
        let port = question.transport == .echo ? 0 : question.port
        let descriptor = source.withSocketAddress(port: 0) { from, length in
            target.withSocketAddress(port: port) { to, _ in
                lab_ask(way.kind(question.transport), from, to, length)
            }
        }
        return (descriptor, descriptor < 0 ? errno : 0)
    }

    private mutating func ask(_ slot: Int) {
        let question = questions[open[slot].question]
        let way = plan.ways[question.way]
        let bytes = payload.bytes(question: open[slot].question, isSecret: way.isSecret)
        let family = way.family == .ipv4 ? AF_INET : AF_INET6
        let count = lab_send_question(open[slot].descriptor, way.kind(question.transport), family, bytes, bytes.count)
        if count < 0 { settle(slot, .refused(errno)) }
    }

    /// A datagram may be lost; a stream's packets are repeated by the kernel.
    private mutating func repeatQuestion(_ open: OpenQuestion) {
        let question = questions[open.question]
        guard question.transport != .tcp else { return }
        let way = plan.ways[question.way]
        let bytes = payload.bytes(question: open.question, isSecret: way.isSecret)
        let family = way.family == .ipv4 ? AF_INET : AF_INET6
        _ = lab_send_question(open.descriptor, way.kind(question.transport), family, bytes, bytes.count)
    }

    private mutating func settle(_ slot: Int, _ outcome: FlowQuestion.Outcome) {
        guard !open[slot].isSettled else { return }
        open[slot].isSettled = true
        let index = open[slot].question
        if questions[index].isExpected { awaited -= 1 }
        if questions[index].outcome != .answered { questions[index].outcome = outcome }
        if outcome == .answered { slowest = max(slowest, Milliseconds.now - open[slot].sent) }
    }

    // MARK: news

    private mutating func pump(milliseconds: Int32) {
        for event in events.wait(milliseconds: milliseconds) {
            switch event.source {
            case .question(let slot): if open.indices.contains(slot) { hear(slot, event) }
            case .datagram(let number):
                var notes: [(Int, FlowQuestion.Arrival)] = []
                responder.answer(datagram: number) { notes.append(($0, $1)) }
                for (question, arrival) in notes { note(question, arrival) }
            case .stream(let number): responder.accept(stream: number)
            case .connection(let number):
                var notes: [(Int, FlowQuestion.Arrival)] = []
                responder.answer(connection: number) { notes.append(($0, $1)) }
                for (question, arrival) in notes { note(question, arrival) }
            }
        }
    }

    private mutating func note(_ question: Int, _ arrival: FlowQuestion.Arrival) {
        guard questions.indices.contains(question) else { return }
        questions[question].arrival = arrival
        guard plan.ways[questions[question].way].sender != .own,
            let slot = open.firstIndex(where: { $0.question == question })
        else { return }
        settle(slot, .silent)
    }

    private mutating func hear(_ slot: Int, _ event: FlowEvents.Event) {
        guard !open[slot].isSettled else { return }
        let descriptor = open[slot].descriptor
        let question = questions[open[slot].question]
        if event.isWritable, question.transport == .tcp {
            let code = lab_socket_error(descriptor)
            if code != 0 { return settle(slot, .refused(code)) }
            try? events.read(descriptor, .question(slot))
            return ask(slot)
        }
        guard event.isReadable else { return }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = lab_reply(descriptor, plan.ways[question.way].kind(question.transport), &buffer, buffer.count)
        if count < 0 {
            if errno != EAGAIN { settle(slot, .refused(errno)) }
        } else if payload.question(in: buffer[..<count]) == open[slot].question {
            settle(slot, .answered)
        } else if question.transport == .tcp {
            settle(slot, .silent)
        }
    }
}
