import Addresses
import Diagnostics

/// What hosts offer privately, some rule lets somebody reach.
enum UnreachableServices: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        let reached: [PeerBits] = view.policy.services.indices.map { Self.reached($0, view) }
        return view.policy.services.enumerated().flatMap { index, service -> [Diagnostic] in
            service.exposures.compactMap { exposure -> Diagnostic? in
                let hosts = view.members(of: exposure.on).subtracting(view.published[index])
                if exposure.exposure != .private || hosts.isEmpty { return nil }
                if !hosts.intersection(reached[index]).isEmpty { return nil }
                let names = HostList.text(hosts, view)
                return Diagnostic(
                    .unreachableService, at: exposure.location,
                    "\(names) \(hosts.count == 1 ? "offers" : "offer") \(quoted(service.name)) privately, and no rule "
                        + "lets anybody reach it",
                    hint:
                        "allow it: `- {from: …, to: \(exposure.on.text(in: view.mesh)), service: \(service.name)}`, or make "
                        + "it internal")
            }
        }
    }

    /// The hosts on which a rule lets somebody else reach some port of the service.
    private static func reached(_ number: Int, _ view: PolicyView) -> PeerBits {
        let service = view.policy.services[number]
        var result = PeerBits(capacity: view.enabled.count)
        for (index, rule) in view.policy.rules.enumerated() {
            let isMeant = rule.services.contains { other in
                other == number
                    || view.policy.services[other].ports.contains { port in
                        service.ports.contains { $0.transport == port.transport && $0.range.overlaps(port.range) }
                    }
            }
            if !isMeant { continue }
            var hosts = view.to[index].intersection(view.exposed[number])
            if view.networks(of: rule.from.value).isEmpty {
                if view.from[index].isEmpty { continue }
                // The only one that may call does not count as called by somebody else.
                if view.from[index].only != nil { hosts = hosts.subtracting(view.from[index]) }
            }
            result = result.union(hosts)
        }
        return result
    }
}

/// Some hosts in a sentence.
enum HostList {
    /// `host "a"`, or `4 hosts ("a", "b", "c" and 1 more)`.
    static func text(_ hosts: PeerBits, _ view: PolicyView) -> String {
        let names = hosts.indices.map { quoted(view.name($0)) }
        if names.count == 1 { return "host \(names[0])" }
        let more = names.count > 5 ? " and \(names.count - 4) more" : ""
        let shown = names.prefix(names.count > 5 ? 4 : 5)
        return "\(names.count) hosts (\(shown.joined(separator: ", "))\(more))"
    }
}
