package import Addresses

/// The protocols that have ports.
package enum Transport: String, CaseIterable, Comparable, Sendable {
    case tcp
    case udp

    package static func < (a: Transport, b: Transport) -> Bool { a.rawValue < b.rawValue }
}

/// Ports of one protocol, written `80/tcp` or `49152-49160/udp`. Sorts by protocol, then by port.
package struct ServicePorts: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let transport: Transport
    package let range: PortRange

    package init(_ transport: Transport, _ range: PortRange) {
        self.transport = transport
        self.range = range
    }

    /// Nil when the text has not the form `PORTS/tcp` or `PORTS/udp`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let transport = Transport(rawValue: String(parts[1])),
            let range = try? PortRange(parsing: String(parts[0]))
        else { return nil }
        self.init(transport, range)
    }

    package var description: String { "\(range)/\(transport.rawValue)" }

    package func contains(_ port: Port, of transport: Transport) -> Bool {
        transport == self.transport && range.contains(port)
    }

    package static func < (a: ServicePorts, b: ServicePorts) -> Bool {
        a.transport == b.transport ? a.range < b.range : a.transport < b.transport
    }
}

extension Collection<ServicePorts> {
    /// The same ports in the fewest ranges, sorted: overlapping and adjacent ones are joined.
    package var merged: [ServicePorts] {
        var result: [ServicePorts] = []
        for next in sorted() {
            guard let last = result.last, last.transport == next.transport,
                Int(next.range.lower.number) <= Int(last.range.upper.number) + 1,
                let joined = PortRange(from: last.range.lower, through: Swift.max(last.range.upper, next.range.upper))
            else {
                result.append(next)
                continue
            }
            result[result.count - 1] = ServicePorts(next.transport, joined)
        }
        return result
    }
}
