import Addresses
import Diagnostics

/// A routed network overlaps neither the mesh's prefixes nor a routed network of another peer.
enum OverlappingRoutes: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        var routes: [(prefix: Located<IPPrefix>, peer: DeclaredPeer)] = []
        for peer in input.mesh.peers where !peer.isDisabled {
            for route in peer.routes {
                routes.append((route, peer))
                guard let prefix = input.mesh.prefixes.first(where: { $0.value.overlaps(route.value) }) else {
                    continue
                }
                findings.append(
                    Diagnostic(
                        .overlappingRoute, at: route.location,
                        "the network \(route.value) behind peer \(quoted(peer.name)) overlaps \(prefix.value) of the mesh"
                    ))
            }
        }
        routes.sort { ($0.prefix.value, $0.peer.name) < ($1.prefix.value, $1.peer.name) }
        // A wide prefix can overlap many narrow ones that follow it: each is held against the widest so far.
        var widest = routes.first
        for route in routes.dropFirst() {
            guard let wide = widest else { break }
            if wide.prefix.value.overlaps(route.prefix.value) {
                findings.append(finding(wide, route))
            } else {
                widest = route
            }
        }
        return findings
    }

    private static func finding(
        _ first: (prefix: Located<IPPrefix>, peer: DeclaredPeer),
        _ second: (prefix: Located<IPPrefix>, peer: DeclaredPeer)
    ) -> Diagnostic {
        Diagnostic(
            .overlappingRoute, at: max(first.prefix.location, second.prefix.location),
            "the network \(first.prefix.value) behind peer \(quoted(first.peer.name)) overlaps "
                + "\(second.prefix.value) behind peer \(quoted(second.peer.name))",
            hint: "a prefix can lie behind one peer only")
    }
}
