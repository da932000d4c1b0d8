import Diagnostics

/// Whatever a policy names stands for somebody: the sides of rules, exposures, exits, the rescue path, exceptions.
enum EmptySets: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        let policy = view.policy
        var findings: [Diagnostic] = []
        for rule in policy.rules {
            for set in [rule.from, rule.to] where view.isEmpty(set.value) {
                findings.append(finding(set, "the rule allows nothing", view))
            }
        }
        for exit in policy.exits where view.isEmpty(exit.users.value) {
            findings.append(finding(exit.users, "nobody uses the exit", view))
        }
        for (index, service) in policy.services.enumerated() {
            for exposure in service.exposures where view.members(of: exposure.on).isEmpty {
                let set = Located(words(exposure.on), exposure.location)
                findings.append(finding(set, "it exposes \(quoted(policy.services[index].name)) nowhere", view))
            }
        }
        let declared = policy.guardDeclaration
        if let rescue = declared.rescue { findings += underlay(rescue.from, "there is no rescue path", view) }
        for exception in declared.exceptions {
            for end in [exception.from, exception.to] {
                findings += underlay(end, "the exception lets nothing through", view)
            }
        }
        return findings
    }

    private static func underlay(
        _ end: Located<UnderlayEnd>, _ consequence: String, _ view: PolicyView
    ) -> [Diagnostic] {
        guard case .peers(let set) = end.value, view.isEmpty(set) else { return [] }
        return [finding(Located(set, end.location), consequence, view)]
    }

    private static func words(_ selector: Selector) -> SetExpression {
        switch selector {
        case .all: return .all
        case .group(let group): return .group(group)
        case .peer(let peer): return .peer(peer)
        }
    }

    private static func finding(
        _ set: Located<SetExpression>, _ consequence: String, _ view: PolicyView
    ) -> Diagnostic {
        Diagnostic(
            .emptySet, at: set.location,
            "\(quoted(set.value.text(in: view.mesh))) stands for no enabled peer: \(consequence)")
    }
}
