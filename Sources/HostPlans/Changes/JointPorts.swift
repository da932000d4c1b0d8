import Addresses
import MeshModel

/// Ports that two policies treat alike, and the ping, which has none.
struct JointPorts {
    /// The flow to ask about, which stands for all.
    let representative: FlowSubject
    /// Empty for the ping.
    let ports: [ServicePorts]

    /// All that flows can carry, each in one class.
    static func classes(_ states: [PolicyState]) -> [JointPorts] {
        let ranges = states.flatMap(\.portRanges)
        return Transport.allCases.flatMap { classes(of: $0, ranges) }
            + [JointPorts(representative: .echo, ports: [])]
    }

    private static func classes(of transport: Transport, _ ranges: [[ServicePorts]]) -> [JointPorts] {
        var starts: Set<Int> = [1]
        for range in ranges.joined() where range.transport == transport {
            starts.formUnion([Int(range.range.lower.number), Int(range.range.upper.number) + 1])
        }
        let sorted = starts.filter { $0 <= 65_535 }.sorted()
        var order: [[Int]] = []
        var classes: [[Int]: [ServicePorts]] = [:]
        for (index, start) in sorted.enumerated() {
            let end = index + 1 < sorted.count ? sorted[index + 1] - 1 : 65_535
            guard let lower = Port(start), let upper = Port(end), let range = PortRange(from: lower, through: upper)
            else { continue }
            let holders = ranges.indices.filter { number in
                ranges[number].contains { $0.contains(lower, of: transport) }
            }
            if classes[holders] == nil { order.append(holders) }
            classes[holders, default: []].append(ServicePorts(transport, range))
        }
        return order.compactMap { holders in
            guard let ports = classes[holders], let first = ports.first else { return nil }
            return JointPorts(representative: .port(transport, first.range.lower), ports: ports)
        }
    }
}
