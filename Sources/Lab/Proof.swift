package import Diagnostics

/// One lab: the mesh with its rules in one dialect.
package struct ProofRun: Sendable {
    /// The dialect; empty where there are no rules.
    package let dialect: String
    package let topology: LabTopology
    package let report: LabReport

    package init(dialect: String, topology: LabTopology, report: LabReport) {
        self.dialect = dialect
        self.topology = topology
        self.report = report
    }

    /// The flows that were asked, with what was seen; nil where none were.
    var flows: (plan: LabFlowPlan, results: LabFlowResults)? {
        guard let plan = topology.flows, let results = report.flows, plan.ways.count == results.ways.count else {
            return nil
        }
        return (plan, results)
    }

    var flowCount: Int { topology.flows?.flowCount ?? 0 }
    var differenceCount: Int { report.flows?.differences.count ?? 0 }
    var unprovenCount: Int { report.flows?.unproven.count ?? 0 }
}

/// One lab for each dialect, and what they say together.
package struct ProofReport: Sendable {
    package let runs: [ProofRun]

    package init(runs: [ProofRun]) { self.runs = runs }

    /// Never true of a proof without a run.
    package var isAsDeclared: Bool { !runs.isEmpty && runs.allSatisfy(\.report.isAsDeclared) }
}

extension LabSubject {
    /// `3306/tcp`, or `echo`.
    var text: String { transport == .echo ? "echo" : "\(port)/\(transport.rawValue)" }
}

extension LabWay {
    /// `app-1 (10.88.0.1) to db-1 (10.88.0.5)`.
    var text: String { "\(from) (\(source)) to \(to) (\(target))" }

    /// The plane, and what is special about the sender.
    var kind: String { sender == .own ? plane.rawValue : "\(plane.rawValue), \(sender.rawValue)" }
}

extension ProofReport {
    /// Writes the page, in place of a former one. Throws `inputOutput`, with the path.
    package func writePage(to path: String) throws(Failure) {
        do {
            try PosixFiles.write(Array(html.utf8), to: path, mode: 0o644)
        } catch {
            throw Failure(.inputOutput, .inputOutputError, "\(error)", hint: "name a file that can be written")
        }
    }
}
