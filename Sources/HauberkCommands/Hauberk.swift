package import ArgumentParser
import Diagnostics

/// The program: `hauberk [--mesh DIR] VERB …`.
package struct Hauberk: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "hauberk",
        abstract: "Keep a WireGuard mesh: addresses, keys, configurations, and the proof that they work.",
        discussion: """
            A mesh is a folder with three files: mesh.yaml, which people write; mesh.lock, which says what was \
            allocated; and mesh.keys, which holds the private keys, sealed to the operators. DIR defaults to \
            $HAUBERK_MESH, the current folder, or the only mesh below Mesh/.

            Exit status: 0 done, 1 no, 64 usage, 65 mesh invalid, 66 file missing, 70 a bug, 74 I/O error, \
            75 locked by somebody else, 77 permission denied, 78 a needed tool is missing.
            """,
        version: version,
        subcommands: [
            InitCommand.self, AddCommand.self, RemoveCommand.self, SetCommand.self, RenameCommand.self,
            DisableCommand.self, EnableCommand.self, ListCommand.self, ShowCommand.self, CheckCommand.self,
            RenderCommand.self, OperatorCommand.self, TemplatesCommand.self, QRCommand.self, ProveCommand.self,
            ExplainCommand.self, LabAgentVerb.self,
        ])

    /// Semantic Versioning 2.0.0.
    package static let version = "0.1.0"

    package init() {}

    /// Parses the arguments, runs the command, prints what it found, and ends the process with its exit status.
    package static func run() async {
        do {
            var command = try parseAsRoot(Arguments.normal(Array(CommandLine.arguments.dropFirst())))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Findings.print(failure.diagnostics)
            exit(withError: ExitCode(failure.status.rawValue))
        } catch {
            exit(withError: error)
        }
    }
}

/// The order of arguments that the parser wants.
enum Arguments {
    /// `--mesh DIR` before the verb means the same as after it.
    static func normal(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if first == "--mesh" && rest.count > 1 {
                moved += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if first.hasPrefix("--mesh=") {
                moved.append(first)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard let verb = rest.first, !moved.isEmpty, !verb.hasPrefix("-") else { return arguments }
        let takesVerb = verb == "operator" && rest.count > 1
        return Array(rest.prefix(takesVerb ? 2 : 1)) + moved + rest.dropFirst(takesVerb ? 2 : 1)
    }
}
