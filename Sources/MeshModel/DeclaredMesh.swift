package import Addresses
package import Diagnostics

/// A mesh as its people declare it in `mesh.yaml`: every field parsed, every name resolved, nothing allocated yet.
///
/// Only ``MeshDecoder`` makes one. Peers, groups and sites are sorted by name, so the order of the file means nothing.
package struct DeclaredMesh: Sendable {
    package var name: String
    /// In the order of the file: the first of a family is the one that allocation fills first.
    package var prefixes: [Located<IPPrefix>]
    package var wireGuard: WireGuardDefaults
    /// Seconds for which a removed peer's address is not handed out again.
    package var quarantine: Int64
    package var sites: [Site]
    package var groups: [Group]
    package var topology: TopologyDeclaration
    /// Peers through which pairs talk that cannot meet, in the order of preference.
    package var relays: [Located<Selector>]
    /// Folders of other meshes that share hosts with this one, relative to this mesh's folder.
    package var beside: [Located<String>]
    package var peers: [DeclaredPeer]
    /// Nil for a mesh without a policy: every peer reaches every port of every other.
    package var policy: DeclaredPolicy?
    /// The dialect of the peers that do not say their own.
    package var firewall: FirewallKind
    /// Nil for a mesh whose keys do not rotate: then its hosts have one interface, and know of no other.
    package var rotation: DeclaredRotation?
    /// Where `prefixes:` stands, for findings about allocation.
    package var prefixesLocation: SourceLocation

    /// The dialect of a peer's firewall: its own, else the mesh's; none for apps, which have no shell to load one.
    package func firewall(of peer: DeclaredPeer) -> FirewallKind {
        peer.firewall?.value ?? (peer.platform == .app ? .none : firewall)
    }
}

/// A value with the place where it was written.
package struct Located<Value: Sendable>: Sendable {
    package var value: Value
    package var location: SourceLocation

    package init(_ value: Value, _ location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}

/// What `rotation:` says: how old keys may become, and how long a rotation waits for absent hosts.
package struct DeclaredRotation: Sendable {
    /// Seconds; nil for keys that are only rotated by hand.
    package var keys: Int64?
    /// Seconds; nil for preshared keys that are only rotated by hand.
    package var presharedKeys: Int64?
    /// Seconds.
    package var deadline: Int64 = 7 * 86_400
    package var location: SourceLocation
}

/// What `wireguard:` says for every peer that does not say otherwise.
package struct WireGuardDefaults: Sendable {
    package var interface: InterfaceName
    package var port: Port
    /// Bytes; 1420 leaves room for WireGuard's 60 or 80 bytes of overhead in an underlay of 1500.
    package var mtu: UInt16
    /// Seconds between keepalives where one is needed.
    package var keepalive: UInt16
    package var presharedKeys: PresharedKeyMode
}

/// Whether pairs of peers have a preshared key on top of their key pairs.
package enum PresharedKeyMode: String, CaseIterable, Sendable {
    /// One for every pair.
    case pair
    /// One for the whole mesh.
    case mesh
    case off
}

/// An underlay network: peers of one site reach each other on its private addresses.
package struct Site: Sendable {
    package var name: String
    package var location: SourceLocation
    /// Empty when the site declares none: then private addresses are not held against it.
    package var networks: [Located<IPPrefix>]
    package var interface: InterfaceName?
    package var publicInterface: InterfaceName?
}

/// A role that peers take, with a block of addresses of its own.
package struct Group: Sendable {
    package var name: String
    package var location: SourceLocation
    /// The blocks that the file names; a family without one has its block chosen and kept in the lock file.
    package var prefixes: [Located<IPPrefix>]
}

/// One or many peers by name.
package enum Selector: Hashable, Sendable {
    case all
    /// Index in the mesh's groups.
    case group(Int)
    /// Index in the mesh's peers.
    case peer(Int)
}

/// Who peers with whom.
package enum TopologyDeclaration: Sendable {
    /// Every pair.
    case mesh
    /// Every peer with every hub; other pairs through the first hub that both can meet.
    case hub([Located<Selector>])
    /// The pairs that the links name.
    case custom([Link])
}

/// Two sets of peers, each of which peers with each of the other.
package struct Link: Sendable {
    package var first: Selector
    package var second: Selector
    package var location: SourceLocation
}

/// What a host runs, which decides what its configuration may hold.
package enum Platform: String, CaseIterable, Sendable {
    /// wg-quick on Linux.
    case linux
    /// The WireGuard apps of phones, macOS and Windows: no shell commands, no routing tables.
    case app
}

/// Where routes go (`Table` of wg-quick(8)).
package enum RoutingTable: Hashable, Sendable {
    /// One route for each prefix of the mesh and each routed network, in the main table: hauberk's default.
    case pooled
    /// The same in a table of its own.
    case numbered(UInt32)
    /// No route at all.
    case off
    /// wg-quick's own way: one route for each allowed IP.
    case automatic
}

/// A peer as declared. A nil override means the mesh's default.
package struct DeclaredPeer: Sendable {
    package var name: String
    package var location: SourceLocation
    /// Indices of groups in the order of the file; the first owns the address.
    package var groups: [Int]
    package var site: Int?
    package var privateAddresses: [Located<IPAddress>]
    package var publicAddresses: [Located<IPAddress>]
    package var endpoint: EndpointOverride?
    /// Static overlay addresses; families without one are allocated.
    package var addresses: [Located<IPAddress>]
    package var routes: [Located<IPPrefix>]
    /// Base64 of a key whose private half stays on the host; nil when the mesh makes and keeps the pair.
    package var publicKey: Located<String>?
    package var isDisabled: Bool
    package var platform: Platform
    /// Nil means the mesh's.
    package var firewall: Located<FirewallKind>?
    package var overrides: PeerOverrides
}

/// A public endpoint by name or address; a nil port means the peer's listening port.
package struct EndpointOverride: Hashable, Sendable {
    package var host: Endpoint.Host
    package var port: Port?
}

/// The settings of one peer's own interface.
package struct PeerOverrides: Hashable, Sendable {
    package var interface: InterfaceName?
    package var port: Port?
    package var mtu: UInt16?
    /// Seconds; 0 is off. When set, it holds for every peer of this one, needed or not.
    package var keepalive: UInt16?
    package var dns: [String] = []
    package var table: RoutingTable = .pooled
    package var fwmark: UInt32?
    package var preUp: [OneLine] = []
    package var postUp: [OneLine] = []
    package var preDown: [OneLine] = []
    package var postDown: [OneLine] = []
}
