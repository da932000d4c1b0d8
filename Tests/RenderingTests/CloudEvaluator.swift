import Addresses
import Foundation
import MeshModel
import Testing

/// Cloud Firewalls as the cloud takes them: a packet passes when a firewall of the source lets it out and one of the
/// destination lets it in; who has none is not held back.
struct CloudEvaluator {
    /// One address of a peer, or of a stranger.
    struct End {
        let peer: Int?
        let address: IPAddress
        let side: UnderlaySide
        let flowEnd: FlowEnd
    }

    let ends: [End]
    private let bodies: [[String: Any]]
    private let mesh: Mesh

    static let subjects: [FlowSubject] =
        [.echo]
        + Transport.allCases.flatMap { transport in
            [1, 21, 22, 23, 53, 79, 80, 81, 442, 443, 444, 3_306, 9_100, 51_819, 51_820, 51_821, 65_535]
                .compactMap { Port($0) }.map { .port(transport, $0) }
        }

    init(_ bodies: [[String: Any]], _ mesh: Mesh) throws {
        self.bodies = bodies
        self.mesh = mesh
        var ends: [End] = []
        for (index, peer) in mesh.peers.enumerated() {
            let end = FlowEnd.peer(mesh.declaredIndices[index])
            for (side, addresses) in [
                (UnderlaySide.private, peer.declared.privateAddresses), (.public, peer.declared.publicAddresses),
            ] {
                ends += addresses.map { End(peer: index, address: $0.value, side: side, flowEnd: end) }
            }
        }
        for text in ["198.51.100.9", "10.132.15.9"] {
            let address = try IPAddress(parsing: text)
            ends.append(End(peer: nil, address: address, side: .public, flowEnd: .address(address)))
        }
        self.ends = ends
    }

    func allows(_ from: End, _ to: End, _ subject: FlowSubject) -> Bool {
        guard let peer = to.peer else { return false }
        if let source = from.peer, !leaves(source, to: to.address, subject) { return false }
        return rules(of: peer, "inbound_rules").contains { holds($0, "sources", from.address, subject) }
    }

    func leaves(_ peer: Int, to address: IPAddress, _ subject: FlowSubject) -> Bool {
        rules(of: peer, "outbound_rules").contains { holds($0, "destinations", address, subject) }
    }

    /// The tags as the documents say that they are given.
    private func tags(of peer: Int) -> Set<String> {
        let base = "hauberk-\(mesh.name)"
        let declared = mesh.peers[peer].declared
        return Set([base, "\(base)::\(declared.name)"] + declared.groups.map { "\(base)-\(mesh.groups[$0].name)" })
    }

    private func rules(of peer: Int, _ list: String) -> [[String: Any]] {
        let tags = tags(of: peer)
        return bodies.filter { !tags.isDisjoint(with: $0["tags"] as? [String] ?? []) }
            .flatMap { $0[list] as? [[String: Any]] ?? [] }
    }

    private func holds(_ rule: [String: Any], _ side: String, _ address: IPAddress, _ subject: FlowSubject) -> Bool {
        switch subject {
        case .echo: if rule["protocol"] as? String != "icmp" { return false }
        case .port(let transport, let port):
            guard rule["protocol"] as? String == transport.rawValue, let ports = rule["ports"] as? String else {
                return false
            }
            if ports != "0", (try? PortRange(parsing: ports))?.contains(port) != true { return false }
        }
        let ends = rule[side] as? [String: [String]] ?? [:]
        let owner = mesh.peers.indices.first { index in
            let declared = mesh.peers[index].declared
            return (declared.privateAddresses + declared.publicAddresses).contains { $0.value == address }
        }
        if let owner, !tags(of: owner).isDisjoint(with: ends["tags"] ?? []) { return true }
        return (ends["addresses"] ?? []).contains { text in
            if let prefix = try? IPPrefix(parsing: text) { return prefix.contains(address) }
            return (try? IPAddress(parsing: text)) == address
        }
    }
}
