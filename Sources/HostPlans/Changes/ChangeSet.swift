/// All that would change between what hosts have and what their mesh says.
package struct ChangeSet: Sendable {
    /// The flows, or why they cannot be told.
    package enum Flows: Sendable {
        case told([FlowChange])
        case unknown(String)
    }

    /// A connection or session that a change ends.
    package struct Cut: Sendable, Hashable {
        package enum Cause: String, Sendable {
            case privateKey = "private-key"
            case address
            case port
            case interface
            case removed
            case flows
        }

        /// Nil for what is not about one host.
        package let host: String?
        package let cause: Cause
        package let words: String
    }

    /// In the natural order of names; hosts without a change are left out.
    package let hosts: [HostChange]
    /// How many hosts were compared.
    package let compared: Int
    package let flows: Flows

    package init(hosts: [HostChange], compared: Int, flows: Flows) {
        self.hosts = hosts
        self.compared = compared
        self.flows = flows
    }

    package var isEmpty: Bool { hosts.isEmpty && flowChanges.isEmpty }

    /// Those that are known.
    package var flowChanges: [FlowChange] {
        if case .told(let changes) = flows { return changes }
        return []
    }

    /// Who has to take something: new hosts and changed ones.
    package var online: Int { hosts.count { $0.kind != .removed } }

    /// What ends when the changes are made, host by host.
    package var cuts: [Cut] {
        var result = hosts.flatMap(Self.cuts)
        let closing = flowChanges.count { $0.direction == .closes }
        if closing > 0 {
            let what = closing == 1 ? "the flow that closes ends" : "the flows that close end"
            result.append(Cut(host: nil, cause: .flows, words: "what is open on \(what) with the next packet"))
        }
        return result
    }

    private static func cuts(of host: HostChange) -> [Cut] {
        if host.kind == .removed {
            return [Cut(host: host.name, cause: .removed, words: "no host knows it any more: every session of it ends")]
        }
        var cuts: [Cut] = []
        if host.privateKey == .changed {
            cuts.append(
                Cut(host: host.name, cause: .privateKey, words: "its key changes: every session of it ends"))
        }
        for setting in host.settings where !setting.from.isEmpty {
            switch setting.field {
            case .addresses where !Set(setting.from).isSubset(of: setting.to):
                cuts.append(
                    Cut(host: host.name, cause: .address, words: "connections to and from its old addresses end"))
            case .port:
                let words = "it listens elsewhere: nobody reaches it who has the old port"
                cuts.append(Cut(host: host.name, cause: .port, words: words))
            default: continue
            }
        }
        let moved = host.files.filter { $0.role == .interface && $0.kind == .removed }
        if !moved.isEmpty, host.files.contains(where: { $0.role == .interface && $0.kind == .added }) {
            let words = "its interface gets another name: every session of it ends"
            cuts.append(Cut(host: host.name, cause: .interface, words: words))
        }
        return cuts
    }
}
