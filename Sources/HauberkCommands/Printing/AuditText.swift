import Addresses
import MeshModel
import Sockets

/// A peer with what the audit says of it.
struct AuditedPeer {
    let name: String
    let rows: [AuditRow]

    var hasFindings: Bool { rows.contains { !$0.findings.isEmpty } }

    var entries: [AuditEntry] { rows.map { AuditEntry(name, $0) } }
}

/// The audit for people: every socket in a table, then each finding with what to change.
struct AuditText {
    private let peers: [AuditedPeer]

    init(_ peers: [AuditedPeer]) { self.peers = peers }

    var text: String {
        var table = Table(["PEER", "PORT", "BOUND TO", "PROGRAM", "SERVICE", "FIREWALL", "VERDICT"])
        for peer in peers {
            for row in peer.rows {
                table.append([
                    peer.name, row.ports.description, row.sockets.map(\.bound.description).joined(separator: " "),
                    row.programs.joined(separator: " "), Self.service(row), row.reach.description, Self.verdict(row),
                ])
            }
        }
        return table.text + details + summary
    }

    private static func service(_ row: AuditRow) -> String {
        guard let service = row.service, let exposure = row.exposure else { return "" }
        return "\(service) (\(exposure.rawValue))"
    }

    private static func verdict(_ row: AuditRow) -> String {
        if !row.findings.isEmpty { return row.findings.map(\.problem.rawValue).joined(separator: ", ") }
        return row.standing == .declared ? "ok" : "ok: \(row.standing.rawValue)"
    }

    private var details: String {
        var text = ""
        for peer in peers {
            for row in peer.rows {
                for finding in row.findings {
                    text += "\n\(peer.name) \(row.ports): \(finding.message) [\(finding.problem.rawValue)]\n"
                    for hint in finding.hints { text += "  \(hint)\n" }
                }
            }
        }
        return text
    }

    private var summary: String {
        peers.reduce(into: "\n") { text, peer in
            let findings = peer.rows.reduce(0) { $0 + $1.findings.count }
            let sockets = peer.rows.reduce(0) { $0 + $1.sockets.count }
            text += "\(peer.name): \(sockets) listening, "
            text += findings == 0 ? "all as declared\n" : "\(findings) finding\(findings == 1 ? "" : "s")\n"
        }
    }
}

/// A port of a peer as `audit --json` has it; the names and words are stable.
struct AuditEntry: Encodable {
    struct Finding: Encodable {
        let problem: String
        let message: String
        let hints: [String]
    }

    let peer: String
    /// `tcp` or `udp`.
    let transport: String
    /// One number, or `LOW-HIGH` for a service of many ports of which none listens.
    let ports: String
    /// As ss writes them; empty when nothing listens.
    let bound: [String]
    let programs: [String]
    let service: String?
    let exposure: String?
    let standing: String
    /// Nil where the firewall has nothing to close; empty when it closes the port.
    let openTo: [String]?
    let findings: [Finding]

    init(_ peer: String, _ row: AuditRow) {
        self.peer = peer
        transport = row.ports.transport.rawValue
        ports = row.ports.range.description
        bound = row.sockets.map(\.bound.description)
        programs = row.programs
        service = row.service
        exposure = row.exposure?.rawValue
        standing = row.standing.rawValue
        openTo =
            switch row.reach {
            case .none: nil
            case .closed: []
            case .open(let names): names
            }
        findings = row.findings.map { Finding(problem: $0.problem.rawValue, message: $0.message, hints: $0.hints) }
    }
}

extension AuditRow {
    /// Sorted, each once.
    fileprivate var programs: [String] { Set(sockets.flatMap(\.programs)).sorted() }
}
