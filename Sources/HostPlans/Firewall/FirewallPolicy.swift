package import Addresses
package import MeshModel

/// What one host's firewall must do, in no dialect: the value that every back end renders.
///
/// How the parts are to be put together is ``verdict(for:)``, which is the reference for all back ends.
package struct FirewallPolicy: Hashable, Sendable {
    package var mesh: String
    package var peer: String
    /// The mesh's interface on this host; what the rules of this host are called by.
    package var interface: InterfaceName
    /// WireGuard's own port on this host.
    package var port: Port
    /// The second interface and port of a mesh whose keys rotate, for which everything holds as for the first; nil for
    /// others. Its name begins with the first one's.
    package var twin: Tunnel?
    /// Where WireGuard packets may come from outside of ``members``; any on a host that somebody roaming calls.
    package var wireGuardSources: AddressMatch
    /// The mesh's prefixes: outside of the tunnel they are spoofed (in) or leaking (out).
    package var prefixes: PrefixSet
    /// The host's own overlay addresses.
    package var addresses: [IPAddress]
    /// What others may reach on this host through the tunnel, sorted; `remote` is the source.
    package var ingress: [Allowance]
    /// What this host may reach through the tunnel, sorted; `remote` is the destination.
    package var egress: [Allowance]
    /// Whose pings are answered, and who may be pinged, through the tunnel; nil for nobody.
    package var echo: PrefixSet?
    /// What this host passes on between others, sorted. Empty and ``forwards`` false on most hosts.
    package var transit: [TransitAllowance]
    package var forwards: Bool
    /// This host as way to the Internet for others; nil for most.
    package var exit: ExitPlan?
    /// What is not the Internet to a host that reaches it through the tunnel; nil for a host that does not.
    package var notInternet: PrefixSet?
    /// Whether the underlay is judged: `reject`, `log` (count, log, and let through), or `off`.
    package var guardMode: GuardMode
    /// Underlay addresses of all hosts of the mesh that this one may meet there, its own among them; nil for none.
    package var members: PrefixSet?
    /// The interface that public services are on; nil means every one but the tunnels and loopback.
    package var publicInterface: InterfaceName?
    /// What others may begin with this host on the underlay besides WireGuard.
    package var underlayIngress: [UnderlayAllowance]
    /// What this host may begin with ``members`` on the underlay besides WireGuard.
    package var underlayEgress: [UnderlayAllowance]
    /// Whether pings are answered on the underlay.
    package var underlayEcho: EchoPolicy
    /// Other meshes on this host, whose own rules judge their interfaces.
    package var neighbors: [NeighborMesh]
    package var unload: UnloadPolicy
}

extension FirewallPolicy {
    /// The interfaces of the mesh on this host: one, or two where keys rotate.
    package var tunnels: [InterfaceName] { [interface] + (twin.map { [$0.interface] } ?? []) }

    /// WireGuard's ports of the mesh on this host, ascending.
    package var tunnelPorts: [Port] { ([port] + (twin.map { [$0.port] } ?? [])).sorted() }
}

/// One of a host's WireGuard interfaces.
package struct Tunnel: Hashable, Sendable {
    package var interface: InterfaceName
    /// That it listens on.
    package var port: Port

    package init(interface: InterfaceName, port: Port) {
        self.interface = interface
        self.port = port
    }
}

/// Some ports that one side may open with the other.
package struct Allowance: Hashable, Sendable {
    /// The other side.
    package var remote: PrefixSet
    /// Merged, sorted, not empty.
    package var ports: [ServicePorts]
    /// Seconds since 1970, before which it holds; nil for ever.
    package var until: Int64?
    /// What the rules of the mesh file that it comes from say, for comments: sorted, so that the file's order means
    /// nothing; empty for the rescue path.
    package var rules: [String]

    package init(remote: PrefixSet, ports: [ServicePorts], until: Int64? = nil, rules: [String] = []) {
        self.remote = remote
        self.ports = ports
        self.until = until
        self.rules = rules
    }
}

