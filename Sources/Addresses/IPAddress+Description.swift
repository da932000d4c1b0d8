extension IPAddress: CustomStringConvertible {
    /// The canonical text of RFC 5952: lower case, no leading zeros, the longest (first) run of zero groups as `::`,
    /// and the last 32 bits in dotted decimal for ::ffff:0:0/96 (its section 5).
    package var description: String { ASCIIWriter.string { write(to: &$0) } }

    /// Adds the canonical text to the bytes, at most 45 of them; the fast way for renderers.
    package func append(to output: inout [UInt8]) { ASCIIWriter.append(to: &output) { write(to: &$0) } }

    func write(to writer: inout ASCIIWriter) {
        if family == .v6 { return writeV6(to: &writer) }
        IPAddress.writeOctets(UInt32(truncatingIfNeeded: bits), to: &writer)
    }

    private static func writeOctets(_ bits: UInt32, to writer: inout ASCIIWriter) {
        writer.putOctet(UInt8(truncatingIfNeeded: bits >> 24))
        writer.put(ASCII.dot)
        writer.putOctet(UInt8(truncatingIfNeeded: bits >> 16))
        writer.put(ASCII.dot)
        writer.putOctet(UInt8(truncatingIfNeeded: bits >> 8))
        writer.put(ASCII.dot)
        writer.putOctet(UInt8(truncatingIfNeeded: bits))
    }

    private func group(_ index: Int) -> UInt16 { UInt16(truncatingIfNeeded: bits >> (112 - index * 16)) }

    private func writeV6(to writer: inout ASCIIWriter) {
        let groups = isIPv4Mapped ? 6 : 8
        let zeros = longestZeroRun()
        var index = 0
        while index < groups {
            if index == zeros.lowerBound, !zeros.isEmpty {
                writer.put(ASCII.colon)
                writer.put(ASCII.colon)
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.isEmpty { writer.put(ASCII.colon) }
            writer.putHex(group(index))
            index += 1
        }
        if isIPv4Mapped {
            writer.put(ASCII.colon)
            IPAddress.writeOctets(UInt32(truncatingIfNeeded: bits), to: &writer)
        }
    }

    /// The first longest run of zero groups, empty if it is shorter than two (RFC 5952, section 4.2.2).
    private func longestZeroRun() -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(index) != 0 {
                start = index + 1
            } else if index + 1 - start > max(best.count, 1) {
                best = start..<(index + 1)
            }
        }
        return isIPv4Mapped ? 0..<5 : best
    }
}
