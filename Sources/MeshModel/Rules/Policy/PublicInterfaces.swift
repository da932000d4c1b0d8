import Diagnostics

/// Where hosts have a private network besides the public one, their site says which interface is public.
enum PublicInterfaces: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let view = input.policy, view.policy.guardDeclaration.plaintext != .off else { return [] }
        var publishers = PeerBits(capacity: view.enabled.count)
        for bits in view.published { publishers = publishers.union(bits) }
        return view.mesh.sites.enumerated().compactMap { index, site in
            if site.publicInterface != nil { return nil }
            let hosts = PeerBits(capacity: view.enabled.count) { bit in
                let peer = view.mesh.peers[view.enabled[bit]]
                return publishers.contains(bit) && peer.site == index && !peer.privateAddresses.isEmpty
            }
            if hosts.isEmpty { return nil }
            return Diagnostic(
                .publicEverywhere, at: site.location,
                "the site \(quoted(site.name)) names no public interface: what is public on "
                    + "\(HostList.text(hosts, view)) is open on the private network too",
                hint: "write `\(site.name): {public-interface: eth0}`")
        }
    }
}
