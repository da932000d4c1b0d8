import Addresses
import Diagnostics

/// No two peers listen on the same address and port of the same network.
enum DuplicateEndpoints: Rule {
    private struct Key: Hashable {
        /// Nil for public addresses.
        let site: Int?
        let address: IPAddress
        let port: Port
    }

    static func findings(in input: RuleInput) -> [Diagnostic] {
        var owners: [Key: DeclaredPeer] = [:]
        owners.reserveCapacity(2 * input.enabled.count)
        var findings: [Diagnostic] = []
        for peer in input.enabled.lazy.map({ input.mesh.peers[$0] }) {
            let port = peer.overrides.port ?? input.mesh.wireGuard.port
            let keys =
                peer.privateAddresses.map { (Key(site: peer.site, address: $0.value, port: port), $0.location) }
                + peer.publicAddresses.map { (Key(site: nil, address: $0.value, port: port), $0.location) }
            for (key, location) in keys {
                guard let other = owners.updateValue(peer, forKey: key), other.name != peer.name else { continue }
                findings.append(
                    Diagnostic(
                        .duplicateEndpoint, at: location,
                        "peer \(quoted(other.name)) and peer \(quoted(peer.name)) both listen at "
                            + Endpoint(host: .address(key.address), port: key.port).description,
                        hint: "correct the address, or give one of them another `port:`"))
            }
        }
        return findings
    }
}
