internal import Delivery
internal import Glibc

/// Moves the routes of peers to an interface, each once the peer's handshake there has been seen.
struct RouteMover: Sendable {
    /// Of the interface that packets are to take.
    let host: LiveHost
    let move: RouteMove
    let desired: DesiredInterface

    /// The peers, by public key, that have not answered in time; their packets take the former interface.
    func run(within seconds: Int) async throws -> Set<String> {
        var waiting = move.peers(of: desired)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var asked = ContinuousClock.now - .seconds(2)
        while !waiting.isEmpty {
            guard let now = try await host.observe() else { return waiting }
            let answered = waiting.filter { move.hasAnswered(now.peers[$0], now: Int64(time(nil))) }
            try await host.change(move.arrivals(of: answered, to: desired, now))
            waiting.subtract(answered)
            if waiting.isEmpty || ContinuousClock.now >= deadline { break }
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = ContinuousClock.now
                SessionProbe.send(host.interface, now, to: waiting)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        if waiting.isEmpty { try await finish() }
        return waiting
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
