import Diagnostics

/// Every declared service is offered by somebody, or reached in a network behind a peer.
enum UnusedServices: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        var used: Set<Int> = []
        for rule in view.policy.rules where !view.networks(of: rule.to.value).isEmpty { used.formUnion(rule.services) }
        return view.policy.services.enumerated().compactMap { index, service in
            // Exposures that stand for nobody have findings of their own.
            guard service.isDeclared, service.exposures.isEmpty, !used.contains(index) else { return nil }
            return Diagnostic(
                .unusedService, at: service.location, "nobody offers the service \(quoted(service.name))",
                hint: "say who does: `expose: {GROUP: private}`, or remove it")
        }
    }
}
