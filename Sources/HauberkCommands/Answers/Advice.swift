import Addresses
import Diagnostics
import MeshModel

/// What to write into the mesh file, or to take out of it, so that a flow's answer is the other one.
struct Advice {
    /// One way to do it, or a part of one; all that ``closing(_:)`` gives have to be done.
    struct Change: Hashable {
        enum Action: String {
            case add, remove, change
        }

        let action: Action
        /// Where: a field at the top of the mesh file.
        let field: String
        /// The line as the mesh file is to have it; for `remove` what goes.
        let line: String
        /// What is there now; nil for what is new.
        let location: SourceLocation?

        /// For people.
        var text: String {
            switch action {
            case .add: return "add to \(field):  \(line)"
            case .remove: return "remove \(line)\(location.map { " (\($0))" } ?? "")"
            case .change: return "change \(location.map { "\($0)" } ?? field) to  \(line)"
            }
        }
    }

    let mesh: DeclaredMesh
    let question: Question

    /// Seconds since 1970.
    let moment: Int64

    init(_ mesh: DeclaredMesh, _ question: Question, at moment: Int64) {
        self.mesh = mesh
        self.question = question
        self.moment = moment
    }

    var from: String { word(question.from) }
    var to: String { word(question.to) }

    /// An end as a rule names it.
    private func word(_ end: AskedEnd) -> String {
        switch end.end {
        case .peer(let peer): return mesh.peers[peer].name
        case .address(let address): return IPPrefix.host(address).description
        case .anyone: return NameRule.anyone
        }
    }

    /// Everything that allows the flows, each once: all of it has to go to deny them.
    func granting(_ flows: [Flow], _ oracle: PolicyOracle) -> [Verdict] {
        var result: [Verdict] = []
        for flow in flows {
            // A policy without what has granted the flow says what else does.
            var rest = mesh
            while true {
                let verdict = PolicyOracle(rest, topology: oracle.topology, moment: oracle.moment).verdict(for: flow)
                guard verdict.isAllowed, result.count < 64 else { break }
                if !result.contains(verdict) { result.append(verdict) }
                guard case .rule(let index) = verdict.reason else { break }
                rest.policy?.rules[index].services = []
            }
        }
        return result
    }

    /// When what grants a flow ends; nil for never.
    func until(_ verdict: Verdict) -> Int64? {
        guard case .rule(let index) = verdict.reason else { return nil }
        return mesh.policy?.rules[index].until?.value
    }

    /// Whether the firewall of a host on the way, as hauberk writes it, judges the flow.
    var isEnforced: Bool {
        let ends = [question.from, question.to]
        var judges = ends.compactMap { end -> Int? in
            switch end.end {
            case .peer(let peer): return peer
            case .address, .anyone:
                if case .behind(let gateway) = end.place { return gateway }
                return nil
            }
        }
        if question.plane == .underlay, case .peer(let peer) = question.from.end, !isMember(question.from) {
            judges.removeAll { $0 == peer }
        }
        return judges.contains { mesh.firewall(of: mesh.peers[$0]) != .none }
    }

    private func isMember(_ end: AskedEnd) -> Bool { end.place != .outside }
}
