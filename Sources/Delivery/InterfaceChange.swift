package import Addresses

/// The steps from what an interface is to what it is to be, with the least disturbance.
package struct InterfaceChange: Sendable {
    /// In their order; empty when there is nothing to do.
    package var steps: [LiveStep] {
        departures + (firewall.loads ? [.loadFirewall] : []) + arrivals + rest
            + (firewall.removes ? [.removeFirewall] : [])
    }

    /// Who leaves for good leaves first.
    private(set) var departures: [LiveStep] = []
    private(set) var arrivals: [LiveStep] = []
    /// What goes once all is there.
    private(set) var rest: [LiveStep] = []

    private let observed: ObservedInterface
    private let desired: DesiredInterface
    private let former: DesiredInterface?
    private let firewall: FirewallChange
    private let keeping: Set<InterfaceRoute>
    private let beside: Set<IPPrefix>?

    /// - Parameters:
    ///   - observed: nil when there is no such interface.
    ///   - former: what was applied before; only what is in it is taken away of addresses and routes, for others' are
    ///     none of ours. An endpoint that changed since is set, one that was learned stays.
    ///   - firewall: whether the firewall is to be loaded.
    ///   - keeping: routes that another interface takes over: they are not to be removed.
    ///   - beside: the allowed IPs of the mesh's other interface; nil without one. With one, the routes are added one by
    ///     one, for wg-quick would take them from it, and who is there as well leaves here last.
    package init(
        from observed: ObservedInterface?, to desired: DesiredInterface, former: DesiredInterface?,
        firewall: FirewallChange, keeping: Set<InterfaceRoute> = [], beside: Set<IPPrefix>? = nil
    ) {
        self.observed = observed ?? ObservedInterface()
        self.desired = desired
        self.former = former
        self.firewall = firewall
        self.keeping = keeping
        self.beside = beside
        if observed == nil {
            start([.up])
        } else if (former?.hooks ?? []) != desired.hooks {
            start([.down, .up])
        } else {
            compute()
        }
    }

    private mutating func start(_ steps: [LiveStep]) {
        arrivals = steps
        let routes = desired.routes.sorted().map(NetworkChange.addRoute)
        if beside != nil, !routes.isEmpty { arrivals.append(.network(routes)) }
    }

    package enum FirewallChange: Sendable {
        case load
        /// Another dialect's take the place of the former one's.
        case replace
        case remove
        case none

        var loads: Bool { self == .load || self == .replace }
        var removes: Bool { self == .remove || self == .replace }
    }

    /// Whether running sessions are cut: by a new private key, or by a restart.
    package var cutsSessions: Bool {
        steps.contains {
            switch $0 {
            case .device(let key, _, _): key != nil
            case .down: true
            default: false
            }
        }
    }

    private mutating func compute() {
        let gone = observed.peers.keys.filter { desired.peers[$0] == nil }.sorted()
        let wanted =
            gone.isEmpty ? [] : desired.peers.values.reduce(into: beside ?? []) { $0.formUnion($1.allowedIPs) }
        // A successor takes the addresses over before its predecessor goes.
        let succeeded = Set(gone.filter { !(observed.peers[$0]?.settings.allowedIPs.isDisjoint(with: wanted) ?? true) })
        let leaving = gone.filter { !succeeded.contains($0) }
        if !leaving.isEmpty { departures.append(.remove(leaving)) }
        if let wanted = desired.reversePath, wanted != observed.reversePath { arrivals.append(.reversePath(wanted)) }
        changeDevice()
        changeNetwork(.arriving)
        changePeers()
        if !succeeded.isEmpty { rest.append(.remove(succeeded.sorted())) }
        changeNetwork(.leaving)
    }

    private mutating func changeDevice() {
        let key = desired.privateKey == observed.privateKey ? nil : desired.privateKey
        let port = desired.port == observed.port ? nil : desired.port
        let mark = desired.fwmark == observed.fwmark ? nil : desired.fwmark
        if key != nil || port != nil || mark != nil {
            arrivals.append(.device(privateKey: key, port: port, fwmark: mark))
        }
    }

    private mutating func changePeers() {
        var configured: [String: DesiredInterface.Peer] = [:]
        var adjustments: [(key: String, change: PeerAdjustment)] = []
        var keepalives: [String: UInt16] = [:]
        for (key, peer) in desired.peers {
            guard let present = observed.peers[key]?.settings else {
                configured[key] = peer
                continue
            }
            var change = PeerAdjustment()
            if present.presharedKey != peer.presharedKey { change.presharedKey = .some(peer.presharedKey) }
            if present.keepalive != peer.keepalive { change.keepalive = peer.keepalive ?? 0 }
            if isEndpointDue(key, present.endpoint, peer.endpoint) { change.endpoint = peer.endpoint }
            if present.allowedIPs != peer.allowedIPs {
                var whole = peer
                whole.endpoint = change.endpoint
                configured[key] = whole
            } else if change.presharedKey == nil, change.endpoint == nil, let seconds = change.keepalive {
                keepalives[key] = seconds
            } else if !change.isEmpty {
                adjustments.append((key, change))
            }
        }
        var adjusted = adjustments.sorted { $0.key < $1.key }.map { LiveStep.adjust($0.key, $0.change) }
        if keepalives.count == 1, let (key, seconds) = keepalives.first {
            var change = PeerAdjustment()
            change.keepalive = seconds
            adjusted.append(.adjust(key, change))
        } else if !keepalives.isEmpty {
            adjusted.append(.keepalives(keepalives))
        }
        if !configured.isEmpty { arrivals.append(.configure(configured)) }
        arrivals += adjusted
    }

    private func isEndpointDue(_ key: String, _ present: String?, _ wanted: String?) -> Bool {
        guard let wanted, wanted != present else { return false }
        return present == nil || former?.peers[key]?.endpoint != wanted
    }

    private enum Part { case arriving, leaving }

    private mutating func changeNetwork(_ part: Part) {
        var changes: [NetworkChange] = []
        switch part {
        case .arriving:
            if let mtu = desired.mtu, mtu != observed.mtu { changes.append(.mtu(mtu)) }
            changes += desired.addresses.subtracting(observed.addresses).sorted { "\($0)" < "\($1)" }
                .map(NetworkChange.addAddress)
            changes += desired.routes.subtracting(observed.routes).sorted().map(NetworkChange.addRoute)
        case .leaving:
            let ours = former ?? DesiredInterface()
            changes += observed.routes.intersection(ours.routes).subtracting(desired.routes).subtracting(keeping)
                .sorted()
                .map(NetworkChange.removeRoute)
            changes += observed.addresses.intersection(ours.addresses).subtracting(desired.addresses)
                .sorted { "\($0)" < "\($1)" }.map(NetworkChange.removeAddress)
        }
        guard !changes.isEmpty else { return }
        if part == .arriving { arrivals.append(.network(changes)) } else { rest.append(.network(changes)) }
    }
}
