package import Addresses
package import MeshModel

/// One packet as a host's firewall sees it.
package struct Packet: Hashable, Sendable {
    /// Where in the host it is.
    package enum Hook: Hashable, Sendable {
        case input(PacketSide)
        case output(PacketSide)
        /// `isTranslated` for a packet whose destination the host has rewritten, as for a published container port:
        /// it has been judged as input before.
        case forward(from: PacketSide, to: PacketSide, isTranslated: Bool)
    }

    /// What it carries.
    package enum Content: Hashable, Sendable {
        case transport(Transport, source: Port, destination: Port)
        case echoRequest
        /// Errors, and whatever else of ICMP is neither an echo request nor neighbor discovery.
        case otherICMP
        /// Neighbor discovery with a hop limit of 255 (RFC 4861 section 7.1), and queries and reports of multicast
        /// listeners from link-local addresses (RFC 2710, RFC 3810).
        case neighborDiscovery
        /// Answers of DHCP servers: from UDP port 67 to 68, or to 546 from a link-local address (RFC 2131, RFC 8415).
        case dhcpAnswer
        /// A protocol without ports.
        case other
    }

    /// What connection tracking says of it.
    package enum State: Hashable, Sendable {
        /// Of the side that began, first packet or later.
        case original
        case reply
        case related
        case invalid
    }

    package let hook: Hook
    package let source: IPAddress
    package let destination: IPAddress
    package let content: Content
    package let state: State

    package init(
        _ hook: Hook, from source: IPAddress, to destination: IPAddress, _ content: Content, _ state: State = .original
    ) {
        self.hook = hook
        self.source = source
        self.destination = destination
        self.content = content
        self.state = state
    }
}

/// The kinds of interfaces that a host has.
package enum PacketSide: Hashable, Sendable, CaseIterable {
    case loopback
    /// The mesh's own interface.
    case tunnel
    /// The interface of another mesh.
    case neighbor
    /// The interface that public services are on.
    case publicSide
    /// Any other: the VPC, a network behind the host, a container bridge.
    case privateSide

    /// Whether it is neither a tunnel nor loopback.
    var isUnderlay: Bool { self == .publicSide || self == .privateSide }
}

/// What becomes of a packet.
package enum PacketVerdict: Hashable, Sendable {
    case accept
    /// Counted, logged and let through: the guard only watches.
    case log
    /// Dropped where strangers could learn from an answer, rejected where an honest sender should fail at once.
    case refuse
}
