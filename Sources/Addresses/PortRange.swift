/// The ports from one to another, both included: `49152-49160`, or `80` for one alone. Sorts by lowest, then highest.
///
/// Invariant: the lower is not above the upper, so a range is never empty.
package struct PortRange: TextValue {
    /// The first port.
    package let lower: Port
    /// The last port, which belongs to the range.
    package let upper: Port

    /// One port alone.
    package init(_ port: Port) {
        lower = port
        upper = port
    }

    /// nil when the range would end before it begins.
    package init?(from lower: Port, through upper: Port) {
        guard lower <= upper else { return nil }
        self.lower = lower
        self.upper = upper
    }

    /// Reads `80` or `49152-49160`.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            let hyphen = bytes.firstIndex(of: ASCII.hyphen, in: 0..<bytes.count) ?? bytes.count
            lower = try Port(bytes, in: 0..<hyphen)
            upper = hyphen == bytes.count ? lower : try Port(bytes, in: (hyphen + 1)..<bytes.count)
            if lower > upper { throw Refusal(.portRangeReversed, suggestion: "\(upper)-\(lower)") }
        } catch {
            throw AddressError(error, noun: "port or range", bytes: bytes)
        }
    }

    /// How many ports: 1 to 65535.
    package var count: Int { Int(upper.number) - Int(lower.number) + 1 }

    /// Whether the port is in the range.
    package func contains(_ port: Port) -> Bool { lower <= port && port <= upper }

    /// Whether there is a port in both.
    package func overlaps(_ other: PortRange) -> Bool { lower <= other.upper && other.lower <= upper }

    /// `80` for one port, else `49152-49160`.
    package var description: String { lower == upper ? lower.description : "\(lower)-\(upper)" }
}

extension PortRange: Comparable {
    /// By first, then last port.
    package static func < (left: PortRange, right: PortRange) -> Bool {
        left.lower == right.lower ? left.upper < right.upper : left.lower < right.lower
    }
}
