import Addresses
import Diagnostics

/// No rule allows only what another allows already.
enum CoveredRules: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        let rules = view.policy.rules
        // What has expired covers nothing, and has a finding of its own.
        let live = rules.indices.filter { index in
            guard let until = rules[index].until?.value, let moment = input.moment else { return true }
            return moment < until
        }
        return live.compactMap { index in
            if !allowsAnything(index, view) { return nil }
            // Of two that are equal, the one that stands later is too many.
            let other = live.first { other in
                other != index && covers(other, index, view)
                    && (rules[other].location < rules[index].location || !covers(index, other, view))
            }
            return other.map { other in
                Diagnostic(
                    .coveredRule, at: rules[index].location,
                    "the rule at \(place(rules[other].location)) allows all of this already", hint: "remove this one")
            }
        }
    }

    /// What allows nothing has findings of its own.
    private static func allowsAnything(_ index: Int, _ view: PolicyView) -> Bool {
        let rule = view.policy.rules[index]
        if view.isEmpty(rule.from.value) { return false }
        return !view.networks(of: rule.to.value).isEmpty
            || rule.services.contains { !view.to[index].intersection(view.exposed[$0]).isEmpty }
    }

    private static func place(_ location: SourceLocation) -> String { "line \(location.line)" }

    /// Whether all that rule `b` allows, and as long as it does, rule `a` allows too.
    private static func covers(_ a: Int, _ b: Int, _ view: PolicyView) -> Bool {
        let (wide, narrow) = (view.policy.rules[a], view.policy.rules[b])
        if let end = wide.until?.value, narrow.until.map({ $0.value > end }) ?? true { return false }
        return narrow.services.allSatisfy { number in
            wide.services.contains { other in covers((a, other), (b, number), view) }
        } && view.from[b].isSubset(of: view.from[a]) && contains(wide.from.value, narrow.from.value, view)
            && contains(wide.to.value, narrow.to.value, view)
    }

    private static func covers(
        _ wide: (rule: Int, service: Int), _ narrow: (rule: Int, service: Int), _ view: PolicyView
    ) -> Bool {
        if wide.service != narrow.service {
            let ports = view.policy.services[wide.service].ports
            let isCovered = view.policy.services[narrow.service].ports.allSatisfy { port in
                ports.contains { $0.transport == port.transport && $0.range.contains(port.range) }
            }
            if !isCovered { return false }
        }
        let hosts = view.to[narrow.rule].intersection(view.exposed[narrow.service])
        return hosts.isSubset(of: view.to[wide.rule].intersection(view.exposed[wide.service]))
    }

    private static func contains(_ wide: SetExpression, _ narrow: SetExpression, _ view: PolicyView) -> Bool {
        let networks = view.networks(of: wide)
        return view.networks(of: narrow).allSatisfy { network in networks.contains { $0.contains(network) } }
    }
}

extension PortRange {
    /// Whether all ports of another are in this range.
    fileprivate func contains(_ other: PortRange) -> Bool { lower <= other.lower && other.upper <= upper }
}
