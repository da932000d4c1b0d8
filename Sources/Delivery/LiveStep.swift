package import Addresses

/// One step of a change, for one run of a tool.
package enum LiveStep: Hashable, Sendable {
    /// `wg-quick down`.
    case down
    /// `wg-quick up`.
    case up
    case loadFirewall
    /// The former one's rules go.
    case removeFirewall
    /// `wg set` of the interface itself; nil leaves a value as it is.
    case device(privateKey: HiddenKey?, port: UInt16?, fwmark: UInt32?)
    /// `wg addconf`: these peers become as they are given, and take their addresses from others.
    case configure([String: DesiredInterface.Peer])
    /// `wg set` of one peer whose addresses stay.
    case adjust(String, PeerAdjustment)
    /// `wg set` of the keepalives of several peers alone; seconds, zero is off.
    case keepalives([String: UInt16])
    /// `wg set … remove`.
    case remove([String])
    /// `ip -batch`.
    case network([NetworkChange])
    /// `sysctl net.ipv4.conf.INTERFACE.rp_filter`.
    case reversePath(Int)
    case move(RouteMove)

    /// What happens, for people; without a secret.
    package var text: String {
        switch self {
        case .down: "take the interface down"
        case .up: "bring the interface up"
        case .loadFirewall: "load the firewall"
        case .removeFirewall: "remove the firewall"
        case .device(let key, let port, let mark):
            "set the interface's "
                + [
                    key.map { _ in "private key (sessions are made anew)" }, port.map { "port \($0)" },
                    mark.map { "mark \($0)" },
                ]
                .compactMap { $0 }.joined(separator: ", ")
        case .configure(let peers):
            "set \(peers.count) peer\(peers.count == 1 ? "" : "s"): " + Self.list(Array(peers.keys))
        case .adjust(let key, let change): "set the \(change.text) of peer \(key)"
        case .keepalives(let peers): "set the keepalive of \(peers.count) peers: " + Self.list(Array(peers.keys))
        case .remove(let keys): "remove \(keys.count) peer\(keys.count == 1 ? "" : "s"): " + Self.list(keys)
        case .reversePath(let number): "set rp_filter to \(number)"
        case .move(let move):
            move.routes.isEmpty
                ? "finish the move of the peers' routes"
                : "move \(move.routes.map(\.description).joined(separator: ", ")) here from "
                    + "\(move.others.joined(separator: ", ")), peer by peer, once each has answered here"
        case .network(let changes): changes.map(\.text).joined(separator: ", ")
        }
    }

    private static func list(_ keys: [String]) -> String {
        keys.sorted().prefix(5).joined(separator: " ") + (keys.count > 5 ? " …" : "")
    }
}

/// What becomes different of a peer; nil leaves a value as it is.
package struct PeerAdjustment: Hashable, Sendable {
    /// The inner nil takes the key away.
    package var presharedKey: HiddenKey??
    /// Seconds; zero is off.
    package var keepalive: UInt16?
    package var endpoint: String?

    package init() {}

    var isEmpty: Bool { presharedKey == nil && keepalive == nil && endpoint == nil }

    var text: String {
        [
            presharedKey.map { _ in "preshared key" }, keepalive.map { _ in "keepalive" },
            endpoint.map { _ in "endpoint" },
        ]
        .compactMap { $0 }.joined(separator: ", ")
    }
}

/// A change of an interface beside WireGuard's own settings.
package enum NetworkChange: Hashable, Sendable {
    case mtu(UInt32)
    case addAddress(InterfaceAddress)
    case removeAddress(InterfaceAddress)
    case addRoute(InterfaceRoute)
    case removeRoute(InterfaceRoute)

    /// The line for `ip -batch`.
    package func line(_ interface: String) -> String {
        switch self {
        case .mtu(let bytes): "link set dev \(interface) mtu \(bytes)"
        case .addAddress(let address): "address add \(address) dev \(interface)"
        case .removeAddress(let address): "address delete \(address) dev \(interface)"
        case .addRoute(let route): "route replace \(route.words(interface))"
        case .removeRoute(let route): "route delete \(route.words(interface))"
        }
    }

    var text: String {
        switch self {
        case .mtu(let bytes): "MTU \(bytes)"
        case .addAddress(let address): "add address \(address)"
        case .removeAddress(let address): "remove address \(address)"
        case .addRoute(let route): "add route \(route)"
        case .removeRoute(let route): "remove route \(route)"
        }
    }
}
