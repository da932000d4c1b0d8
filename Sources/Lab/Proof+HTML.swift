extension ProofReport {
    /// One page that needs nothing else: what was asked, what differs, who reaches what as a picture.
    package var html: String {
        let body = runs.map { $0.html }.joined()
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>hauberk prove</title>
            <style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222}
            table{border-collapse:collapse;margin:1em 0}td,th{text-align:left;padding:.2em .8em .2em 0;vertical-align:top}
            th{border-bottom:1px solid #999}.bad{color:#b00020;font-weight:bold}.good{color:#0a6b2d;font-weight:bold}
            svg{max-width:100%;height:auto}code{font-family:ui-monospace,monospace}
            </style></head><body>
            <h1>hauberk prove: <span class="\(isAsDeclared ? "good" : "bad")">\(isAsDeclared ? "as declared" : "not as declared")</span></h1>
            \(body)</body></html>

            """
    }
}

extension ProofRun {
    fileprivate var html: String {
        var parts = ["<h2>\(escaped(dialect.isEmpty ? "without rules" : dialect))</h2>\n"]
        parts.append("<p>\(escaped(report.summary))</p>\n")
        if let (plan, results) = flows {
            let verdict = results.isAsDeclared ? "good" : "bad"
            parts.append(
                "<p class=\"\(verdict)\">\(plan.flowCount) flows asked, \(results.differences.count) different, "
                    + "\(results.unproven.count) ways unproven</p>\n")
            parts.append(wireHTML(results.wires))
            for plane in LabPlane.allCases { parts.append(FlowPicture(plan, results, plane).figure) }
            parts.append(differencesHTML(plan, results))
        }
        parts.append(hostsHTML)
        return parts.joined()
    }

    private func wireHTML(_ wires: LabWireResult) -> String {
        let text =
            "\(wires.frames) frames on the wires, \(wires.wireGuard) of them WireGuard; queries in plaintext that belong "
            + "into a tunnel: \(wires.secrets)."
        let strange = wires.strange.map { "<li class=\"bad\">\(escaped($0))</li>" }.joined()
        return "<p>\(text) \(escaped(wires.marker?.text ?? ""))</p>\n"
            + (strange.isEmpty ? "" : "<ul>\(strange)</ul>\n")
    }

    private func differencesHTML(_ plan: LabFlowPlan, _ results: LabFlowResults) -> String {
        let unproven = results.unproven.map { "<li>unproven: \(escaped(plan.ways[$0].text))</li>" }
        let problems = results.problems.map { "<li>\(escaped($0))</li>" }
        let list = (problems + unproven).joined()
        let notes = list.isEmpty ? "" : "<ul class=\"bad\">\(list)</ul>\n"
        if results.differences.isEmpty { return notes + "<p>No flow differs from the policy.</p>\n" }
        let rows = results.differences.map { difference -> String in
            let way = plan.ways[difference.way]
            let subject = way.subjects[difference.subject]
            let cells = [
                way.kind, way.from, way.source, way.to, way.target, subject.text,
                subject.isAllowed ? "allowed" : "denied", plan.reasons[subject.reason], difference.note,
            ]
            return "<tr>" + cells.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n"
        }
        let head = ["plane", "from", "", "to", "", "flow", "expected", "because", "seen"].map { "<th>\($0)</th>" }
            .joined()
        return notes + "<h3>Differences</h3>\n<table><tr>\(head)</tr>\n\(rows.joined())</table>\n"
    }

    private var hostsHTML: String {
        let rows = report.hosts.map { host -> String in
            let tunnels = host.interfaces.map {
                "\($0.name) (\($0.peers) peers, \($0.addresses.joined(separator: " ")))"
            }
            let state = host.problems.isEmpty ? "sound" : host.problems.joined(separator: "; ")
            return "<tr><td>\(escaped(host.name))</td><td>\(escaped(tunnels.joined(separator: ", ")))</td>"
                + "<td class=\"\(host.problems.isEmpty ? "good" : "bad")\">\(escaped(state))</td></tr>\n"
        }
        return "<h3>Hosts</h3>\n<table><tr><th>host</th><th>tunnels</th><th>state</th></tr>\n\(rows.joined())</table>\n"
    }
}

/// Text as HTML and SVG want it.
func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
