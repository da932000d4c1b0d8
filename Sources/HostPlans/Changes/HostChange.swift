/// What changes on one host. A list that is empty stands for no change.
package struct HostChange: Sendable {
    package enum Kind: String, Sendable {
        /// The host had no files.
        case added
        /// The mesh has the host no longer.
        case removed
        case changed
        /// It is not known what the host has.
        case unknown
    }

    /// A setting of the host's own; an empty list stands for one that is not set.
    package struct Setting: Sendable, Hashable {
        package let field: InterfaceFacts.Field
        package let from: [String]
        package let to: [String]
    }

    package let name: String
    package let kind: Kind
    /// Why it is not known what the host has; nil where it is.
    package let message: String?
    package var privateKey: SecretChange?
    package var settings: [Setting] = []
    package var peers: [PeerChange] = []
    package var files: [FileChange] = []

    package init(_ name: String, _ kind: Kind, _ message: String? = nil) {
        self.name = name
        self.kind = kind
        self.message = message
    }
}

/// What changes in what a host knows of another.
package struct PeerChange: Sendable {
    package enum Kind: String, Sendable {
        case added, removed, changed
    }

    package struct Setting: Sendable, Hashable {
        package let field: InterfaceFacts.PeerField
        package let from: [String]
        package let to: [String]
    }

    package let name: String
    package let kind: Kind
    package var presharedKey: SecretChange?
    package var settings: [Setting] = []

    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// What becomes of one file of a host.
package struct FileChange: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case added, removed, changed
        /// The mode alone.
        case mode
    }

    /// What the file is for.
    package enum Role: String, Sendable {
        case interface, firewall, other
    }

    /// Below the host's `/`.
    package let path: String
    package let kind: Kind
    package let role: Role

    package init(_ path: String, _ kind: Kind) {
        self.path = path
        self.kind = kind
        if path.hasPrefix("etc/wireguard/") {
            role = .interface
        } else {
            role = path.contains("firewall") || path.hasPrefix("etc/hauberk/") ? .firewall : .other
        }
    }
}

extension HostChange {
    /// Notes what differs between what the host has and what it is to have.
    package mutating func compare(
        _ observed: WrittenInterface, _ desired: RenderedInterface, _ secrets: some SecretComparison
    ) {
        let (old, new) = (observed.facts, desired.facts)
        privateKey = secrets.privateKey
        settings = InterfaceFacts.Field.allCases.compactMap { field in
            let (from, to) = (old.values[field] ?? [], new.values[field] ?? [])
            return from == to ? nil : Setting(field: field, from: from, to: to)
        }
        let places = Dictionary(old.peers.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let kept = Set(new.peers.map(\.name))
        peers = new.peers.enumerated().compactMap { index, peer in
            guard let place = places[peer.name] else { return PeerChange(peer.name, .added) }
            return PeerChange(old.peers[place], peer, secrets.presharedKey(observed: place, desired: index))
        }
        peers += old.peers.filter { !kept.contains($0.name) }.map { PeerChange($0.name, .removed) }
    }
}

extension PeerChange {
    /// Nil when the two sections say the same.
    init?(_ old: InterfaceFacts.Peer, _ new: InterfaceFacts.Peer, _ presharedKey: SecretChange?) {
        self.init(new.name, .changed)
        self.presharedKey = presharedKey
        settings = InterfaceFacts.PeerField.allCases.compactMap { field in
            let (from, to) = (old.values[field] ?? [], new.values[field] ?? [])
            return from == to ? nil : Setting(field: field, from: from, to: to)
        }
        if presharedKey == nil, settings.isEmpty { return nil }
    }
}
