import Addresses

@testable import Delivery

/// An interface as the kernel keeps it: addresses belong to one peer, and what is set stays.
struct InterfaceModel {
    var state: ObservedInterface?

    mutating func take(_ steps: [LiveStep], desired: DesiredInterface) {
        for step in steps { take(step, desired) }
    }

    private mutating func take(_ step: LiveStep, _ desired: DesiredInterface) {
        var now = state ?? ObservedInterface()
        switch step {
        case .down: return state = nil
        case .up:
            now = ObservedInterface()
            now.privateKey = desired.privateKey
            now.port = desired.port ?? 40000
            now.fwmark = desired.fwmark ?? 0
            now.mtu = desired.mtu ?? 1420
            now.addresses = desired.addresses
            now.routes = desired.routes
            now.reversePath = desired.reversePath
            for (key, peer) in desired.peers { configure(key, peer, &now) }
        case .loadFirewall, .removeFirewall: return
        case .device(let key, let port, let mark):
            now.privateKey = key ?? now.privateKey
            now.port = port ?? now.port
            now.fwmark = mark ?? now.fwmark
        case .configure(let peers):
            for (key, peer) in peers.sorted(by: { $0.key < $1.key }) { configure(key, peer, &now) }
        case .adjust(let key, let change): adjust(key, change, &now)
        case .keepalives(let peers):
            for (key, seconds) in peers { now.peers[key]?.settings.keepalive = seconds == 0 ? nil : seconds }
        case .remove(let keys): for key in keys { now.peers[key] = nil }
        case .reversePath(let number): now.reversePath = number
        case .move: break
        case .network(let changes): for change in changes { make(change, &now) }
        }
        state = now
    }

    private func configure(_ key: String, _ peer: DesiredInterface.Peer, _ now: inout ObservedInterface) {
        for other in now.peers.keys { now.peers[other]?.settings.allowedIPs.subtract(peer.allowedIPs) }
        var whole = now.peers[key] ?? ObservedInterface.Peer()
        let learned = whole.settings.endpoint
        whole.settings = peer
        whole.settings.endpoint = peer.endpoint ?? learned
        now.peers[key] = whole
    }

    private func adjust(_ key: String, _ change: PeerAdjustment, _ now: inout ObservedInterface) {
        guard var peer = now.peers[key] else { return }
        if let secret = change.presharedKey { peer.settings.presharedKey = secret }
        if let seconds = change.keepalive { peer.settings.keepalive = seconds == 0 ? nil : seconds }
        peer.settings.endpoint = change.endpoint ?? peer.settings.endpoint
        now.peers[key] = peer
    }

    private func make(_ change: NetworkChange, _ now: inout ObservedInterface) {
        switch change {
        case .mtu(let bytes): now.mtu = bytes
        case .addAddress(let address): now.addresses.insert(address)
        case .removeAddress(let address): now.addresses.remove(address)
        case .addRoute(let route): now.routes.insert(route)
        case .removeRoute(let route): now.routes.remove(route)
        }
    }
}
