import ArgumentParser
import Diagnostics
import Lab
import MeshModel
import SystemAccess

/// `prove`
struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Run the mesh for real in network namespaces and hold every pair against what is declared.",
        usage: "hauberk prove [<options>]",
        discussion: """
            Builds each site, the routers and NATs between them, and every host; brings the rendered trees up with \
            wg-quick; and probes every pair in both families over the tunnels. Nothing outside of the namespaces is \
            touched, and nothing is left behind. A peer that keeps its private key to itself runs with one of the lab's. \
            Works without root where user namespaces are allowed.
            """)

    @Flag(name: .long, help: "Print every pair, not only those that differ.")
    var all = false

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var format: FormatOptions

    func run() async throws {
        let loaded = try LoadedMesh.read(try mesh.path())
        if loaded.isRefused { throw Failure(.meshInvalid, loaded.findings) }
        let session = try RenderSession(loaded, identity: identity, targets: ["wg-quick"], .standIns)
        let folder = try TemporaryFolder(prefix: "hauberk-prove")
        defer { folder.remove() }
        _ = try session.write(below: folder.path, only: [])
        let topology = LabDeclaration(session.mesh, trees: folder.path).topology
        let progress = ProgressLine()
        let report = try await Lab.prove(topology, options: LabOptions(agent: Self.agent)) { step in
            progress.update("\(step.stage.rawValue) \(step.done) of \(step.total)")
        }
        progress.finish()
        if format.json {
            Result.print(report.json)
        } else {
            Result.print(report.text)
            if all { Result.print(report.pairTable) }
        }
        if !report.isAsDeclared { throw ExitCode(ExitStatus.no.rawValue) }
    }

    /// This very program, which starts itself again inside the namespaces.
    private static var agent: LabAgentCommand {
        get throws { LabAgentCommand(executable: try OwnExecutable.path(), leading: [LabAgentCommandLine.name]) }
    }
}

/// The hidden verb by which the lab starts this program again.
enum LabAgentCommandLine {
    static let name = "lab-agent"
}

/// `lab-agent …`: not for people.
struct LabAgentVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: LabAgentCommandLine.name, abstract: "The lab's own half of prove.", shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var arguments: [String] = []

    func run() async throws {
        throw ExitCode(await LabAgent.run(arguments))
    }
}
