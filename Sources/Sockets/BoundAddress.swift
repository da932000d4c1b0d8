package import Addresses

/// Where a socket is bound, as the kernel's tables say it.
package struct BoundAddress: Hashable, Sendable {
    /// The address without its interface.
    package enum Host: Hashable, Sendable {
        /// Every IPv4 address, or every IPv6 address alone.
        case every(IPFamily)
        /// Every address of both families: an IPv6 socket that also takes IPv4 (ipv6(7), `IPV6_V6ONLY` off).
        case everyOfBoth
        /// One address; an IPv4 address in IPv6 clothes has been undressed.
        case one(IPAddress)
    }

    package let host: Host
    /// The interface that the socket is held to (`127.0.0.53%lo`); nil for none.
    package let interface: String?

    package init(_ host: Host, on interface: String? = nil) {
        self.host = host
        self.interface = interface
    }

    /// The families that it takes.
    package var families: [IPFamily] {
        switch host {
        case .every(let family): [family]
        case .everyOfBoth: [.v4, .v6]
        case .one(let address): [address.family]
        }
    }

    /// Whether it takes every address of a family.
    package var isWide: Bool {
        if case .one = host { return false }
        return true
    }
}

extension BoundAddress: CustomStringConvertible {
    /// As `ss` writes it, without the port: `0.0.0.0`, `[::]`, `*`, `[fd00::1]%eth0`.
    package var description: String {
        let text =
            switch host {
            case .every(.v4): "0.0.0.0"
            case .every(.v6): "[::]"
            case .everyOfBoth: "*"
            case .one(let address): address.family == .v6 ? "[\(address)]" : "\(address)"
            }
        return interface.map { "\(text)%\($0)" } ?? text
    }
}

extension BoundAddress: Comparable {
    /// Wide ones first, then by address, then by interface.
    package static func < (a: BoundAddress, b: BoundAddress) -> Bool {
        a.rank == b.rank ? (a.interface ?? "") < (b.interface ?? "") : a.rank < b.rank
    }

    private var rank: IPAddressRank {
        switch host {
        case .everyOfBoth: IPAddressRank(group: 0, address: .v4(0))
        case .every(let family): IPAddressRank(group: family == .v4 ? 1 : 2, address: .v4(0))
        case .one(let address): IPAddressRank(group: 3, address: address)
        }
    }
}

private struct IPAddressRank: Comparable {
    let group: Int
    let address: IPAddress

    static func < (a: IPAddressRank, b: IPAddressRank) -> Bool { (a.group, a.address) < (b.group, b.address) }
}
