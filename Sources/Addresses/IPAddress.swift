/// One IPv4 or IPv6 address, without a scope; a small trivial value. IPv4 sorts before IPv6.
///
/// `::ffff:1.2.3.4` is an IPv6 address and not equal to `1.2.3.4`. Invariant: the bits of an IPv4 address fit in 32.
package struct IPAddress: Hashable, Sendable {
    /// Which family the bits belong to.
    package let family: IPFamily
    /// The address as a number, most significant octet first; of an IPv4 address the low 32 bits.
    package let bits: UInt128

    init(family: IPFamily, bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    /// The IPv4 address of a number in host byte order: `0x7f00_0001` is 127.0.0.1.
    package static func v4(_ bits: UInt32) -> IPAddress { IPAddress(family: .v4, bits: UInt128(bits)) }

    /// The IPv6 address of a number in host byte order: 1 is `::1`.
    package static func v6(_ bits: UInt128) -> IPAddress { IPAddress(family: .v6, bits: bits) }

    /// The address so many further on (or back); nil where the family has none, never wrapped around.
    package func advanced(by distance: Int128) -> IPAddress? {
        let (sum, overflow) =
            distance < 0
            ? bits.subtractingReportingOverflow(distance.magnitude)
            : bits.addingReportingOverflow(distance.magnitude)
        return overflow || sum > family.greatest ? nil : IPAddress(family: family, bits: sum)
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.bits < right.bits : left.family < right.family
    }
}

extension IPAddress {
    /// 127.0.0.0/8 or `::1` (RFC 1122, RFC 4291).
    package var isLoopback: Bool { family == .v4 ? bits >> 24 == 127 : bits == 1 }

    /// 224.0.0.0/4 or ff00::/8 (RFC 5771, RFC 4291).
    package var isMulticast: Bool { family == .v4 ? bits >> 28 == 0xe : bits >> 120 == 0xff }

    /// 0.0.0.0 or `::`.
    package var isUnspecified: Bool { bits == 0 }

    /// 169.254.0.0/16 or fe80::/10 (RFC 3927, RFC 4291).
    package var isLinkLocal: Bool { family == .v4 ? bits >> 16 == 0xa9fe : bits >> 118 == 0x3fa }

    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918) or fc00::/7 (unique local, RFC 4193).
    package var isPrivate: Bool {
        if family == .v6 { return bits >> 121 == 0x7e }
        return bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8
    }

    /// ::ffff:0:0/96, an IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2).
    package var isIPv4Mapped: Bool { family == .v6 && bits >> 32 == 0xffff }
}
