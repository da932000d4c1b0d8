/// A /48 of RFC 4193 drawn for one mesh: fd00::/8 and a random 40-bit global id.
package struct UniqueLocalPrefix: Hashable, Sendable {
    /// The /48 itself.
    package let prefix: IPPrefix

    /// Takes five random bytes as the global id (RFC 4193, section 3.2.1: "generated with a pseudo-random algorithm").
    /// nil for any other number of bytes.
    package init?(globalID bytes: some Collection<UInt8>) {
        guard bytes.count == 5 else { return nil }
        let id = bytes.reduce(UInt128(0xfd)) { $0 << 8 | UInt128($1) }
        guard let prefix = IPPrefix(containing: .v6(id << 80), length: 48) else { return nil }
        self.prefix = prefix
    }

    /// The /64 with this subnet id.
    package func subnet(_ id: UInt16) -> IPPrefix {
        IPPrefix(containing: .v6(prefix.network.bits | UInt128(id) << 64), length: 64) ?? prefix
    }
}

extension UniqueLocalPrefix: CustomStringConvertible {
    /// The /48's canonical text.
    package var description: String { prefix.description }
}
