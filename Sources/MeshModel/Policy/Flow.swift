package import Addresses

/// The network on which a flow is.
package enum Plane: String, CaseIterable, Sendable {
    /// Through the tunnels, from one peer to another.
    case overlay
    /// Outside of them, on a VPC or the Internet.
    case underlay
    /// Through a peer: to or from a network behind it, another mesh, or the Internet.
    case forward
}

/// One side of a flow.
package enum FlowEnd: Hashable, Sendable {
    /// Index in the mesh file's peers.
    case peer(Int)
    /// An address outside of the mesh: behind a peer, in another mesh, or a stranger's.
    case address(IPAddress)
    /// Any host that is not of the mesh, wherever.
    case anyone
}

/// What a flow carries.
package enum FlowSubject: Hashable, Sendable, CustomStringConvertible {
    case port(Transport, Port)
    case echo

    package var description: String {
        switch self {
        case .port(let transport, let port): return "\(port)/\(transport.rawValue)"
        case .echo: return "echo"
        }
    }
}

/// Who wants what of whom: the question that a policy answers.
package struct Flow: Hashable, Sendable {
    package let plane: Plane
    package let from: FlowEnd
    package let to: FlowEnd
    package let subject: FlowSubject
    /// Of the destination's underlay, whether its public side is meant; true unless a question is about the private one.
    package let side: UnderlaySide

    package init(_ plane: Plane, from: FlowEnd, to: FlowEnd, _ subject: FlowSubject, side: UnderlaySide = .public) {
        self.plane = plane
        self.from = from
        self.to = to
        self.subject = subject
        self.side = side
    }
}

/// Which of a host's underlay interfaces a flow comes to.
package enum UnderlaySide: String, CaseIterable, Sendable {
    case `public`
    case `private`
}

/// The answer to a flow, with what decides it.
package struct Verdict: Hashable, Sendable {
    package let isAllowed: Bool
    package let reason: Reason

    package enum Reason: Hashable, Sendable {
        /// Index in the policy's rules.
        case rule(Int)
        /// Index in the policy's services: public on the destination.
        case published(Int)
        /// The WireGuard port itself.
        case wireGuard
        case rescue
        /// Index in the guard's exceptions.
        case exception(Int)
        /// The echo policy of the plane.
        case icmp
        /// Index in the policy's exits.
        case exit(Int)
        /// `guard.plaintext` is log or off.
        case unguarded(GuardMode)
        /// The mesh file has no policy.
        case noPolicy
        /// A peer to itself, over its loopback interface, or within the networks behind it.
        case itself
        /// No rule allows it.
        case defaultDeny
        /// Rules would allow it if the destination exposed the service; indices of a rule and its service.
        case notExposed(rule: Int, service: Int)
        /// A rule allows it no longer; its index.
        case expired(Int)
        /// The topology gives the two no way to each other.
        case noRoute
        /// The guard: hosts of the mesh exchange no plaintext.
        case plaintext
    }

    init(allowed reason: Reason) {
        isAllowed = true
        self.reason = reason
    }

    init(denied reason: Reason) {
        isAllowed = false
        self.reason = reason
    }
}

extension Verdict.Reason {
    /// The reason as programs read it; stable.
    package var word: String {
        switch self {
        case .rule: return "rule"
        case .published: return "published"
        case .wireGuard: return "wireguard"
        case .rescue: return "rescue"
        case .exception: return "exception"
        case .icmp: return "icmp"
        case .exit: return "exit"
        case .unguarded: return "unguarded"
        case .noPolicy: return "no-policy"
        case .itself: return "itself"
        case .defaultDeny: return "default-deny"
        case .notExposed: return "not-exposed"
        case .expired: return "expired"
        case .noRoute: return "no-route"
        case .plaintext: return "plaintext"
        }
    }
}
