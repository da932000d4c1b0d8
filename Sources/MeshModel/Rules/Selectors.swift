import Diagnostics

/// What `links`, `hubs` and `relays` name has members, is named once, and can do its part.
enum Selectors: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        var findings = relayPlatforms(input)
        var named = input.mesh.relays
        switch input.mesh.topology {
        case .mesh: break
        case .hub(let hubs): named += hubs
        case .custom(let links):
            named += links.flatMap { [Located($0.first, $0.location), Located($0.second, $0.location)] }
            findings += repeated(links, input)
        }
        for selector in named where !isFilled(selector.value, input) {
            findings.append(
                Diagnostic(
                    .emptySelector, at: selector.location, "\(words(selector.value, input)) stands for no enabled peer")
            )
        }
        return findings
    }

    private static func isFilled(_ selector: Selector, _ input: RuleInput) -> Bool {
        input.enabled.contains { PeerSelection.matches(selector, $0, input.mesh.peers[$0]) }
    }

    private static func words(_ selector: Selector, _ input: RuleInput) -> String {
        switch selector {
        case .all: return "the mesh"
        case .group(let index): return "the group \(quoted(input.mesh.groups[index].name))"
        case .peer(let index): return "the peer \(quoted(input.mesh.peers[index].name))"
        }
    }

    private static func repeated(_ links: [Link], _ input: RuleInput) -> [Diagnostic] {
        var seen: Set<Set<Selector>> = []
        return links.compactMap { link in
            if seen.insert([link.first, link.second]).inserted { return nil }
            return Diagnostic(
                .duplicateLink, at: link.location,
                "\(words(link.first, input)) and \(words(link.second, input)) are linked already")
        }
    }

    private static func relayPlatforms(_ input: RuleInput) -> [Diagnostic] {
        input.topology.relays.compactMap { relay in
            let peer = input.mesh.peers[input.enabled[relay]]
            guard peer.platform == .app else { return nil }
            return Diagnostic(
                .platformField, at: peer.location,
                "peer \(quoted(peer.name)) is of platform app and cannot relay for others", hint: "name another relay")
        }
    }
}
