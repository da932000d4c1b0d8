internal import Addresses
internal import Delivery
internal import Glibc

/// Moves the routes of peers to an interface, each once the peer's handshake there has been seen.
///
/// A handshake counts as long as its session may be used without another one: the initiator asks for a new one after 120
/// seconds (REKEY_AFTER_TIME), and the session ends after 180 (REJECT_AFTER_TIME, wireguard.com/papers).
struct RouteMover: Sendable {
    /// Of the interface that packets are to take.
    let host: LiveHost
    let move: RouteMove
    let desired: DesiredInterface

    private static let freshSeconds: Int64 = 150

    /// The peers, by public key, that have not answered in time; their packets take the former interface.
    func run(within seconds: Int) async throws -> Set<String> {
        var waiting = Set(
            desired.peers.filter { !$0.value.allowedIPs.subtracting(move.kept).isEmpty }.keys)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var asked = ContinuousClock.now - .seconds(2)
        while !waiting.isEmpty {
            guard let now = try await host.observe() else { break }
            let answered = waiting.filter { isFresh(now.peers[$0]) }
            try await host.change(routes(of: answered, now))
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

    private func isFresh(_ peer: ObservedInterface.Peer?) -> Bool {
        guard let peer, peer.handshake > 0 else { return false }
        return Int64(time(nil)) - peer.handshake <= Self.freshSeconds
    }

    /// More specific than the mesh's, or the very route of a network behind the peer.
    private func routes(of peers: Set<String>, _ now: ObservedInterface) -> [NetworkChange] {
        let prefixes = peers.flatMap { desired.peers[$0]?.allowedIPs ?? [] }.filter { !move.kept.contains($0) }
        return prefixes.sorted().compactMap { prefix in
            guard let whole = whole(prefix) else { return nil }
            let route = InterfaceRoute(prefix, table: whole.table)
            return now.routes.contains(route) ? nil : .addRoute(route)
        }
    }

    /// The interface's own route that the prefix is in; nil for one that nothing routes here.
    private func whole(_ prefix: IPPrefix) -> InterfaceRoute? {
        desired.routes.first { $0.metric == 0 && $0.prefix.contains(prefix) }
    }

    /// The whole mesh takes this interface, and what was said of single peers goes.
    private func finish() async throws {
        guard let now = try await host.observe() else { return }
        let missing = desired.routes.filter { $0.metric == 0 && !now.routes.contains($0) }.sorted()
        try await host.change(missing.map { .addRoute($0) })
        let allowed = desired.peers.values.reduce(into: Set<IPPrefix>()) { $0.formUnion($1.allowedIPs) }
        for interface in [host.interface] + move.others {
            let other = host.beside(interface)
            guard let state = try await other.observe() else { continue }
            let goes = state.routes.filter { route in
                route.metric == 0 && allowed.contains(route.prefix) && !desired.routes.contains(route)
                    && !move.kept.contains(route.prefix) && whole(route.prefix)?.table == route.table
            }
            try await other.change(goes.sorted().map { .removeRoute($0) })
        }
    }
}
