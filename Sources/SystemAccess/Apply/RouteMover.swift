internal import Delivery
internal import Glibc

/// Moves the routes of peers to an interface, each once the peer's handshake there has been seen.
struct RouteMover: Sendable {
    /// Of the interface that packets are to take.
    let host: LiveHost
    let move: RouteMove
    let desired: DesiredInterface

    /// The peers, by public key, that have not answered in time; their packets take the former interface. A peer that has
    /// no session there either has nothing to lose, and is moved as well.
    func run(within seconds: Int) async throws -> Set<String> {
        let start = try await look()
        var waiting = try await listen(within: seconds, since: start) { now, answered in
            try await host.change(move.arrivals(of: answered, to: desired, now))
        }
        let lost = try await lost(waiting, since: start)
        if let now = try await host.observe() { try await host.change(move.arrivals(of: lost, to: desired, now)) }
        waiting.subtract(lost)
        if waiting.isEmpty { try await finish() }
        return waiting
    }

    /// The peers that answer on the other interfaces and not on this one; nothing is changed.
    func silent(within seconds: Int) async throws -> Set<String> {
        let start = try await look()
        let waiting = try await listen(within: 0, since: start) { _, _ in }
        if try await lost(waiting, since: start) == waiting { return [] }
        let still = try await listen(within: seconds, since: start) { _, _ in }
        return still.subtracting(try await lost(still, since: start))
    }

    /// What a move begins with.
    private struct Start {
        let look: EarlierLook
        let moment: ContinuousClock.Instant

        /// The look, as long ago as it is by now.
        var past: EarlierLook {
            var past = look
            past.elapsed = (ContinuousClock.now - moment).components.seconds
            return past
        }
    }

    private func look() async throws -> Start {
        let wall = Int64(time(nil))
        let moment = ContinuousClock.now
        var states = try await others()
        states[host.interface] = try await host.observe()
        return Start(look: EarlierLook(states, at: wall), moment: moment)
    }

    private func others() async throws -> [String: ObservedInterface] {
        var others: [String: ObservedInterface] = [:]
        for name in move.others { others[name] = try await host.beside(name).observe() }
        return others
    }

    /// Asks the peers until all have answered or the time is over, and returns those that have not.
    private func listen(
        within seconds: Int, since start: Start, _ heard: (ObservedInterface, Set<String>) async throws -> Void
    ) async throws -> Set<String> {
        var waiting = move.peers(of: desired)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var asked = ContinuousClock.now - .seconds(2)
        while !waiting.isEmpty {
            guard let now = try await host.observe() else { return waiting }
            let ages = start.past.ages(in: now, of: host.interface)
            let answered = move.answered(waiting, ages)
            try await heard(now, answered)
            waiting.subtract(answered)
            if waiting.isEmpty || ContinuousClock.now >= deadline { break }
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = ContinuousClock.now
                SessionProbe.send(host.interface, now, to: waiting)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return waiting
    }

    private func lost(_ waiting: Set<String>, since start: Start) async throws -> Set<String> {
        if waiting.isEmpty { return [] }
        let others = try await others()
        return move.lost(waiting, of: desired, others, since: start.past)
    }

    /// The whole mesh takes this interface, and what was said of single peers goes.
    private func finish() async throws {
        guard let now = try await host.observe() else { return }
        try await host.change(move.completion(of: desired, now))
        for interface in [host.interface] + move.others {
            let other = host.beside(interface)
            guard let state = try await other.observe() else { continue }
            try await other.change(move.departures(of: state, desired))
        }
    }
}
