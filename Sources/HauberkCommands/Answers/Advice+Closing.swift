import Diagnostics
import MeshModel

/// What takes an allowed flow away.
extension Advice {
    /// What to do about one of the things that allow a flow; empty when nothing can be done in the mesh file.
    func closing(_ verdict: Verdict) -> [Change] {
        guard let policy = mesh.policy else {
            return [Change(action: .add, field: "allow", line: "allow: []", location: nil)]
        }
        let place = VerdictWords(mesh).location(verdict.reason)
        switch verdict.reason {
        case .rule(let index): return [closing(policy.rules[index])]
        case .published(let service): return closing(policy.services[service])
        case .rescue:
            return [
                Change(action: .remove, field: "guard", line: "rescue: the way in when all else fails", location: place)
            ]
        case .exception: return [Change(action: .remove, field: "guard", line: "the exception", location: place)]
        case .icmp:
            let plane = question.plane == .underlay ? "underlay" : "overlay"
            return [Change(action: .add, field: "icmp", line: "\(plane): none", location: nil)]
        case .exit(let index):
            let users = policy.exits[index].users
            return [
                without(
                    question.from, users, field: "exits", key: "for", whole: "the exit", policy.exits[index].location)
            ]
        case .unguarded where question.to.place != .outside && isJudged(question.to):
            return [
                Change(
                    action: place == nil ? .add : .change, field: "guard", line: "plaintext: reject", location: place)
            ]
        default: return []
        }
    }

    private func isJudged(_ end: AskedEnd) -> Bool {
        if case .peer = end.end { return true }
        return false
    }

    private func closing(_ rule: AllowRule) -> Change {
        without(question.from, rule.from, field: "allow", key: "from", whole: "the rule", rule.location)
    }

    /// The set without one end: narrower, or nothing when it is all that there was.
    private func without(
        _ end: AskedEnd, _ set: Located<SetExpression>, field: String, key: String, whole: String,
        _ place: SourceLocation
    ) -> Change {
        guard case .peer(let peer) = end.end, set.value != .peer(peer), set.value.networks(in: mesh).isEmpty else {
            return Change(action: .remove, field: field, line: whole, location: place)
        }
        let rest = SetExpression.except(set.value, .peer(peer)).text(in: mesh)
        return Change(action: .change, field: field, line: "\(key): \(rest)", location: set.location)
    }

    private func closing(_ service: Service) -> [Change] {
        guard case .peer(let peer) = question.to.end else { return [] }
        return service.exposures.filter { $0.exposure == .public && $0.covers(peer, in: mesh) }.map { exposure in
            Change(
                action: .change, field: "services", line: "\(exposure.on.text(in: mesh)): private",
                location: exposure.location)
        }
    }
}
