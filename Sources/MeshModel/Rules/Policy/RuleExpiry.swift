import Diagnostics

/// Rules with `until:` that have ended, or end within a week.
enum RuleExpiry: Rule {
    private static let notice: Int64 = 7 * 86_400

    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy, let moment = input.moment else { return [] }
        return view.policy.rules.compactMap { rule in
            guard let until = rule.until else { return nil }
            let text = MomentText.text(until.value)
            if until.value <= moment {
                return Diagnostic(
                    .expiredRule, at: until.location, "the rule has ended at \(text) and allows nothing any more",
                    hint: "remove it, or give it a later `until:`")
            }
            if until.value - moment > notice { return nil }
            let days = (until.value - moment + 86_399) / 86_400
            return Diagnostic(
                .expiringRule, at: until.location,
                "the rule ends at \(text), within \(days == 1 ? "a day" : "\(days) days")",
                hint: "give it a later `until:` if it is still needed")
        }
    }
}
