extension LabReport {
    /// One line, for example `60 of 60 probes as declared, 6 hosts up, 3.2 s`.
    package var summary: String {
        let good = pairs.count { $0.verdict == .asDeclared }
        let sound = hosts.count { $0.problems.isEmpty }
        let tenths = (milliseconds + 50) / 100
        return "\(good) of \(pairs.count) probes as declared, \(sound) of \(hosts.count) hosts sound, "
            + "\(tenths / 10).\(tenths % 10) s"
    }

    /// A table of the hosts, their problems, a table of the pairs that are not as declared, and the summary.
    package var text: String {
        let failed = pairs.filter { $0.verdict != .asDeclared }
        var parts = [hostTable]
        let problems = hosts.flatMap { host in host.problems.map { "\(host.name): \($0)" } }
        if !problems.isEmpty { parts.append(problems.joined(separator: "\n")) }
        if !failed.isEmpty { parts.append(LabReport.table(of: failed)) }
        return (parts + [summary]).joined(separator: "\n\n") + "\n"
    }

    /// Every pair, one to a line.
    package var pairTable: String { LabReport.table(of: pairs) }

    private var hostTable: String {
        var rows = [["host", "interface", "port", "peers", "up in", "addresses"]]
        for host in hosts {
            for interface in host.interfaces {
                rows.append([
                    host.name, interface.name, interface.listeningPort.map(String.init) ?? "down",
                    String(interface.peers), "\(host.upMilliseconds) ms", interface.addresses.joined(separator: " "),
                ])
            }
        }
        return aligned(rows)
    }

    private static func table(of pairs: [LabPairResult]) -> String {
        var rows = [["from", "to", "family", "declared", "answered by", "verdict", "evidence"]]
        for pair in pairs {
            let e = pair.expectation
            rows.append([
                e.from, e.to, e.family.rawValue, e.declared, pair.answeredBy ?? "nobody", pair.verdict.rawValue,
                pair.evidence,
            ])
        }
        return aligned(rows)
    }
}

extension LabExpectation {
    /// `direct`, `through hub` or `unreachable`.
    var declared: String {
        switch (answer, path) {
        case (.unreachable, _): return "unreachable"
        case (.reachable, .relay(let name)): return "through \(name)"
        case (.reachable, .direct): return "direct"
        case (.reachable, .none): return "reachable"
        }
    }
}

/// The rows with two blanks between columns as wide as their widest cell; the last column is ragged.
func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
        rows.map { column < $0.count ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
    }
    let lines = rows.map { row in
        zip(row, widths).enumerated().map { index, cell in
            index == row.count - 1
                ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.unicodeScalars.count)
        }.joined(separator: "  ")
    }
    return lines.joined(separator: "\n")
}
