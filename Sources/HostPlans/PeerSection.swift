package import Addresses
import MeshModel

/// What one host's configuration says about another: one `[Peer]` section.
package struct PeerSection: Hashable, Sendable {
    /// Index in the mesh's peers.
    package let peer: Int
    /// Nil when the other cannot be sent to before it has spoken.
    package let endpoint: Endpoint?
    /// Seconds; nil for none.
    package let keepalive: UInt16?
    /// The other's addresses, the networks behind it, those of the peers that it relays, each family in order; everything
    /// when it is the way to the Internet.
    package let allowedIPs: [IPPrefix]
    /// The peers that are reached through this one, ascending; empty but for relays.
    package let relayed: [Int]
}
