import Delivery
import Diagnostics
import MeshFiles

/// Who is in the stage of a rotation, by what hosts have answered to a push.
struct StageAnswers {
    /// Those that have this stage's files, and have heard all their peers.
    private(set) var ready: [String] = []
    /// What is to be said of others that have the files.
    private(set) var notes: [String] = []

    /// - Parameter name: that of the peer that has a public key; nil for nobody's.
    init(_ deliveries: [HostDelivery], name: (String) -> String?) {
        for delivery in deliveries where delivery.outcome.isCaughtUp {
            guard let waiting = delivery.waiting else {
                notes.append("\(delivery.peer): its answer was lost; push again, to know whether it is in the stage")
                continue
            }
            if waiting.isEmpty {
                ready.append(delivery.peer)
            } else {
                let names = waiting.map { name($0) ?? escaped($0) }.joined(separator: ", ")
                notes.append("\(delivery.peer): no answer on its next interface from \(names)")
            }
        }
    }
}

extension HostDelivery {
    /// Public keys of the peers that the host has not heard on the interface that packets are to take; nil when its
    /// answer was lost, or is not one of `apply`'s.
    fileprivate var waiting: [String]? {
        guard let said = answer.flatMap(JSONValue.init(parsing:)), case .list(let keys) = said["waiting"] else {
            return nil
        }
        let texts = keys.compactMap { key in
            if case .text(let text) = key { text } else { nil }
        }
        return texts.count == keys.count ? texts : nil
    }
}

extension LockFile {
    /// Whether hosts' files come from the same by both: nobody has taken a rotation further meanwhile, or ended it.
    func isSameStep(as other: LockFile) -> Bool { withoutReady == other.withoutReady }

    /// Everything that the hosts' files come from.
    private var withoutReady: LockFile {
        var lock = self
        lock.ledger = nil
        for (name, peer) in peers where peer.progress == .ready { lock.peers[name]?.progress = nil }
        return lock
    }
}
