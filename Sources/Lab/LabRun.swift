import Diagnostics
import Glibc

/// The stages of a lab, inside its namespaces: build, bring up, probe, cross-check, take down, judge.
struct LabRun: Sendable {
    let order: LabOrder
    let report: @Sendable (LabProgress) -> Void

    private var width: Int {
        order.options.concurrency ?? min(4, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    func run() async throws(Failure) -> LabReport {
        let start = Milliseconds.now
        report(LabProgress(stage: .wiring, done: 0, total: 1))
        try await LabBuilder(order: order, width: width).build()
        report(LabProgress(stage: .wiring, done: 1, total: 1))
        do {
            let tunnels = LabTunnels(order: order, width: width)
            let firewalls = LabFirewalls(order: order, width: width)
            var flows = order.topology.flows.map {
                FlowRun(order: order, plan: $0, firewalls: firewalls, report: report)
            }
            report(LabProgress(stage: .listening, done: 0, total: 1))
            try flows?.listenBefore()
            let refused = await firewalls.loadAll { report(LabProgress(stage: .loadingRules, done: $0, total: $1)) }
            var hosts = try await tunnels.bringUp { report(LabProgress(stage: .bringingUp, done: $0, total: $1)) }
            try await tunnels.describe(&hosts)
            let results = try await flows?.run(hosts, refused) {
                report(LabProgress(stage: .warming, done: 0, total: 1))
                await tunnels.warm(hosts)
            }
            return try await probe(&hosts, tunnels, start, results)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.inputOutput, .labBroken, "\(error)")
        }
    }

    /// The pairs, without any rules in their way.
    private func probe(
        _ hosts: inout [LabHostState], _ tunnels: LabTunnels, _ start: Int, _ flows: LabFlowResults?
    ) async throws -> LabReport {
        let map = LabMap(topology: order.topology, hosts: hosts)
        var prober = try Prober(map: map, options: order.options)
        try prober.run { report(LabProgress(stage: .probing, done: $0, total: $1)) }
        let elapsed = Milliseconds.now - start
        let pings = try await crossCheck(map, prober.probes)
        try await tunnels.describe(&hosts)
        for index in hosts.indices { hosts[index].problems += hosts[index].tunnelProblems }
        let pairs = Judge(map: LabMap(topology: order.topology, hosts: hosts)).judge(prober.probes)
        try await tunnels.takeDown(&hosts) { report(LabProgress(stage: .takingDown, done: $0, total: $1)) }
        let results = zip(hosts, pings).map { host, ping in host.result(adding: ping.map { [$0] } ?? []) }
        return LabReport(hosts: results, pairs: pairs, milliseconds: elapsed, flows: flows)
    }

    /// The real `ping`, from each host to the first that answered its probes: a problem where the two disagree.
    private func crossCheck(_ map: LabMap, _ probes: [Probe]) async throws -> [String?] {
        let numbers = Array(order.topology.hosts.indices)
        guard order.options.crossCheck == .ping else { return numbers.map { _ in nil } }
        let targets = numbers.map { number in
            let name = order.topology.hosts[number].name
            return probes.first { $0.expectation.from == name && $0.answer != nil }
        }
        return try await concurrently(
            numbers, width: width,
            { number -> String? in
                guard let probe = targets[number], let address = probe.target else { return nil }
                let ping = ["ping", "-n", "-c", "1", "-w", "5", "-i", "0.5", "\(address)"]
                let words = LabHostCommand.words(number, ping)
                let result = await LabCommand.run(words, milliseconds: 10_000)
                if result.succeeded { return nil }
                return "ping \(address) (\(probe.expectation.to)) is not answered, its probe was"
            },
            finished: { report(LabProgress(stage: .crossChecking, done: $0, total: numbers.count)) })
    }
}

/// How to run a command as one of the lab's hosts.
enum LabHostCommand {
    /// This very program again, however it was found at first: its path may be hidden by the private `/run`.
    private static let program = "/proc/self/exe"

    static func words(_ number: Int, _ command: [String]) -> [String] {
        [program] + LabAgentLeading.words + ["enter", String(number)] + command
    }
}

/// The leading arguments with which this process itself was started as an agent.
enum LabAgentLeading {
    static let words: [String] = {
        let arguments = CommandLine.arguments.dropFirst()
        return Array(arguments.prefix { $0 != "inside" })
    }()
}

/// The monotonic clock.
enum Milliseconds {
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
