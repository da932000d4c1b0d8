package import Addresses
package import MeshModel

/// The names that a host's files need where it has two interfaces for a time.
package struct RotatingNames: Hashable, Sendable {
    package let base: InterfaceName
    package let other: InterfaceName
}

/// What one host's configuration says about the host itself: the `[Interface]` section.
package struct InterfacePlan: Hashable, Sendable {
    package let name: InterfaceName
    /// Host prefixes: the routes to the mesh are explicit.
    package let addresses: [IPPrefix]
    package let port: Port
    package let mtu: UInt16
    package let dns: [String]
    package let fwmark: UInt32?
    package let table: RoutingTable
    /// The prefixes to route into the tunnel when the table is `pooled` or `numbered`; empty otherwise.
    package let routes: [IPPrefix]
    /// Of those routes; nil for none.
    package let metric: UInt32?
    /// More prefixes to route into the tunnel, whatever the metric says: those of peers that a rotation left behind.
    package let keptRoutes: [IPPrefix]
    /// Where keys rotate: the first interface's name, by which the host's files are called, and the other interface's.
    package let rotating: RotatingNames?
    /// How the host sends what is for the Internet into the tunnel; nil for a host that does not, or not by hauberk's doing.
    package let exit: ExitRouting?
    /// Whether the host passes on packets between others: a relay, a gateway of a routed network, or an exit.
    package let forwards: Bool
    package let platform: Platform
    package let holdsOwnKey: Bool
    /// When the rules of the host's firewall go, which are loaded before the interface is there; nil for a host without a
    /// firewall.
    package let unload: UnloadPolicy?
    package let preUp: [OneLine]
    package let postUp: [OneLine]
    package let preDown: [OneLine]
    package let postDown: [OneLine]
}
