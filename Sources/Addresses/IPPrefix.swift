/// A network: an address whose bits after the length are zero, and the length. Sorts by network, then shortest first.
package struct IPPrefix: Hashable, Sendable {
    /// The first address, which names the network.
    package let network: IPAddress
    /// The number of leading bits that are fixed: 0 to 32 or 128.
    package let length: Int

    /// The network of that length which contains the address; the bits after it are dropped. nil for a wrong length.
    package init?(containing address: IPAddress, length: Int) {
        guard length >= 0, length <= address.family.bits else { return nil }
        let free = address.family.bits - length
        network = IPAddress(family: address.family, bits: (address.bits >> free) << free)
        self.length = length
    }

    private init(host: IPAddress) {
        network = host
        length = host.family.bits
    }

    private init(everything first: IPAddress) {
        network = first
        length = 0
    }

    /// The /32 or /128 of one address.
    package static func host(_ address: IPAddress) -> IPPrefix { IPPrefix(host: address) }

    /// 0.0.0.0/0 or ::/0.
    package static func everything(_ family: IPFamily) -> IPPrefix {
        IPPrefix(everything: IPAddress(family: family, bits: 0))
    }

    /// The family of the network address.
    package var family: IPFamily { network.family }

    /// The lowest address: the network address itself.
    package var first: IPAddress { network }

    /// The highest address; in IPv4 the broadcast address.
    package var last: IPAddress { IPAddress(family: family, bits: network.bits | lastOffset) }

    /// One less than the number of addresses (2^128 itself has no number): 255 for a /24.
    package var lastOffset: UInt128 { family.greatest >> length }

    /// Whether the address lies inside; never across families.
    package func contains(_ address: IPAddress) -> Bool {
        family == address.family && (network.bits ^ address.bits) & ~lastOffset & family.greatest == 0
    }

    /// Whether the other lies inside or is the same; never across families.
    package func contains(_ other: IPPrefix) -> Bool { length <= other.length && contains(other.network) }

    /// Whether there is an address in both: for prefixes, whether one contains the other.
    package func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }

    /// The prefix that is so many bits shorter and contains this one; nil when its length would be below 0.
    package func widened(by count: Int) -> IPPrefix? { IPPrefix(containing: network, length: length - count) }
}

extension IPPrefix: Comparable {
    /// By network, then the shortest (widest) first.
    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        left.network == right.network ? left.length < right.length : left.network < right.network
    }
}

extension IPPrefix: TextValue {
    /// Reads `10.88.0.0/16` or `fd00::/48`: bits set after the length are refused, and the error carries the mended one.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            let (address, length) = try addressAndLength(bytes)
            guard let prefix = IPPrefix(containing: address, length: length) else { throw Refusal(.lengthTooLarge) }
            if prefix.network != address { throw Refusal(.hostBitsSet, mended: prefix) }
            self = prefix
        } catch {
            throw AddressError(error, noun: "prefix", bytes: bytes)
        }
    }

    /// The network's canonical text, a slash and the length.
    package var description: String { ASCIIWriter.string { write(to: &$0) } }

    /// Adds the canonical text to the bytes.
    package func append(to output: inout [UInt8]) { ASCIIWriter.append(to: &output) { write(to: &$0) } }

    private func write(to writer: inout ASCIIWriter) {
        network.write(to: &writer)
        writer.put(ASCII.slash)
        writer.putDecimal(UInt32(truncatingIfNeeded: length))
    }
}

/// Reads `ADDRESS/LENGTH`; the length fits the family.
func addressAndLength(_ bytes: Span<UInt8>) throws(Refusal) -> (IPAddress, Int) {
    guard let slash = bytes.firstIndex(of: ASCII.slash, in: 0..<bytes.count) else {
        let address = try IPAddress(bytes, in: 0..<bytes.count)
        throw Refusal(.missingLength, suggestion: IPPrefix.host(address).description)
    }
    let address = try IPAddress(bytes, in: 0..<slash)
    let range = (slash + 1)..<bytes.count
    do throws(DecimalFault) {
        return (address, Int(try bytes.decimal(in: range, limit: UInt32(address.family.bits))))
    } catch {
        switch error {
        case .empty: throw Refusal(.lengthNotANumber)
        case .notANumber:
            if let mended = prefixOfNetmask(address, bytes, range) { throw Refusal(.netmask, mended: mended) }
            throw Refusal(.lengthNotANumber)
        case .leadingZero: throw Refusal(.lengthLeadingZero)
        case .tooLarge: throw Refusal(.lengthTooLarge)
        }
    }
}

/// The prefix which somebody means who writes `10.0.0.0/255.255.255.0`; nil when that is no netmask.
private func prefixOfNetmask(_ address: IPAddress, _ bytes: Span<UInt8>, _ range: Range<Int>) -> IPPrefix? {
    guard let mask = try? IPAddress(bytes, in: range), mask.family == address.family else { return nil }
    let inverse = ~mask.bits & mask.family.greatest
    guard inverse & (inverse &+ 1) == 0 else { return nil }
    return IPPrefix(containing: address, length: mask.family.bits - (128 - inverse.leadingZeroBitCount))
}
