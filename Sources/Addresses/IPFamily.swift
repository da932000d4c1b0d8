/// The two families of IP addresses; IPv4 sorts before IPv6.
package enum IPFamily: UInt8, Hashable, Comparable, CaseIterable, Sendable {
    case v4 = 4
    case v6 = 6

    /// The number of bits of an address: 32 or 128.
    package var bits: Int { self == .v4 ? 32 : 128 }

    /// The greatest address of the family, as a number.
    package var greatest: UInt128 { self == .v4 ? UInt128(UInt32.max) : UInt128.max }

    /// IPv4 before IPv6.
    package static func < (left: IPFamily, right: IPFamily) -> Bool { left.rawValue < right.rawValue }
}

extension IPFamily: CustomStringConvertible {
    /// `IPv4` or `IPv6`, as messages name it.
    package var description: String { self == .v4 ? "IPv4" : "IPv6" }
}
