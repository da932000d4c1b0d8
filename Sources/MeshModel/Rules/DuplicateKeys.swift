import Diagnostics
import MeshFiles

/// No two peers have the same public key.
enum DuplicateKeys: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        var owners: [String: String] = [:]
        owners.reserveCapacity(input.mesh.peers.count)
        var findings: [Diagnostic] = []
        for peer in input.mesh.peers {
            let allotted = input.lock?.peers[peer.name]?.publicKey
            // One that is yet to be made is nobody else's.
            guard let key = peer.publicKey?.value ?? allotted, !key.isEmpty else { continue }
            guard let other = owners.updateValue(peer.name, forKey: key) else { continue }
            findings.append(
                Diagnostic(
                    .sharedKey, at: peer.publicKey?.location ?? peer.location,
                    "peer \(quoted(other)) and peer \(quoted(peer.name)) have the same public key",
                    hint: "give one of them a key pair of its own"))
        }
        return findings
    }
}
