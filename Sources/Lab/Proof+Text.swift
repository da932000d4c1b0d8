extension ProofReport {
    private static let most = 40

    /// A screen: what each dialect gave, then what is wrong, then the hosts; ends in a line of its own.
    package var text: String {
        var parts: [String] = []
        if runs.contains(where: { $0.flows != nil }) { parts.append(overview) }
        for run in runs {
            let problems = run.problemText(most: ProofReport.most)
            if !problems.isEmpty { parts.append(problems) }
            if let wires = run.wireText { parts.append(wires) }
        }
        // The hosts and pairs are the same mesh's in every dialect: those that are sound are shown once.
        for (index, run) in runs.enumerated() where index == runs.count - 1 || !run.report.isSound {
            parts.append(run.report.text)
        }
        return parts.joined(separator: "\n\n")
    }

    /// Every flow and every pair.
    package var everything: String {
        runs.map { run in run.flowTable + "\n" + run.report.pairTable }.joined(separator: "\n\n")
    }

    private var overview: String {
        var rows = [["rules", "flows", "equal", "different", "unproven", "on the wires", "result", "time"]]
        for run in runs {
            let unproven = run.unprovenCount == 0 ? "0" : "\(run.unprovenCount) ways"
            let tenths = (run.report.milliseconds + 50) / 100
            rows.append([
                run.dialect.isEmpty ? "none" : run.dialect, String(run.flowCount),
                String(run.flowCount - run.differenceCount), String(run.differenceCount), unproven,
                run.report.flows.map { $0.wires.secrets == 0 ? "no plaintext" : "PLAINTEXT" } ?? "-",
                run.report.isAsDeclared ? "as declared" : "NOT as declared", "\(tenths / 10).\(tenths % 10) s",
            ])
        }
        return aligned(rows)
    }
}

extension LabReport {
    /// Whether hosts and pairs are as declared, whatever the flows.
    var isSound: Bool { hosts.allSatisfy(\.problems.isEmpty) && pairs.allSatisfy { $0.verdict == .asDeclared } }
}

extension ProofRun {
    /// The differences, the ways of which nothing is proved, and what went wrong; empty when nothing did.
    fileprivate func problemText(most: Int) -> String {
        guard let (plan, results) = flows else { return "" }
        var lines = results.problems
        if !results.differences.isEmpty {
            var rows = [["plane", "from", "to", "flow", "expected", "because", "seen"]]
            rows += results.differences.prefix(most).map { row(of: $0, plan, results) }
            lines.append(aligned(rows))
            if results.differences.count > most {
                lines.append("and \(results.differences.count - most) more differences; --json has all")
            }
        }
        for way in results.unproven.prefix(most) {
            lines.append("unproven: \(plan.ways[way].text) is closed without any rules too")
        }
        lines += results.wires.strange.prefix(most).map { "on the wire between hosts of the mesh: \($0) frames" }
        if results.wires.missed > 0 { lines.append("the listener missed \(results.wires.missed) frames") }
        if lines.isEmpty { return "" }
        return ([dialect.isEmpty ? "" : "\(dialect):"] + lines).joined(separator: "\n")
    }

    private func row(of difference: LabDifference, _ plan: LabFlowPlan, _ results: LabFlowResults) -> [String] {
        let way = plan.ways[difference.way]
        let subject = way.subjects[difference.subject]
        return [
            way.kind, "\(way.from) \(way.source)", "\(way.to) \(way.target)", subject.text,
            subject.isAllowed ? "allowed" : "denied", plan.reasons[subject.reason], difference.note,
        ]
    }

    /// What was on the wires; nil where nobody listened.
    fileprivate var wireText: String? {
        guard let results = report.flows else { return nil }
        let wires = results.wires
        let first =
            "\(dialect): \(wires.frames) frames on the wires while the flows were asked, "
            + "\(wires.wireGuard) of them WireGuard; queries in plaintext that belong into a tunnel: \(wires.secrets)"
        guard let marker = wires.marker else { return first }
        return first + "\n" + marker.text
    }

    fileprivate var flowTable: String {
        guard let (plan, results) = flows else { return "" }
        var rows = [["plane", "from", "to", "reached", "refused"]]
        for (way, result) in zip(plan.ways, results.ways) {
            let reached = zip(way.subjects, result.seen).filter { $0.1.gotThrough }.map(\.0.text)
            rows.append([
                way.kind, "\(way.from) \(way.source)", "\(way.to) \(way.target)", reached.joined(separator: " "),
                "\(way.subjects.count - reached.count)",
            ])
        }
        return aligned(rows)
    }
}

extension LabMarkerResult {
    /// One line on the query in plaintext.
    var text: String {
        let off = offSeen > 0 ? "seen with the mesh off" : "NOT SEEN with the mesh off"
        let on =
            onAnswered && onSeen == 0 ? "not with it on" : onAnswered ? "SEEN with it on" : "NOT ANSWERED with it on"
        let plain: String
        switch (guarding, plainAnswered) {
        case (.reject, false): plain = "beside the tunnel the guard refuses it"
        case (.reject, true): plain = "BESIDE THE TUNNEL IT PASSES"
        case (_, true):
            plain =
                "beside the tunnel it passes"
                + (isCounted.map { $0 ? ", and is counted" : ", and is NOT COUNTED" } ?? "")
        case (_, false): plain = "BESIDE THE TUNNEL IT IS REFUSED"
        }
        return "a query in plaintext: \(off), \(on); \(plain)"
    }
}
