import Diagnostics

/// What is private is not open on the underlay.
enum OpenUnderlay: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy, view.policy.guardDeclaration.plaintext == .off else { return [] }
        let closed = view.policy.services.indices.filter { index in
            !view.offered[index].subtracting(view.published[index]).isEmpty
        }
        if closed.isEmpty { return [] }
        let names = closed.map { quoted(view.policy.services[$0].name) }
        let more = names.count > 5 ? " and \(names.count - 4) more" : ""
        return [
            Diagnostic(
                .guardOff, at: view.policy.guardDeclaration.plaintextLocation ?? view.policy.location,
                "with the guard off, whoever reaches a host's other addresses reaches "
                    + names.prefix(names.count > 5 ? 4 : 5).joined(separator: ", ") + more
                    + " there, though \(names.count == 1 ? "it is" : "they are") not public",
                hint: "write `plaintext: log` to see what it would refuse, then `reject`")
        ]
    }
}
