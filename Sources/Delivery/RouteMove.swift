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
}

/// A route with the interface that it is on.
package struct TunnelRoute: Hashable, Sendable, Comparable {
    package let interface: String
    package let route: InterfaceRoute

    package static func < (left: TunnelRoute, right: TunnelRoute) -> Bool {
        (left.interface, left.route) < (right.interface, right.route)
    }
}
