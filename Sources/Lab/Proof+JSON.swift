extension ProofReport {
    /// A stable contract: one object; keys are never renamed, only added. Ends in a newline.
    ///
    /// `hosts` and `pairs` are those of the last run; `runs` has one object for each dialect.
    package var json: String {
        guard let last = runs.last else { return "{\"asDeclared\": false, \"runs\": []}\n" }
        let body = last.report.json.dropFirst("{\n  \"asDeclared\": ".count).drop { $0 != "," }
        let own = body.dropLast("\n}\n".count)
        let all = runs.map { "    " + ProofReport.json(of: $0) }.joined(separator: ",\n")
        return "{\n  \"asDeclared\": \(isAsDeclared)\(own),\n  \"runs\": [\n\(all)\n  ]\n}\n"
    }

    private static func json(of run: ProofRun) -> String {
        let head =
            "{\"firewall\": \(jsonString(run.dialect)), \"asDeclared\": \(run.report.isAsDeclared), "
            + "\"milliseconds\": \(run.report.milliseconds), \"flows\": \(run.flowCount), "
            + "\"different\": \(run.differenceCount)"
        guard let (plan, results) = run.flows else { return head + "}" }
        let differences = results.differences.map { json(of: $0, plan) }.joined(separator: ",\n      ")
        let unproven = results.unproven.map { jsonString(plan.ways[$0].text) }.joined(separator: ", ")
        let ways = zip(plan.ways, results.ways).map { json(of: $0, $1) }.joined(separator: ",\n      ")
        return head + ",\n     \"differences\": [\n      \(differences)],\n     \"unproven\": [\(unproven)],\n     "
            + "\"problems\": \(jsonArray(results.problems)),\n     \"wires\": \(json(of: results.wires)),\n     "
            + "\"ways\": [\n      \(ways)]}"
    }

    private static func json(of difference: LabDifference, _ plan: LabFlowPlan) -> String {
        let way = plan.ways[difference.way]
        let subject = way.subjects[difference.subject]
        return "{\(ends(of: way)), \"flow\": \(jsonString(subject.text)), \"allowed\": \(subject.isAllowed), "
            + "\"because\": \(jsonString(plan.reasons[subject.reason])), \"seen\": \(jsonString(difference.note))}"
    }

    /// What was reached, flow by flow, and how many flows were not.
    private static func json(of way: LabWay, _ result: LabWayResult) -> String {
        let reached = zip(way.subjects, result.seen).filter { $0.1.gotThrough }.map(\.0.text)
        return "{\(ends(of: way)), \"control\": \"\(result.control.rawValue)\", \"asked\": \(way.subjects.count), "
            + "\"reached\": \(jsonArray(reached))}"
    }

    private static func ends(of way: LabWay) -> String {
        "\"plane\": \"\(way.plane.rawValue)\", \"sender\": \"\(way.sender.rawValue)\", "
            + "\"from\": \(jsonString(way.from)), \"to\": \(jsonString(way.to)), "
            + "\"source\": \(jsonString(way.source)), \"target\": \(jsonString(way.target))"
    }

    private static func json(of wires: LabWireResult) -> String {
        let head =
            "{\"frames\": \(wires.frames), \"wireGuard\": \(wires.wireGuard), \"missed\": \(wires.missed), "
            + "\"plaintext\": \(wires.secrets), \"strange\": \(jsonArray(wires.strange)), \"marker\": "
        guard let marker = wires.marker else { return head + "null}" }
        return head + "{\"seenWithMeshOff\": \(marker.offSeen), \"seenWithMeshOn\": \(marker.onSeen), "
            + "\"answeredWithMeshOn\": \(marker.onAnswered), \"answeredBesideTunnel\": \(marker.plainAnswered), "
            + "\"seenBesideTunnel\": \(marker.plainSeen), "
            + "\"counted\": \(marker.isCounted.map(String.init) ?? "null")}}"
    }
}
