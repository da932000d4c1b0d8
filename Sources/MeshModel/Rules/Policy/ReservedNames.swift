import Addresses
import Diagnostics

/// No name could be taken for something else in a rule, a test or a question.
enum ReservedNames: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy else { return [] }
        var findings = view.policy.services.filter { ["echo", "any"].contains($0.name) }.map { service in
            Diagnostic(
                .reservedName, at: service.location,
                service.name == "echo"
                    ? "a service cannot be called \"echo\": tests and questions take it for a ping"
                    : "a service cannot be called \"any\": tests take it for every port")
        }
        let names =
            view.mesh.peers.map { ("peer", $0.name, $0.location) }
            + view.mesh.groups.map { ("group", $0.name, $0.location) }
        for (kind, name, location) in names where (try? IPAddress(parsing: name)) != nil {
            findings.append(
                Diagnostic(
                    .reservedName, at: location,
                    "a \(kind) cannot be called \(quoted(name)): rules and tests take it for an address"))
        }
        return findings
    }
}
