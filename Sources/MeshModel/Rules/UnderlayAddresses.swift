import Addresses
import Diagnostics

/// No address at which a peer is reached on the underlay lies in what is routed into the tunnel.
///
/// The private addresses of a gateway's own site may lie in the network behind it: who uses them is in that site. A
/// declared network of a site that overlaps is reported once, as such, and not again for each address in it.
enum UnderlayAddresses: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        let peers = input.enabled.map { input.mesh.peers[$0] }
        var findings: [Diagnostic] = []
        for peer in peers {
            let networks = peer.site.map { input.mesh.sites[$0].networks } ?? []
            let alone = peer.privateAddresses.filter { address in
                !networks.contains { $0.value.contains(address.value) }
            }
            for address in peer.publicAddresses + alone {
                guard let prefix = input.mesh.prefixes.first(where: { $0.value.contains(address.value) }) else {
                    continue
                }
                findings.append(finding(address, peer, "\(prefix.value) of the mesh"))
            }
        }
        return findings + behindGateways(peers)
    }

    private static func behindGateways(_ peers: [DeclaredPeer]) -> [Diagnostic] {
        let reached = peers.flatMap { peer in peer.publicAddresses.map { (address: $0, peer: peer) } }
            .sorted { $0.address.value < $1.address.value }
        return peers.flatMap { gateway in
            gateway.routes.flatMap { route -> [Diagnostic] in
                let inside = reached[reached.firstIndex(from: route.value.first)...].prefix {
                    route.value.contains($0.address.value)
                }
                return inside.map { address, peer in
                    finding(address, peer, "\(route.value) behind peer \(quoted(gateway.name))")
                }
            }
        }
    }

    private static func finding(_ address: Located<IPAddress>, _ peer: DeclaredPeer, _ place: String) -> Diagnostic {
        Diagnostic(
            .underlayOverlap, at: address.location,
            "the underlay address \(address.value) of peer \(quoted(peer.name)) lies in \(place)")
    }
}

extension [(address: Located<IPAddress>, peer: DeclaredPeer)] {
    /// The index of the first address that is not before the given one.
    fileprivate func firstIndex(from address: IPAddress) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].address.value < address { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
