import Addresses
import Diagnostics

/// A private address lies in one of the networks that its site declares.
enum SiteAddresses: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        input.mesh.peers.flatMap { peer -> [Diagnostic] in
            guard let site = peer.site.map({ input.mesh.sites[$0] }), !site.networks.isEmpty else { return [] }
            return peer.privateAddresses.compactMap { address in
                let ofFamily = site.networks.filter { $0.value.family == address.value.family }
                if ofFamily.isEmpty || ofFamily.contains(where: { $0.value.contains(address.value) }) { return nil }
                return Diagnostic(
                    .addressOutsideSite, at: address.location,
                    "the private address \(address.value) of peer \(quoted(peer.name)) lies outside of "
                        + ofFamily.map(\.value.description).joined(separator: " and ")
                        + ", the network of the site \(quoted(site.name))")
            }
        }
    }
}
