import Delivery
import Diagnostics

/// What a push has come to; names and words of its JSON stay the same from version to version.
struct PushReport: Encodable {
    let mesh: String
    let hosts: [Host]
    /// Why hosts were not begun; nil when all were.
    let stopped: String?

    struct Host: Encodable {
        let peer: String
        let address: String?
        let outcome: String
        let message: String?
        /// What has done it there: `the installed hauberk`, `this hauberk`, `the script`, or the file of --binary.
        let half: String?
        /// What `apply` answered there.
        let answer: JSONValue?
    }

    private let deliveries: [HostDelivery]

    private enum CodingKeys: CodingKey { case mesh, hosts, stopped }

    init(mesh: String, deliveries: [HostDelivery], stopped: String?) {
        self.mesh = mesh
        self.deliveries = deliveries
        self.stopped = stopped
        hosts = deliveries.map { delivery in
            Host(
                peer: delivery.peer, address: delivery.address, outcome: delivery.outcome.rawValue,
                message: delivery.message, half: delivery.half,
                answer: delivery.answer.flatMap(JSONValue.init(parsing:)))
        }
    }

    /// The hosts that are not caught up, and how many have ended how.
    var text: String {
        var table = Table(["HOST", "OUTCOME", "WHY"])
        let behind = deliveries.filter { !$0.outcome.isCaughtUp }
        for delivery in behind {
            table.append([delivery.peer, delivery.outcome.rawValue, escaped(delivery.message ?? "")])
        }
        let counts = HostDelivery.Outcome.allCases.compactMap { outcome -> String? in
            let count = deliveries.count { $0.outcome == outcome }
            return count == 0 ? nil : "\(count) \(outcome.rawValue)"
        }
        let summary = counts.isEmpty ? "nobody is behind" : counts.joined(separator: ", ")
        let unstarted = deliveries.filter { $0.outcome == .new && !$0.unstarted.isEmpty }.map(\.peer)
        let names = unstarted.joined(separator: ", ")
        let reboot = unstarted.isEmpty ? "" : "no systemd starts the tunnel at boot on \(names)\n"
        let stop = stopped.map { "\nnobody else was begun: \($0)" } ?? ""
        return (behind.isEmpty ? "" : table.text + "\n") + reboot
            + "\(mesh): of \(deliveries.count) host\(deliveries.count == 1 ? "" : "s"): \(summary)\(stop)"
    }

    var status: ExitStatus {
        let behind = deliveries.filter { !$0.outcome.isCaughtUp }
        if behind.isEmpty { return .done }
        return behind.allSatisfy { $0.outcome == .unreachable } ? .hostUnreachable : .no
    }
}

/// What the record of deliveries knows; its JSON stays the same from version to version.
struct PushStatus: Encodable {
    let mesh: String
    let hosts: [Host]

    struct Host: Encodable {
        let peer: String
        let caughtUp: Bool
        /// When it last acknowledged a tree, UTC.
        let acknowledged: String?
        let answer: JSONValue?
        let last: DeliveryRecord.Attempt?
    }

    init(mesh: String, standings: [PushSession.Standing]) {
        self.mesh = mesh
        hosts = standings.map { standing in
            Host(
                peer: standing.record.peer, caughtUp: standing.isCaughtUp, acknowledged: standing.record.acknowledged,
                answer: standing.record.answer, last: standing.record.last)
        }
    }

    var text: String {
        var table = Table(["HOST", "STANDS", "ACKNOWLEDGED", "LAST PUSH"])
        for host in hosts {
            let last = host.last.map { last in last.outcome + (last.message.map { ": \(escaped($0))" } ?? "") } ?? ""
            table.append([host.peer, host.caughtUp ? "caught up" : "behind", host.acknowledged ?? "", last])
        }
        let behind = hosts.count { !$0.caughtUp }
        return table.text + "\n\(mesh): \(behind) of \(hosts.count) hosts are behind"
    }
}

extension HostDelivery {
    /// Interfaces that came to the host for the first time, and that nothing there starts at boot.
    fileprivate var unstarted: [String] { answer.flatMap(JSONValue.init(parsing:))?["unstarted"]?.texts ?? [] }
}
