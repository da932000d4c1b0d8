package import Addresses
package import MeshModel

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
