import Addresses
import Diagnostics

/// A declared service that has a well-known name has one of its well-known ports.
enum ShadowedServices: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        return view.policy.services.compactMap { service in
            guard service.isDeclared, let known = WellKnownServices.ports(of: service.name) else { return nil }
            let isKnown = service.ports.contains { port in
                known.contains { $0.transport == port.transport && $0.range.overlaps(port.range) }
            }
            if isKnown { return nil }
            let ports = known.map(\.description).joined(separator: ", ")
            return Diagnostic(
                .shadowedService, at: service.location,
                "everybody takes \(quoted(service.name)) for \(ports), and here it is "
                    + service.ports.map(\.description).joined(separator: ", "),
                hint: "give it a name of its own")
        }
    }
}
