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
        // By the index of the peer.
        var owners: [Key: Int] = [:]
        owners.reserveCapacity(2 * input.enabled.count)
        var findings: [Diagnostic] = []
        for index in input.enabled {
            let peer = input.mesh.peers[index]
            let keys = input.mesh.ports(of: index).flatMap { port in
                peer.privateAddresses.map { (Key(site: peer.site, address: $0.value, port: port), $0.location) }
                    + peer.publicAddresses.map { (Key(site: nil, address: $0.value, port: port), $0.location) }
            }
            let known = findings.count
            for (key, location) in keys {
                guard let other = owners.updateValue(index, forKey: key), other != index,
                    !findings[known...].contains(where: { $0.location == location })
                else { continue }
                findings.append(
                    Diagnostic(
                        .duplicateEndpoint, at: location,
                        "peer \(quoted(input.mesh.peers[other].name)) and peer \(quoted(peer.name)) both listen at "
                            + Endpoint(host: .address(key.address), port: key.port).description,
                        hint: "correct the address, or give one of them another `port:`"))
            }
        }
        return findings
    }
}
