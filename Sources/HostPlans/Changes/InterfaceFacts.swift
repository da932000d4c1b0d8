/// What a WireGuard configuration says, setting by setting, as text; it holds no secret.
package struct InterfaceFacts: Sendable, Hashable {
    /// What is said of the host itself, in the order in which changes are told.
    package enum Field: String, Sendable, CaseIterable {
        case addresses, port, mtu, fwmark, dns, table, routes, hooks
    }

    /// What is said of another host.
    package enum PeerField: String, Sendable, CaseIterable {
        case publicKey = "public key"
        case endpoint
        case allowedIPs = "allowed IPs"
        case keepalive
    }

    /// One peer's section.
    package struct Peer: Sendable, Hashable {
        /// By which the mesh knows the key; the key itself where it does not.
        package var name: String
        package var values: [PeerField: [String]]

        package init(name: String, values: [PeerField: [String]]) {
            self.name = name
            self.values = values
        }
    }

    /// A field that is not set has no entry.
    package var values: [Field: [String]]
    package var peers: [Peer]

    package init(values: [Field: [String]] = [:], peers: [Peer] = []) {
        self.values = values
        self.peers = peers
    }
}

/// What a host's configuration is to say.
package struct RenderedInterface: Sendable {
    package let facts: InterfaceFacts

    package init(_ facts: InterfaceFacts) { self.facts = facts }
}

/// What the configuration says that the host has.
package struct WrittenInterface: Sendable {
    package let facts: InterfaceFacts

    package init(_ facts: InterfaceFacts) { self.facts = facts }
}

/// Compares secrets where they are, so that none has to be held in a plan. Indices are those of the facts' peers.
package protocol SecretComparison {
    /// The private key.
    var privateKey: SecretChange? { get }
    /// The key that is shared with a peer; nil where it is the same, or there is none on both sides.
    func presharedKey(observed: Int, desired: Int) -> SecretChange?
}

/// What becomes of a secret; never which it is.
package enum SecretChange: String, Sendable, CaseIterable {
    case added, removed, changed
}
