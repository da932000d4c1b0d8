import Diagnostics

/// Every service of a rule is exposed by a host of its destination, and somebody has a way there.
enum UnmatchedRules: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        return view.policy.rules.indices.flatMap { findings(of: $0, view) }
    }

    private static func findings(of index: Int, _ view: PolicyView) -> [Diagnostic] {
        let rule = view.policy.rules[index]
        // An empty side has a finding of its own; networks outside of the mesh expose nothing by themselves.
        if view.isEmpty(rule.from.value) || view.isEmpty(rule.to.value) { return [] }
        if !view.networks(of: rule.to.value).isEmpty { return [] }
        return rule.services.compactMap { number in
            let service = view.policy.services[number]
            let hosts = view.to[index].intersection(view.exposed[number])
            let to = rule.to.value.text(in: view.mesh)
            if hosts.isEmpty {
                return Diagnostic(
                    .unmatchedRule, at: rule.to.location,
                    "no host of \(quoted(to)) exposes \(quoted(service.name)) to the mesh: the rule allows nothing",
                    hint: hint(service, rule.to.value, view))
            }
            if !view.networks(of: rule.from.value).isEmpty || view.meet(view.from[index], hosts) { return nil }
            let isItself = view.from[index].union(hosts).count == 1
            return Diagnostic(
                .unmatchedRule, at: rule.to.location,
                isItself
                    ? "\(quoted(to)) is the only host on both sides: a host reaches itself without a rule"
                    : "nobody of \(quoted(rule.from.value.text(in: view.mesh))) has a way to "
                        + "\(quoted(to)): the topology keeps them apart, and the rule allows nothing",
                hint: isItself ? "remove the rule" : "add a link between them, or remove the rule")
        }
    }

    /// The line that would expose the service where the rule wants it.
    private static func hint(_ service: Service, _ to: SetExpression, _ view: PolicyView) -> String? {
        switch to {
        case .all, .group, .peer:
            return "expose it: `\(service.name): {expose: {\(to.text(in: view.mesh)): private}}`, or remove the rule"
        default: return "expose it under `services:` with `private`, or remove the rule"
        }
    }
}
