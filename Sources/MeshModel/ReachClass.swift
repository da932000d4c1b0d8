package import Addresses

/// Everything about a peer that decides how it and others reach each other.
///
/// Peers of one class see, and are seen by, all others alike, but for their names, keys and addresses: who can meet
/// whom is decided once for each pair of classes instead of once for each pair of peers.
package struct ReachClass: Hashable, Sendable {
    /// Index of the site; nil for a peer of none.
    package var site: Int?
    /// The families of the private addresses; empty without a site.
    package var privateFamilies: FamilySet
    package var publicFamilies: FamilySet
    package var hasEndpoint: Bool
    /// The peer's own keepalive setting: it changes what its configuration says about every other.
    package var keepalive: UInt16?
    /// Which of the topology's selectors the peer matches, as bits.
    package var memberships: [Bool]
    /// The index of a peer that is a class of its own: a hub or a relay.
    package var alone: Int?
    package var platform: Platform
    /// The index of the peer by which these leave for the Internet: its section allows everything. Nil for none.
    package var exit: Int?
    /// Whether it was left behind by a rotation of keys: its former interface has other peers than anybody's else.
    package var isAbsent = false

    /// Whether anybody outside of the peer's site can send to it first.
    package var isPublic: Bool { hasEndpoint || !publicFamilies.isEmpty }
}

/// A set of address families.
package struct FamilySet: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let v4 = FamilySet(rawValue: 1)
    package static let v6 = FamilySet(rawValue: 2)

    package init(_ addresses: some Sequence<IPAddress>) {
        self = addresses.reduce(into: []) { $0.insert($1.family == .v4 ? .v4 : .v6) }
    }
}

/// How one class of peers sends to another without being spoken to first.
package enum EndpointChoice: Hashable, Sendable {
    /// It cannot; it answers to where the other was last heard.
    case none
    /// The other's private address of this family.
    case privateAddress(IPFamily)
    /// The other's public address of this family.
    case publicAddress(IPFamily)
    /// The other's `endpoint:`.
    case declared
}

extension ReachClass {
    /// The other's private address inside a common site, else its declared endpoint, else a public address.
    ///
    /// IPv4 comes before IPv6 where both ends have both. A peer without any address of its own is behind NAT, and is
    /// taken to reach both families.
    package func choice(toward other: ReachClass) -> EndpointChoice {
        if let site, site == other.site {
            let common = privateFamilies.intersection(other.privateFamilies)
            if common.contains(.v4) { return .privateAddress(.v4) }
            if common.contains(.v6) { return .privateAddress(.v6) }
        }
        if other.hasEndpoint { return .declared }
        let own = publicFamilies.isEmpty ? [.v4, .v6] : publicFamilies
        let common = own.intersection(other.publicFamilies)
        if common.contains(.v4) { return .publicAddress(.v4) }
        if common.contains(.v6) { return .publicAddress(.v6) }
        return .none
    }

    /// Whether one of the two can send to the other first.
    package func canMeet(_ other: ReachClass) -> Bool {
        choice(toward: other) != .none || other.choice(toward: self) != .none
    }
}
