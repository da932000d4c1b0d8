import Addresses
package import Diagnostics

/// What decides a flow, in words for people.
package struct VerdictWords: Sendable {
    private let mesh: DeclaredMesh

    package init(_ mesh: DeclaredMesh) { self.mesh = mesh }

    /// One side of a flow in a sentence.
    package func name(_ end: FlowEnd) -> String {
        if case .peer(let peer) = end { return quoted(mesh.peers[peer].name) }
        return bare(end)
    }

    /// One side of a flow as a command takes it.
    package func bare(_ end: FlowEnd) -> String {
        switch end {
        case .peer(let peer): return mesh.peers[peer].name
        case .address(let address): return address.description
        case .anyone: return NameRule.anyone
        }
    }

    /// The end of a sentence about a flow on a plane.
    package func way(_ plane: Plane) -> String {
        switch plane {
        case .overlay: return "through the mesh"
        case .underlay: return "on the underlay"
        case .forward: return "through a gateway"
        }
    }

    /// Where the mesh file says what decides; nil for a default that no line says.
    package func location(_ reason: Verdict.Reason) -> SourceLocation? {
        guard let policy = mesh.policy else { return nil }
        switch reason {
        case .rule(let rule), .expired(let rule), .notExposed(let rule, _): return policy.rules[rule].location
        case .published(let service): return policy.services[service].location
        case .rescue: return policy.guardDeclaration.rescue?.location
        case .exception(let index): return policy.guardDeclaration.exceptions[index].location
        case .exit(let index): return policy.exits[index].location
        case .unguarded(let mode):
            // What a host begins with strangers is never judged, whatever the guard says.
            let declared = policy.guardDeclaration
            return declared.plaintext == mode ? declared.plaintextLocation : nil
        case .wireGuard, .icmp, .noPolicy, .itself, .defaultDeny, .noRoute, .plaintext: return nil
        }
    }

    /// A clause for the end of a sentence.
    package func reason(_ verdict: Verdict) -> String {
        let place = location(verdict.reason).map(\.description) ?? ""
        switch verdict.reason {
        case .rule: return "the rule at \(place) allows it"
        case .published(let service): return "\(called(service)) is public there (\(place))"
        case .wireGuard: return "it is WireGuard itself"
        case .rescue: return "it is the rescue path (\(place))"
        case .exception(let index):
            let why = mesh.policy.map { quoted($0.guardDeclaration.exceptions[index].reason.description) } ?? ""
            return "an exception of the guard lets it through (\(place)): \(why)"
        case .icmp: return "pings are \(verdict.isAllowed ? "answered" : "left unanswered") there"
        case .exit(let index):
            let gateway = mesh.policy.map { mesh.peers[$0.exits[index].via.value].name } ?? ""
            return "\(quoted(gateway)) is its exit (\(place))"
        case .unguarded(.log): return "the guard only watches (\(place))"
        case .unguarded:
            return place.isEmpty ? "what a host begins with strangers is its own affair" : "the guard is off (\(place))"
        case .noPolicy: return "the mesh has no policy"
        case .itself: return "it does not leave the host, or what is behind it"
        case .defaultDeny: return "nothing allows it"
        case .notExposed(_, let number):
            return "the rule at \(place) would allow it, but \(called(number)) is not exposed there"
        case .expired(let rule):
            let until = mesh.policy?.rules[rule].until?.value ?? 0
            return "the rule at \(place) has ended at \(MomentText.text(until))"
        case .noRoute: return "the topology gives the two no way to each other"
        case .plaintext: return "hosts of the mesh exchange no plaintext"
        }
    }

    private func called(_ index: Int) -> String { mesh.policy.map { quoted($0.services[index].name) } ?? "" }
}
