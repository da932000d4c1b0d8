package import Addresses

/// Packets take another interface from now on, peer by peer, each once its handshake there has been seen.
package struct RouteMove: Hashable, Sendable {
    /// Routes that the other interface has, to be this one's when all peers have answered; sorted.
    package var routes: [InterfaceRoute] = []
    /// Routes of single peers that an earlier move has left, on either interface; sorted.
    package var leftovers: [TunnelRoute] = []
    /// The interfaces that the host has besides.
    package var others: [String] = []
    /// What stays on the others whatever answers here.
    package var kept: Set<IPPrefix> = []

    /// Seconds for which a handshake counts: the initiator asks for a new one after 120 (REKEY_AFTER_TIME), and the
    /// session ends after 180 (REJECT_AFTER_TIME, wireguard.com/papers).
    private static let freshSeconds: Int64 = 150
    private static let sessionSeconds: Int64 = 180
}

extension RouteMove {
    /// The peers, by public key, that have to answer on the interface before packets to them take it.
    package func peers(of desired: DesiredInterface) -> Set<String> {
        Set(
            desired.peers.filter { _, peer in
                peer.allowedIPs.contains { !kept.contains($0) && whole($0, desired) != nil }
            }.keys)
    }

    /// Those of the peers that have no session on the other interfaces either, and have sent nothing there since an earlier
    /// look: there is nothing to wait for.
    ///
    /// - Parameter others: the other interfaces as they are, by name.
    package func lost(
        _ peers: Set<String>, of desired: DesiredInterface, _ others: [String: ObservedInterface],
        since look: EarlierLook
    ) -> Set<String> {
        var reached: Set<IPPrefix> = []
        for (name, state) in others {
            let ages = look.ages(in: state, of: name)
            let live = look.heard(in: state, of: name).union(ages.filter { $1 < Self.sessionSeconds }.keys)
            for key in live { reached.formUnion(state.peers[key]?.settings.allowedIPs ?? []) }
        }
        return peers.filter { desired.peers[$0]?.allowedIPs.isDisjoint(with: reached) ?? true }
    }

    /// Those of the peers whose handshake has been seen on the interface, by the ages of all handshakes there. One far
    /// ahead of the clock says nothing.
    package func answered(_ peers: Set<String>, _ ages: [String: Int64]) -> Set<String> {
        peers.filter { key in ages[key].map { (-Self.freshSeconds...Self.freshSeconds).contains($0) } ?? false }
    }

    /// What brings packets to some peers here: routes more specific than the mesh's, or those of networks behind them.
    package func arrivals(
        of peers: Set<String>, to desired: DesiredInterface, _ now: ObservedInterface
    ) -> [NetworkChange] {
        let prefixes = peers.flatMap { desired.peers[$0]?.allowedIPs ?? [] }.filter { !kept.contains($0) }
        return prefixes.sorted().compactMap { prefix in
            guard let whole = whole(prefix, desired) else { return nil }
            let route = InterfaceRoute(prefix, table: whole.table)
            return now.routes.contains(route) ? nil : .addRoute(route)
        }
    }

    /// What brings packets to the whole mesh here, when every peer has answered.
    package func completion(of desired: DesiredInterface, _ now: ObservedInterface) -> [NetworkChange] {
        desired.routes.filter { $0.metric == 0 && !now.routes.contains($0) }.sorted().map { .addRoute($0) }
    }

    /// What goes then, of one of the host's interfaces: the routes of single peers.
    package func departures(of state: ObservedInterface, _ desired: DesiredInterface) -> [NetworkChange] {
        let allowed = desired.peers.values.reduce(into: Set<IPPrefix>()) { $0.formUnion($1.allowedIPs) }
        return state.routes.filter { route in
            route.metric == 0 && allowed.contains(route.prefix) && !desired.routes.contains(route)
                && !kept.contains(route.prefix) && whole(route.prefix, desired)?.table == route.table
        }.sorted().map { .removeRoute($0) }
    }

    /// The interface's own route that the prefix is in; nil for one that nothing routes here.
    private func whole(_ prefix: IPPrefix, _ desired: DesiredInterface) -> InterfaceRoute? {
        desired.routes.filter { $0.metric == 0 && $0.prefix.contains(prefix) }.min()
    }
}

/// A route with the interface that it is on.
package struct TunnelRoute: Hashable, Sendable, Comparable {
    package let interface: String
    package let route: InterfaceRoute

    package static func < (left: TunnelRoute, right: TunnelRoute) -> Bool {
        (left.interface, left.route) < (right.interface, right.route)
    }
}
