package import MeshModel

/// A port of a host with what listens on it, and what is wrong with that.
package struct AuditRow: Sendable {
    /// The port, or for a service of many ports of which none listens, all of them.
    package let ports: ServicePorts
    /// Empty for a service that does not listen.
    package let sockets: [ListeningSocket]
    /// The declared service with the widest exposure here; nil for none.
    package let service: String?
    /// Nil without a service.
    package let exposure: Exposure?
    /// Why a port is as it should be, or what it is.
    package let standing: AuditStanding
    /// Who reaches the port from outside of the mesh or by a rule that nobody meant.
    package let reach: AuditReach
    /// Sorted; empty when there is nothing to say against it.
    package let findings: [AuditFinding]
}

/// What a port is to the audit. The words are stable.
package enum AuditStanding: String, Sendable {
    /// A declared service.
    case declared
    /// WireGuard's own port.
    case wireGuard = "wireguard"
    /// Where DHCP's answers arrive (RFC 2131, RFC 8415).
    case dhcpClient = "dhcp-client"
    /// Undeclared, and on the loopback interface alone.
    case loopback
    /// A UDP port of the range that Linux gives to clients, behind a closed firewall: most likely the socket of a
    /// program that asks others, which no list can tell from a server's.
    case client
    /// No service names it here.
    case undeclared
}

/// What is wrong. The words are stable.
package enum AuditProblem: String, CaseIterable, Sendable, Comparable {
    /// Declared private, and bound to more than the mesh.
    case exposed
    /// Declared internal, and bound to more than loopback.
    case internalExposed = "internal-exposed"
    /// Listening, and no service says so.
    case undeclared
    /// A service says so, and nothing listens.
    case notListening = "not-listening"
    /// Bound where those whom the policy allows do not get to.
    case unreachable
    /// In one family where the host has both.
    case oneFamily = "one-family"

    package static func < (a: AuditProblem, b: AuditProblem) -> Bool { a.rawValue < b.rawValue }
}

/// One thing that is wrong with a port.
package struct AuditFinding: Sendable {
    package let problem: AuditProblem
    /// One clause in lower case.
    package let message: String
    /// What to change: the program's setting, or a line of the mesh file. Not empty.
    package let hints: [String]
}

/// Whom the rendered firewalls let in, beyond what the service's exposure means.
package enum AuditReach: Sendable, Hashable {
    /// Bound nowhere that a firewall would have to close.
    case none
    case closed
    /// Who gets in, sorted: peers' names, networks, or `anyone`. Not empty.
    case open([String])
}

extension AuditReach: CustomStringConvertible {
    package var description: String {
        switch self {
        case .none: ""
        case .closed: "closed"
        case .open(let names): "open to \(names.joined(separator: ", "))"
        }
    }
}