/// Some ports that a source may open with a destination through this host. A ping passes between the two as well.
package struct TransitAllowance: Hashable, Sendable {
    package var source: PrefixSet
    package var destination: PrefixSet
    /// Merged, sorted; empty where only pings pass.
    package var ports: [ServicePorts]
    package var until: Int64?
    package var rules: [String]

    package init(
        source: PrefixSet, destination: PrefixSet, ports: [ServicePorts], until: Int64? = nil, rules: [String] = []
    ) {
        self.source = source
        self.destination = destination
        self.ports = ports
        self.until = until
        self.rules = rules
    }
}

/// What may be begun on the underlay.
package struct UnderlayAllowance: Hashable, Sendable {
    /// The other side.
    package var remote: AddressMatch
    package var ports: [ServicePorts]
    package var scope: UnderlayScope
    package var purpose: UnderlayPurpose

    package init(remote: AddressMatch, ports: [ServicePorts], scope: UnderlayScope, purpose: UnderlayPurpose) {
        self.remote = remote
        self.ports = ports
        self.scope = scope
        self.purpose = purpose
    }
}

extension UnderlayAllowance: Comparable {
    /// By purpose, ports and the other side.
    package static func < (a: UnderlayAllowance, b: UnderlayAllowance) -> Bool {
        if a.purpose != b.purpose { return a.purpose < b.purpose }
        if a.ports != b.ports { return a.ports.lexicographicallyPrecedes(b.ports) }
        switch (a.remote, b.remote) {
        case (_, .any): return false
        case (.any, .only): return true
        case (.only(let a), .only(let b)): return a.prefixes.lexicographicallyPrecedes(b.prefixes)
        }
    }
}

/// On which interfaces of the host it holds.
package enum UnderlayScope: Hashable, Sendable {
    /// All but tunnels and loopback.
    case every
    /// ``FirewallPolicy/publicInterface``, or every one where that is nil.
    case publicSide
}

/// Why something may pass on the underlay, for comments and capabilities.
package enum UnderlayPurpose: Hashable, Sendable {
    case published
    case rescue
    /// An exception of the guard, by its reason.
    case exception(String)
}

extension UnderlayPurpose: Comparable {
    package static func < (a: UnderlayPurpose, b: UnderlayPurpose) -> Bool { a.order < b.order }

    private var order: (Int, String) {
        switch self {
        case .published: return (0, "")
        case .rescue: return (1, "")
        case .exception(let reason): return (2, reason)
        }
    }
}

/// This host as way to the Internet for others.
package struct ExitPlan: Hashable, Sendable {
    package var users: PrefixSet
    /// Toward the Internet.
    package var interface: InterfaceName
    /// What is not the Internet: private, link-local, shared, multicast, the mesh's own.
    package var never: PrefixSet
}

/// Another mesh on the same host.
package struct NeighborMesh: Hashable, Sendable {
    package var interface: InterfaceName
    package var port: Port
    /// Its own: the host reaches them through its interface alone.
    package var prefixes: [IPPrefix]
    /// The interface that its public services are on; nil means every one.
    package var publicInterface: InterfaceName?
    /// What it lets others begin with the host on the underlay, and the host with its members: each mesh refuses what
    /// none on the host allows.
    package var underlayIngress: [UnderlayAllowance]
    package var underlayEgress: [UnderlayAllowance]

    package init(
        interface: InterfaceName, port: Port, prefixes: [IPPrefix] = [], publicInterface: InterfaceName? = nil,
        underlayIngress: [UnderlayAllowance] = [], underlayEgress: [UnderlayAllowance] = []
    ) {
        self.interface = interface
        self.port = port
        self.prefixes = prefixes
        self.publicInterface = publicInterface
        self.underlayIngress = underlayIngress
        self.underlayEgress = underlayEgress
    }
}

extension [UnderlayAllowance] {
    /// With those of other meshes behind its own, each once.
    func joined(_ others: [UnderlayAllowance]) -> [UnderlayAllowance] {
        others.reduce(into: self) { result, allowance in
            if !result.contains(allowance) { result.append(allowance) }
        }
    }

    /// As they read in a policy whose public side is `there`: where a mesh names no interface, its public side is every
    /// one.
    func scoped(from here: InterfaceName?, to there: InterfaceName?) -> [UnderlayAllowance] {
        if here != nil || there == nil { return self }
        return map { allowance in
            var result = allowance
            result.scope = .every
            return result
        }
    }
}
