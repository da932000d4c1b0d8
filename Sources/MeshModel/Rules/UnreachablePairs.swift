import Diagnostics

/// Every pair that is to talk can: directly or through a relay.
enum UnreachablePairs: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        let topology = input.topology
        var findings: [Diagnostic] = []
        for a in topology.classes.indices {
            for b in a..<topology.classes.count where topology.route(between: a, and: b) == .impossible {
                let members = (topology.members[a], topology.members[b])
                guard let first = members.0.first, let second = members.1.first(where: { $0 != first }) else {
                    continue
                }
                let count = a == b ? members.0.count * (members.0.count - 1) / 2 : members.0.count * members.1.count
                findings.append(finding(first, second, count: count, input))
            }
        }
        return findings
    }

    private static func finding(_ first: Int, _ second: Int, count: Int, _ input: RuleInput) -> Diagnostic {
        let pair = [first, second].map { input.mesh.peers[input.enabled[$0]] }.sorted { $0.location < $1.location }
        let more =
            count > 2
            ? ", and so for \(count - 1) more pairs like them"
            : count == 2 ? ", and so for one more pair like them" : ""
        return Diagnostic(
            .unreachablePair, at: pair[1].location,
            "peer \(quoted(pair[0].name)) and peer \(quoted(pair[1].name)) cannot reach each other: neither has an "
                + "address that the other could send to\(more)",
            hint: "name a peer that both can reach: `relays: [NAME]`")
    }
}
