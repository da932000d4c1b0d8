import Addresses

/// The steps from what an interface is to what it is to be, with the least disturbance.
package struct InterfaceChange: Sendable {
    /// In their order; empty when there is nothing to do.
    package private(set) var steps: [LiveStep] = []

    private let observed: ObservedInterface
    private let desired: DesiredInterface
    private let former: DesiredInterface?

    /// - Parameters:
    ///   - observed: nil when there is no such interface.
    ///   - former: what was applied before; only what is in it is taken away of addresses and routes, for others' are
    ///     none of ours. An endpoint that changed since is set, one that was learned stays.
    ///   - firewall: whether the firewall is to be loaded.
    package init(
        from observed: ObservedInterface?, to desired: DesiredInterface, former: DesiredInterface?,
        firewall: FirewallChange
    ) {
        self.observed = observed ?? ObservedInterface()
        self.desired = desired
        self.former = former
        guard observed != nil else {
            steps = (firewall.loads ? [.loadFirewall] : []) + [.up]
            if firewall.removes { steps.append(.removeFirewall) }
            return
        }
        if (former?.hooks ?? []) != desired.hooks {
            steps = (firewall.loads ? [.loadFirewall] : []) + [.down, .up]
            if firewall.removes { steps.append(.removeFirewall) }
            return
        }
        compute(firewall)
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

    private mutating func compute(_ firewall: FirewallChange) {
        let gone = observed.peers.keys.filter { desired.peers[$0] == nil }.sorted()
        let wanted = desired.peers.values.reduce(into: Set<IPPrefix>()) { $0.formUnion($1.allowedIPs) }
        // Who leaves for good leaves first; a successor takes the addresses over before its predecessor goes.
        let succeeded = Set(gone.filter { !(observed.peers[$0]?.settings.allowedIPs.isDisjoint(with: wanted) ?? true) })
        let leaving = gone.filter { !succeeded.contains($0) }
        if !leaving.isEmpty { steps.append(.remove(leaving)) }
        if firewall.loads { steps.append(.loadFirewall) }
        changeDevice()
        changeNetwork(.arriving)
        changePeers()
        if !succeeded.isEmpty { steps.append(.remove(succeeded.sorted())) }
        changeNetwork(.leaving)
        if firewall.removes { steps.append(.removeFirewall) }
    }

    private mutating func changeDevice() {
        let key = desired.privateKey == observed.privateKey ? nil : desired.privateKey
        let port = desired.port == observed.port ? nil : desired.port
        let mark = desired.fwmark == observed.fwmark ? nil : desired.fwmark
        if key != nil || port != nil || mark != nil { steps.append(.device(privateKey: key, port: port, fwmark: mark)) }
    }

    private mutating func changePeers() {
        var configured: [String: DesiredInterface.Peer] = [:]
        var adjusted: [LiveStep] = []
        for (key, peer) in desired.peers.sorted(by: { $0.key < $1.key }) {
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
            } else if !change.isEmpty {
                adjusted.append(.adjust(key, change))
            }
        }
        if !configured.isEmpty { steps.append(.configure(configured)) }
        steps += adjusted
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
            changes += observed.routes.intersection(ours.routes).subtracting(desired.routes).sorted()
                .map(NetworkChange.removeRoute)
            changes += observed.addresses.intersection(ours.addresses).subtracting(desired.addresses)
                .sorted { "\($0)" < "\($1)" }.map(NetworkChange.removeAddress)
        }
        if !changes.isEmpty { steps.append(.network(changes)) }
    }
}
