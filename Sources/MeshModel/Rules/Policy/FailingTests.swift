import Addresses
import Diagnostics

/// The policy gives every test the answer that it expects.
enum FailingTests: Rule {
    /// Of one test; the last finding says how many more there are.
    private static let most = 10

    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy, !view.policy.tests.isEmpty else { return [] }
        let run = PolicyTestRun(view, moment: input.moment)
        return view.policy.tests.indices.flatMap { index -> [Diagnostic] in
            let test = view.policy.tests[index]
            if let finding = misnamed(test, view) { return [finding] }
            if run.isIdle(index) {
                return [
                    Diagnostic(
                        .failingTest, at: test.location, "the test is about no two hosts, so it shows nothing",
                        hint: "name two sets that have enabled peers")
                ]
            }
            let failures = run.failures(of: index)
            return failures.prefix(most).enumerated().map { number, failure in
                finding(failure, more: number == most - 1 ? failures.count - most : 0, view)
            }
        }
    }

    /// Addresses of the mesh are allotted; names stay.
    private static func misnamed(_ test: PolicyTest, _ view: PolicyView) -> Diagnostic? {
        for end in [test.from, test.to] {
            guard case .end(.address(let address)) = end.value,
                view.mesh.prefixes.contains(where: { $0.value.contains(address) })
            else { continue }
            return Diagnostic(
                .failingTest, at: end.location, "the test names \(address), an address of the mesh",
                hint: "name the peer instead")
        }
        return nil
    }

    private static func finding(_ failure: PolicyTestRun.Failure, more: Int, _ view: PolicyView) -> Diagnostic {
        let words = VerdictWords(view.mesh)
        let (from, to) = (words.name(failure.from.end), words.name(failure.flow.to))
        let alike = failure.pairs > 1 ? " (and so in \(failure.pairs - 1) more pairs like them)" : ""
        let rest = more > 0 ? "; \(more) more of this test fail" : ""
        let subject = failure.flow.subject == .echo ? "by ping" : "on \(failure.flow.subject)"
        let plain = AskedEnd.plane(from: failure.from, to: failure.to, in: view.mesh)
        let plane = failure.flow.plane == plain ? "" : " --plane \(failure.flow.plane.rawValue)"
        let verb = failure.shouldBeAllowed ? "does not reach" : "reaches"
        return Diagnostic(
            .failingTest, at: failure.subject.location,
            "\(from) \(verb) \(to) \(subject), \(words.way(failure.flow.plane)): \(words.reason(failure.verdict))"
                + alike + rest,
            hint: "`hauberk can \(words.bare(failure.from.end)) \(words.bare(failure.flow.to)) "
                + "\(failure.flow.subject)\(plane)` says what would change it")
    }
}
