import Addresses

/// The ports of both protocols in classes that a policy treats alike, each with a port that stands for it.
///
/// A policy knows ports only by the ranges that it names, so ports in the same ranges have the same answer: asking for
/// one of each class is asking for all.
package struct PortClasses: Sendable {
    private struct Interval {
        let ports: ServicePorts
        /// Which of the policy's ranges hold it.
        let holders: [Int]
    }

    /// Disjoint, sorted; together all ports of both protocols.
    private let intervals: [Interval]

    package init(_ policy: DeclaredPolicy, in mesh: DeclaredMesh) {
        let declared = policy.guardDeclaration
        let ranges: [[ServicePorts]] =
            policy.services.map(\.ports) + declared.exceptions.map(\.ports)
            + [declared.rescue.map { [$0.ports] } ?? []]
            + mesh.listeningPorts.map { [ServicePorts(.udp, PortRange($0))] }
        intervals = Transport.allCases.flatMap { Self.intervals(of: $0, ranges) }
    }

    private static func intervals(of transport: Transport, _ ranges: [[ServicePorts]]) -> [Interval] {
        var starts: Set<Int> = [1]
        for range in ranges.joined() where range.transport == transport {
            starts.insert(Int(range.range.lower.number))
            starts.insert(Int(range.range.upper.number) + 1)
        }
        let sorted = starts.filter { $0 <= 65_535 }.sorted()
        return sorted.enumerated().compactMap { index, start in
            let end = index + 1 < sorted.count ? sorted[index + 1] - 1 : 65_535
            guard let lower = Port(start), let upper = Port(end),
                let range = PortRange(from: lower, through: upper)
            else { return nil }
            let holders = ranges.indices.filter { holder in
                ranges[holder].contains { $0.contains(lower, of: transport) }
            }
            return Interval(ports: ServicePorts(transport, range), holders: holders)
        }
    }

    /// One port of each class.
    package var representatives: [ServicePorts] { distinct(intervals) }

    /// One port of each class that has some in the range.
    package func representatives(in ports: ServicePorts) -> [ServicePorts] {
        distinct(
            intervals.compactMap { interval in
                guard interval.ports.transport == ports.transport,
                    let range = PortRange(
                        from: max(interval.ports.range.lower, ports.range.lower),
                        through: min(interval.ports.range.upper, ports.range.upper))
                else { return nil }
                return Interval(ports: ServicePorts(ports.transport, range), holders: interval.holders)
            })
    }

    private func distinct(_ intervals: [Interval]) -> [ServicePorts] {
        var seen: Set<[Int]> = []
        return intervals.filter { seen.insert([$0.ports.transport == .tcp ? -1 : -2] + $0.holders).inserted }
            .map { ServicePorts($0.ports.transport, PortRange($0.ports.range.lower)) }
    }
}
