import Addresses
import Diagnostics
import MeshFiles

/// No overlay address belongs to two peers, declared or allocated.
enum DuplicateAddresses: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        var owners: [IPAddress: (name: String, location: SourceLocation)] = [:]
        owners.reserveCapacity(2 * input.mesh.peers.count)
        var findings: [Diagnostic] = []
        for peer in input.mesh.peers {
            for address in addresses(of: peer, input.lock) {
                guard let other = owners[address.value] else {
                    owners[address.value] = (peer.name, address.location)
                    continue
                }
                findings.append(
                    Diagnostic(
                        .overlappingAddress, at: max(address.location, other.location),
                        "peer \(quoted(other.name)) and peer \(quoted(peer.name)) share "
                            + IPPrefix.host(address.value).description,
                        hint: "run `hauberk set \(peer.name) --address auto`, or change one of them"))
            }
        }
        return findings
    }

    private static func addresses(of peer: DeclaredPeer, _ lock: LockFile?) -> [Located<IPAddress>] {
        let allocated = lock?.peers[peer.name]?.addresses ?? []
        return peer.addresses
            + allocated.filter { address in !peer.addresses.contains { $0.value.family == address.family } }
            .map { Located($0, peer.location) }
    }
}
