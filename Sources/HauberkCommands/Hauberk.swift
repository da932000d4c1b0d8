package import ArgumentParser
import Diagnostics
import SystemAccess

/// The program: `hauberk [--mesh DIR] VERB …`.
package struct Hauberk: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "hauberk",
        abstract: "Keep a WireGuard mesh: addresses, keys, configurations, and the proof that they work.",
        usage: "hauberk [--mesh <dir>] <subcommand> …",
        discussion: """
            A mesh is a folder with four files: mesh.yaml, which people write; mesh.lock, which says what was \
            allocated; mesh.keys, which holds the private keys, sealed to the operators; and mesh.ledger, which says who had \
            which key when. Every command takes \
            the folder by --mesh, before its name or after it; else it is $HAUBERK_MESH, the current folder, or the \
            only mesh below Mesh/.

            Exit status: 0 done, 1 no, 2 changes pending (plan --exit-code), 64 usage, 65 mesh invalid, 66 file missing, 69 a host cannot be reached, 70 a bug, 74 I/O error, \
            75 locked by somebody else, 77 permission denied, 78 a needed tool is missing.
            """,
        version: version,
        subcommands: [
            InitCommand.self, AddCommand.self, RemoveCommand.self, SetCommand.self, RenameCommand.self,
            DisableCommand.self, EnableCommand.self, ListCommand.self, ShowCommand.self, CheckCommand.self,
            CanCommand.self, MatrixCommand.self, ServicesCommand.self,
            RenderCommand.self, PlanCommand.self, OperatorCommand.self, RotateCommand.self, ScheduleCommand.self,
            LedgerCommand.self, TemplatesCommand.self, QRCommand.self, ProveCommand.self,
            AuditCommand.self, ApplyCommand.self, PushCommand.self,
            ExplainCommand.self,
            LabAgentVerb.self, ApplyGuardVerb.self, ApplyScriptVerb.self,
        ])

    /// Semantic Versioning 2.0.0.
    package static let version = "0.1.0"

    package init() {}

    /// What has to be done before there is a second thread.
    package static func prepare() {
        // Whoever started this may ignore the ends of children, and then they cannot be waited for.
        OwnProcess.hearChildren()
        if CommandLine.arguments.dropFirst().first == "apply" { OwnMemory.keepTogether() }
    }

    /// Parses the arguments, runs the command, prints what it found, and ends the process with its exit status.
    package static func run() async {
        do {
            let words = CommandLine.arguments.dropFirst()
            if let plain = ApplyWords(plain: words) {
                try await plain.run()
                return try Result.check()
            }
            let arguments = try CommandWords(of: Self.self).normal(Array(words))
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try Result.check()
        } catch let failure as Failure {
            Findings.print(failure.diagnostics)
            exit(withError: ExitCode(failure.status.rawValue))
        } catch {
            exit(withError: error)
        }
    }
}
