import Addresses
import Diagnostics

/// The mesh's prefixes and routed networks overlap no site's underlay, but for a gateway's own site.
enum UnderlayOverlaps: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for prefix in input.mesh.prefixes {
            findings += overlaps(prefix, "the mesh", input) { _ in false }
        }
        for peer in input.mesh.peers where !peer.isDisabled {
            for route in peer.routes {
                findings += overlaps(route, "the networks behind peer \(quoted(peer.name))", input) { $0 == peer.site }
            }
        }
        return findings
    }

    private static func overlaps(
        _ prefix: Located<IPPrefix>, _ owner: String, _ input: RuleInput, except isOwn: (Int) -> Bool
    ) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for (index, site) in input.mesh.sites.enumerated() where !isOwn(index) {
            for network in site.networks where network.value.overlaps(prefix.value) {
                findings.append(
                    Diagnostic(
                        .underlayOverlap, at: prefix.location,
                        "\(prefix.value) of \(owner) overlaps \(network.value), the network of the site "
                            + quoted(site.name)))
            }
        }
        return findings
    }
}
