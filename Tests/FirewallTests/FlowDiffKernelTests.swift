import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// What a plan says of flows against the kernel, before and after it has another state's rules.
///
/// ```
///   peer, stranger ──packet──▶ [ host with the old rules ]      the same packet ──▶ [ host with the new rules ]
/// ```
@Suite struct FlowDiffKernelTests {
    @Test func `for 50 random changes, the flows that a plan names are those whose verdict changes in the kernel`()
        throws
    {
        let start = SeededRandom.start(1, for: "flows of a plan in the kernel")
        var (seed, done, packets, opened, closed) = (start, 0, 0, 0, 0)
        while done < 50 {
            defer { seed += 1 }
            guard let change = PolicyChange(seed: seed), !change.flows.isEmpty,
                let replacement = try RuleReplacement(change, seed)
            else { continue }
            done += 1
            let outcome = try replacement.run()
            packets += outcome.asked
            opened += outcome.opened
            closed += outcome.closed
            if outcome.problems.isEmpty { continue }
            let problems = outcome.problems.prefix(8).joined(separator: "\n")
            Issue.record("seed \(seed): \(problems)\n\(change.texts.old)\n---\n\(change.texts.new)")
            return
        }
        print("flows of a plan in the kernel: \(done) changes, \(packets) flows, \(opened) opened, \(closed) closed")
        #expect(done == 50 && packets > 5_000 && opened > 100 && closed > 100, "\(done) \(packets) \(opened) \(closed)")
    }
}

/// One host whose rules are replaced, and everything that is sent to it before and after.
struct RuleReplacement {
    struct Outcome {
        var problems: [String] = []
        var asked = 0
        var opened = 0
        var closed = 0
    }

    private struct Probe {
        let question: FlowQuestion
        let packet: Packet
    }

    private let change: PolicyChange
    private let name: String
    private let plans: [FirewallPlan]
    private let hosts: [Int]

    /// Nil where no host is in both states with the same addresses.
    init?(_ change: PolicyChange, _ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let meshes = [change.old, change.new]
        let plans = meshes.compactMap { FirewallPlan($0, at: PolicyChange.moment) }
        let both = change.new.peers.indices.filter { index in
            let peer = change.new.peers[index]
            guard let former = change.old.index(of: peer.name).map({ change.old.peers[$0] }) else { return false }
            return former.addresses == peer.addresses
        }
        guard plans.count == 2, let host = both.randomElement(using: &random),
            let former = change.old.index(of: change.new.peers[host].name)
        else { return nil }
        (self.change, self.plans, name, hosts) = (change, plans, change.new.peers[host].name, [former, host])
    }

    func run() throws -> Outcome {
        let policy = plans[1].policy(for: hosts[1])
        let bench = KernelBench(mesh: change.new, host: hosts[1], policy: policy)
        let probes = probes
        let round = probes.map { SamplePacket(packet: $0.packet, passes: true) }
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            let trees = try (0...1).map { number in
                let tree = "\(folder)/\(number)"
                let artifacts = try Firewalls.artifacts(for: hosts[number], in: plans[number], kind: .nftables)
                try FirewallLoader.write(artifacts, below: tree)
                return tree
            }
            let loader = FirewallLoader.nftables
            let interface = policy.interface.description
            // The new rules take the place of the old ones as they do on a host: by loading them.
            return try bench.passed(
                trees.map { loader.line(loader.load, tree: $0, interface: interface) }, [round])
        }
        return judge(probes, passed)
    }

    private func judge(_ probes: [Probe], _ passed: [[Bool]]) -> Outcome {
        let told = ToldFlows(change)
        var outcome = Outcome(asked: probes.count)
        for (number, probe) in probes.enumerated() {
            let (before, after) = (passed[0][number], passed[1][number])
            let expected: [FlowOutcome] = before == after ? [] : after ? [.opens] : [.closes]
            if !before && after { outcome.opened += 1 }
            if before && !after { outcome.closed += 1 }
            if told.changes(probe.question) == expected { continue }
            outcome.problems.append(
                "\(name): \(probe.question) \(probe.packet.source): kernel \(before) -> \(after), "
                    + "plan \(told.changes(probe.question))")
        }
        return outcome
    }

    // MARK: what is sent

    private var subjects: [FlowSubject] {
        var numbers: Set<Int> = [9, 22, 40_000]
        for mesh in [change.old, change.new] {
            for ports in mesh.declared.policy?.services.flatMap(\.ports) ?? [] {
                let (low, high) = (Int(ports.range.lower.number), Int(ports.range.upper.number))
                numbers.formUnion([low - 1, low, high, high + 1])
            }
        }
        let ports = numbers.subtracting([51_820]).sorted().compactMap { Port($0) }
        return Transport.allCases.flatMap { transport in ports.map { .port(transport, $0) } } + [.echo]
    }

    private var probes: [Probe] {
        let own = change.new.peers[hosts[1]]
        var result: [Probe] = []
        var source = 20_000
        func send(_ question: FlowQuestion, _ side: PacketSide, from: IPAddress, to: IPAddress) {
            let content: Packet.Content
            switch question.subject {
            case .echo: content = .echoRequest
            case .port(let transport, let port):
                source += 1
                guard let any = Port(source) else { return }
                content = .transport(transport, source: any, destination: port)
            }
            result.append(Probe(question: question, packet: Packet(.input(side), from: from, to: to, content)))
        }
        func ask(
            _ plane: Plane, _ side: UnderlaySide, from: FlowQuestion.Party, _ hook: PacketSide,
            _ ways: [(IPAddress, IPAddress)]
        ) {
            for subject in subjects {
                let question = FlowQuestion(plane: plane, side: side, from: from, to: .peer(name), subject: subject)
                for (a, b) in ways { send(question, hook, from: a, to: b) }
            }
        }
        for peer in change.new.peers where peer.name != name {
            if let former = change.old.index(of: peer.name), change.old.peers[former].addresses == peer.addresses {
                ask(.overlay, .public, from: .peer(peer.name), .tunnel, Array(zip(peer.addresses, own.addresses)))
            }
            let (a, b) = (peer.declared, own.declared)
            ask(
                .underlay, .private, from: .peer(peer.name), .privateSide,
                Array(zip(a.privateAddresses.map(\.value), b.privateAddresses.map(\.value))))
            ask(
                .underlay, .public, from: .peer(peer.name), .publicSide,
                Array(zip(a.publicAddresses.map(\.value), b.publicAddresses.map(\.value))))
        }
        for stranger in NaiveFlows.strangers {
            let side = own.declared.privateAddresses.map(\.value).filter { $0.family == .v4 }
            ask(.underlay, .private, from: .address(stranger), .privateSide, side.map { (stranger, $0) })
        }
        return result
    }
}
