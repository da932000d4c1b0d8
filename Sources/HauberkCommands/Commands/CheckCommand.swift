import ArgumentParser
import Diagnostics
import Ledger
import MeshFiles
import MeshModel
import SystemAccess

/// `check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Hold the files of the mesh against every rule and report every finding with its place.")

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let path = try mesh.path()
        let loaded = try LoadedMesh.read(path)
        var findings = loaded.findings
        if let declared = loaded.check?.declared { findings += BesideMeshes.findings(for: declared, at: path) }
        findings += LoadedLedger(loaded, .chain).findings
        let incomplete = loaded.snapshot.lock == nil || loaded.snapshot.keys == nil
        if incomplete {
            findings += MeshEdit.incomplete(loaded).diagnostics
        } else if !loaded.isRefused, loaded.check?.mesh == nil {
            findings.append(loaded.pending)
        }
        findings.sort()
        let errors = findings.count { $0.severity == .error }
        if format.json {
            Result.print(try JSONText.encode(findings.map(FindingRow.init)))
        } else {
            Findings.print(findings)
            if errors == 0, let declared = loaded.check?.declared {
                let warnings = findings.isEmpty ? "nothing to report" : Self.count(findings.count, "warning")
                Result.print("\(declared.name): \(Self.count(declared.peers.count, "peer")), \(warnings)")
            }
        }
        let status = incomplete && errors == 1 ? ExitStatus.fileMissing : .meshInvalid
        if errors > 0 { throw ExitCode(status.rawValue) }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

/// A finding as `check --json` has it; the names are stable.
struct FindingRow: Encodable {
    let id: String
    let severity: String
    let file: String?
    let line: Int?
    let column: Int?
    let message: String
    let hint: String?

    init(_ finding: Diagnostic) {
        id = finding.id.name
        severity = finding.severity.rawValue
        file = finding.location?.file
        line = finding.location?.line
        column = finding.location?.column
        message = finding.message
        hint = finding.hint
    }
}
