import Addresses

/// One step on one of a host's interfaces.
package struct TunnelStep: Hashable, Sendable {
    package let interface: String
    package let step: LiveStep
}

/// The steps of a host with one interface, or with two while keys rotate: nothing goes before what takes its place.
package struct TunnelChanges: Sendable {
    package struct Tunnel: Sendable {
        package let interface: String
        /// Nil when there is none.
        package let observed: ObservedInterface?
        /// Nil for one that is to go.
        package let desired: DesiredInterface?
        package let former: DesiredInterface?

        package init(
            _ interface: String, observed: ObservedInterface?, desired: DesiredInterface?, former: DesiredInterface?
        ) {
            self.interface = interface
            self.observed = observed
            self.desired = desired
            self.former = former
        }
    }

    /// How routes come from one interface to the other.
    package enum Moving: Sendable {
        /// Peer by peer, once a handshake was seen.
        case gated
        /// At once: the way back.
        case atOnce
    }

    package private(set) var steps: [TunnelStep] = []

    private let tunnels: [Tunnel]
    private let moving: Moving

    /// - Parameter tunnels: the first is the one that the host's files are called by.
    package init(_ tunnels: [Tunnel], firewall: InterfaceChange.FirewallChange, _ moving: Moving = .gated) {
        self.tunnels = tunnels
        self.moving = moving
        guard let base = tunnels.first else { return }
        if tunnels.count == 1, let desired = base.desired {
            let change = InterfaceChange(
                from: base.observed, to: desired, former: base.former, firewall: firewall)
            steps = change.steps.map { TunnelStep(interface: base.interface, step: $0) }
            return
        }
        compute(base.interface, firewall)
    }

    /// Whether running sessions are cut: by a new private key, or by a restart.
    package var cutsSessions: Bool {
        steps.contains { step in
            switch step.step {
            case .device(let key, _, _): key != nil
            case .down: tunnels.first { $0.interface == step.interface }?.desired != nil
            default: false
            }
        }
    }

    /// The interface that packets take, of two that are up, with a move that has nothing left to do; nil for one alone.
    package static func standing(_ tunnels: [Tunnel]) -> (
        interface: String, desired: DesiredInterface, move: RouteMove
    )? {
        guard tunnels.count == 2, tunnels.allSatisfy({ $0.observed != nil && $0.desired != nil }) else { return nil }
        // The mesh's own routes are the widest; those that a rotation left behind are of single hosts or networks.
        for (tunnel, other) in [(tunnels[0], tunnels[1]), (tunnels[1], tunnels[0])] {
            guard let desired = tunnel.desired, let beside = other.desired,
                desired.routes.contains(where: { $0.metric == 0 }),
                desired.routes.allSatisfy({ $0.metric == 0 })
            else { continue }
            var move = RouteMove()
            move.others = [other.interface]
            move.kept = Set(beside.routes.filter { $0.metric == 0 }.map(\.prefix))
            return (tunnel.interface, desired, move)
        }
        return nil
    }

    private mutating func compute(_ base: String, _ firewall: InterfaceChange.FirewallChange) {
        let moves = tunnels.indices.map(move)
        let changes = tunnels.indices.map { change($0, moves) }
        func add(_ part: (InterfaceChange) -> [LiveStep]) {
            for (tunnel, change) in zip(tunnels, changes) {
                guard let change else { continue }
                steps += part(change).map { TunnelStep(interface: tunnel.interface, step: $0) }
            }
        }
        add(\.departures)
        if firewall.loads { steps.append(TunnelStep(interface: base, step: .loadFirewall)) }
        add(\.arrivals)
        for (tunnel, move) in zip(tunnels, moves) where moving == .gated {
            if let move { steps.append(TunnelStep(interface: tunnel.interface, step: .move(move))) }
        }
        add(\.rest)
        for tunnel in tunnels where tunnel.desired == nil && tunnel.observed != nil {
            steps.append(TunnelStep(interface: tunnel.interface, step: .down))
        }
        if firewall.removes { steps.append(TunnelStep(interface: base, step: .removeFirewall)) }
    }

    /// What comes to a tunnel from the other; nil for nothing.
    private func move(_ index: Int) -> RouteMove? {
        guard let desired = tunnels[index].desired else { return nil }
        let others = tunnels.indices.filter { $0 != index && tunnels[$0].observed != nil }
        guard !others.isEmpty else { return nil }
        let present = tunnels[index].observed?.routes ?? []
        var move = RouteMove()
        move.others = others.map { tunnels[$0].interface }
        move.routes = desired.routes.filter { route in
            route.metric == 0 && !present.contains(route)
                && others.contains { tunnels[$0].observed?.routes.contains(route) ?? false }
        }.sorted()
        for other in others {
            move.kept.formUnion((tunnels[other].desired?.routes ?? []).filter { $0.metric == 0 }.map(\.prefix))
        }
        for (number, tunnel) in tunnels.enumerated() {
            let left = leftovers(of: tunnel).filter { number == index || !move.routes.contains($0) }
            let owned = left.filter { route in
                desired.routes.contains {
                    $0.metric == 0 && $0.table == route.table && $0.prefix.contains(route.prefix)
                }
            }
            move.leftovers += owned.map { TunnelRoute(interface: tunnel.interface, route: $0) }
        }
        move.leftovers.sort()
        return move.routes.isEmpty && move.leftovers.isEmpty ? nil : move
    }

    /// Routes of single peers that no configuration asks for any more.
    private func leftovers(of tunnel: Tunnel) -> Set<InterfaceRoute> {
        guard let observed = tunnel.observed else { return [] }
        let allowed = observed.peers.values.reduce(into: Set<IPPrefix>()) { $0.formUnion($1.settings.allowedIPs) }
        return observed.routes.subtracting(tunnel.desired?.routes ?? []).filter {
            $0.metric == 0 && allowed.contains($0.prefix)
        }
    }

    private func change(_ index: Int, _ moves: [RouteMove?]) -> InterfaceChange? {
        let tunnel = tunnels[index]
        guard var desired = tunnel.desired else { return nil }
        var displaced: Set<InterfaceRoute> = []
        for (other, move) in moves.enumerated() {
            if other != index { displaced.formUnion(move?.routes ?? []) }
            let left = (move?.leftovers ?? []).filter { $0.interface == tunnel.interface }
            if moving == .gated { displaced.formUnion(left.map(\.route)) }
        }
        if moving == .gated { desired.routes.subtract(moves[index]?.routes ?? []) }
        // Whoever goes from here and is on the other interface goes after the move.
        let carried = tunnels.enumerated().filter { $0.offset != index }.reduce(into: Set<IPPrefix>()) { set, other in
            for peer in (other.element.desired?.peers ?? [:]).values { set.formUnion(peer.allowedIPs) }
        }
        return InterfaceChange(
            from: tunnel.observed, to: desired, former: tunnel.former, firewall: .none, keeping: displaced,
            beside: tunnels.count > 1 ? carried : nil)
    }
}
