package import Addresses
package import Diagnostics

/// What the mesh file allows: everything that it does not is denied.
package struct DeclaredPolicy: Sendable {
    /// Sorted by name.
    package var services: [Service]
    /// In the order of the file, which means nothing.
    package var rules: [AllowRule]
    package var guardDeclaration: GuardDeclaration
    package var icmp: ICMPDeclaration
    package var exits: [ExitDeclaration]
    /// Sorted by name.
    package var peerings: [PeeringDeclaration]
    package var tests: [PolicyTest]
    /// Whether the rules of a host's firewall go when its interface goes; by default they stay.
    package var unload: UnloadPolicy
    /// Where the first field of the policy stands.
    package var location: SourceLocation
}

/// A line of `allow:`.
package struct AllowRule: Sendable {
    package var from: Located<SetExpression>
    package var to: Located<SetExpression>
    /// Indices in the policy's services, at least one.
    package var services: [Int]
    /// The rule holds before this moment, in seconds since 1970; nil for ever.
    package var until: Located<Int64>?
    package var location: SourceLocation
}

/// What becomes of plaintext between hosts of the mesh on the underlay, and of strangers.
package struct GuardDeclaration: Sendable {
    package var plaintext: GuardMode
    package var rescue: RescuePath?
    package var exceptions: [GuardException]
    /// Where `plaintext:` stands; nil for the default.
    package var plaintextLocation: SourceLocation?
}

/// How the underlay is guarded.
package enum GuardMode: String, CaseIterable, Sendable {
    /// What the mesh file does not name is refused.
    case reject
    /// What would be refused is counted, logged and let through.
    case log
    /// The underlay is not judged.
    case off
}

/// On which plane the rescue path is.
package enum RescuePlane: String, CaseIterable, Sendable {
    case underlay
    case overlay
}

/// The way in that no rule set may close.
package struct RescuePath: Sendable {
    package var from: Located<UnderlayEnd>
    package var ports: ServicePorts
    package var over: RescuePlane
    package var location: SourceLocation
}

/// Something that may pass on the underlay though it is no WireGuard.
package struct GuardException: Sendable {
    package var from: Located<UnderlayEnd>
    package var to: Located<UnderlayEnd>
    /// Not empty.
    package var ports: [ServicePorts]
    package var reason: OneLine
    package var location: SourceLocation
}

/// One side of a flow on the underlay.
package enum UnderlayEnd: Hashable, Sendable {
    /// Peers, by their underlay addresses.
    case peers(SetExpression)
    /// Strangers and members alike, by address.
    case network(IPPrefix)
}

/// Which echo requests are answered (RFC 792, RFC 4443). Errors always pass: path MTU discovery needs them.
package struct ICMPDeclaration: Hashable, Sendable {
    package var overlay: EchoPolicy
    package var underlay: EchoPolicy
}

/// Whether a ping is answered.
package enum EchoPolicy: String, CaseIterable, Sendable {
    case echo
    case none
}

/// Peers that reach the Internet through another, which masquerades for them.
package struct ExitDeclaration: Sendable {
    /// Index in the mesh file's peers.
    package var via: Located<Int>
    package var users: Located<SetExpression>
    /// Toward the Internet; nil means the public interface of the gateway's site.
    package var interface: InterfaceName?
    package var location: SourceLocation

    /// Whether a peer, by its index in the mesh file, leaves by this exit; the gateway itself does not.
    package func leads(_ peer: Int, in mesh: DeclaredMesh) -> Bool {
        peer != via.value && users.value.contains(peer: peer, in: mesh)
    }

    /// Toward the Internet; nil when neither the exit nor the gateway's site names an interface.
    package func interface(in mesh: DeclaredMesh) -> InterfaceName? {
        interface ?? mesh.peers[via.value].site.flatMap { mesh.sites[$0].publicInterface }
    }
}

/// Another mesh that is reached through a peer which is in both.
package struct PeeringDeclaration: Sendable {
    package var name: String
    /// Index in the mesh file's peers.
    package var at: Located<Int>
    /// The other mesh's prefixes.
    package var prefixes: [Located<IPPrefix>]
    /// The other mesh's interface on that peer.
    package var interface: InterfaceName
    /// The other mesh's port on that peer; nil leaves it to the mesh of this name beside this one.
    package var port: Port?
    package var location: SourceLocation
}

/// What a policy test expects, held against the policy by `check`.
package struct PolicyTest: Sendable {
    package var from: Located<TestEnd>
    package var to: Located<TestEnd>
    /// Nil means the overlay between peers, and what the ends make plain otherwise.
    package var plane: Plane?
    package var accept: [Located<TestSubject>]
    package var deny: [Located<TestSubject>]
    package var location: SourceLocation
}

/// One side of a test: each member of a set, or one end.
package enum TestEnd: Hashable, Sendable {
    case members(SetExpression)
    case end(FlowEnd)
}

/// What a test asks for.
package enum TestSubject: Hashable, Sendable {
    case ports(ServicePorts)
    case echo
    /// Every port of both protocols; echo is not meant.
    case any
}

/// When a host's rules go.
package enum UnloadPolicy: String, CaseIterable, Sendable {
    /// They stay when the interface goes: no moment without them.
    case never
    case withInterface = "with-interface"
}

/// The dialect that a host's firewall is written in.
package enum FirewallKind: String, CaseIterable, Sendable {
    case nftables, iptables, ufw, firewalld, csf, pf
    /// The host is left without: its peers still refuse what is not allowed to or from it.
    case none
}
