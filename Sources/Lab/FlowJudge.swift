import Glibc

/// Holds what was seen of flows against what was declared.
struct FlowJudge: Sendable {
    let plan: LabFlowPlan
    let machines: FlowMachines
    /// Every flow of the plan, after it was asked.
    let questions: [FlowQuestion]
    /// Those of the ways on which nothing was reached, asked with the rules gone.
    let controls: [FlowQuestion]

    func results(_ wires: LabWireResult, _ problems: [String], _ milliseconds: Int) -> LabFlowResults {
        var seen = plan.ways.map { [LabSight](repeating: .unasked, count: $0.subjects.count) }
        var differences: [LabDifference] = []
        for question in questions {
            let way = plan.ways[question.way]
            let sight = sight(of: question, way)
            seen[question.way][question.subject] = sight
            let isAsDeclared = question.isExpected ? sight == .reached : !sight.gotThrough && sight != .unasked
            if !isAsDeclared {
                differences.append(
                    LabDifference(way: question.way, subject: question.subject, note: note(question, sight, way)))
            }
        }
        differences.sort { ($0.way, $0.subject) < ($1.way, $1.subject) }
        let ways = seen.enumerated().map { LabWayResult(seen: $1, control: control(of: $0, $1)) }
        return LabFlowResults(
            ways: ways, differences: differences, wires: wires, problems: problems, milliseconds: milliseconds)
    }

    private func sight(of question: FlowQuestion, _ way: LabWay) -> LabSight {
        if question.attempts == 0 { return .unasked }
        if question.isReached(by: way.sender) {
            guard let seenAs = way.seenAs, let arrival = question.arrival else { return .reached }
            return NumericAddress(seenAs) == arrival.source ? .reached : .otherSource
        }
        if question.arrival != nil { return .arrived }
        if case .refused = question.outcome { return .refused }
        return .silent
    }

    private func note(_ question: FlowQuestion, _ sight: LabSight, _ way: LabWay) -> String {
        var words: [String] = []
        if let arrival = question.arrival {
            let machine = machines.list[arrival.machine].name
            words.append("it arrived at \(machine), from \(arrival.source)")
        } else if sight == .reached {
            words.append("it was answered")
        }
        if case .refused(let code) = question.outcome { words.append(String(cString: strerror(code))) }
        if sight == .silent { words.append("no answer, and it did not arrive") }
        if sight == .arrived, way.sender == .own { words.append("no answer came back") }
        return words.joined(separator: "; ")
    }

    private func control(of way: Int, _ seen: [LabSight]) -> LabControl {
        if seen.contains(.reached) { return .open }
        guard let control = controls.first(where: { $0.way == way }) else { return .none }
        if control.isReached(by: plan.ways[way].sender) { return .open }
        return control.isExpected ? .closed : .none
    }
}
