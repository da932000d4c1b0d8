import Addresses
import Diagnostics

/// No host offers one port under two names; least of all internally under one and to others under the other.
enum OverlappingServices: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        let services = view.policy.services
        var findings: [Diagnostic] = []
        for second in services.indices where services[second].isDeclared {
            for first in services.indices where services[first].isDeclared && first < second {
                guard let port = common(services[first], services[second]) else { continue }
                let hosts = view.offered[first].intersection(view.offered[second])
                if hosts.isEmpty { continue }
                let pair = [first, second].sorted { services[$0].location < services[$1].location }
                findings.append(finding(pair[0], pair[1], port, hosts, view))
            }
        }
        return findings
    }

    private static func common(_ a: Service, _ b: Service) -> ServicePorts? {
        for port in b.ports {
            if let other = a.ports.first(where: { $0.transport == port.transport && $0.range.overlaps(port.range) }) {
                return max(port, other)
            }
        }
        return nil
    }

    private static func finding(
        _ first: Int, _ second: Int, _ port: ServicePorts, _ hosts: PeerBits, _ view: PolicyView
    ) -> Diagnostic {
        let services = view.policy.services
        let names = (quoted(services[first].name), quoted(services[second].name))
        let closed = [first, second].map { hosts.subtracting(view.exposed[$0]) }
        let contradictory = closed[0].subtracting(closed[1]).union(closed[1].subtracting(closed[0]))
        if !contradictory.isEmpty {
            let isFirstClosed = !closed[0].subtracting(closed[1]).isEmpty
            let (inner, outer) = isFirstClosed ? names : (names.1, names.0)
            return Diagnostic(
                .contradictoryExposure, at: services[second].location,
                "\(HostList.text(contradictory, view)): \(port) is internal as \(inner), and open to others as \(outer)",
                hint: "expose it once, under one name")
        }
        return Diagnostic(
            .overlappingServices, at: services[second].location,
            "\(names.0) and \(names.1) share \(port) on \(HostList.text(hosts, view)): a rule for the one allows the "
                + "other",
            hint: "declare the port once")
    }
}
