import ArgumentParser
import Diagnostics
import HostPlans
import MeshModel
import SystemAccess

/// `plan [PEER…] --out DIR`
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what a render would change on each host, and which flows open and close.",
        usage: "hauberk plan [<peer> …] --out <dir> [<options>]",
        discussion: """
            Compares what the mesh says now with the files in DIR, which `hauberk render --out DIR` has written, and \
            writes nothing. A flow is told when the policy allows it now and did not when DIR was rendered, or the other \
            way round; for peers that are named, when one of them is at an end of it. Of keys it says that they change, \
            and never what they are. Exits with 0; with --exit-code, with 2 when something would change.
            """)

    @Argument(help: ArgumentHelp("The peers to compare; all by default.", valueName: "peer"))
    var peers: [String] = []

    @Option(name: .long, help: ArgumentHelp("The folder of a former render.", valueName: "dir"), completion: .directory)
    var out: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The dialect that the render would be given; by default the one that the last render was given.",
            valueName: "dialect"))
    var firewall: FirewallChoice?

    @Flag(name: .long, help: "Exit with 2 when something would change.")
    var exitCode = false

    @Flag(name: .long, help: "Say all of it, setting by setting.")
    var details = false

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if out.isEmpty { throw ValidationError("--out is empty: name a folder") }
    }

    func run() throws {
        let path = try mesh.path()
        let loaded = try LoadedMesh.read(path)
        if loaded.isRefused { throw Failure(.meshInvalid, loaded.findings) }
        let beside = loaded.check?.declared.map { BesideMeshes.findings(for: $0, at: path) } ?? []
        if !beside.isEmpty { throw Failure(.meshInvalid, beside) }
        if !peers.isEmpty { try loaded.requireEnabled(peers) }
        let session = try PlanSession(loaded, identity: identity, out: out, peers: peers, firewall: firewall)
        let changes = try session.changes()
        if format.json {
            Result.print(try JSONText.encode(PlanRow(changes, of: session.mesh.name, firewall: session.firewall)))
        } else {
            let colours = Terminal.output.allowsColour(Environment.variables)
            Result.print(
                PlanText(changes, of: session.mesh.name, in: out, details ? .everything : .oneScreen)
                    .text(PlanPalette(colours ? .terminal : .plain)))
            if firewall == nil, let recorded = session.firewall {
                Result.note(
                    "rendered with --firewall \(recorded.defaultValueDescription), which the plan takes as well")
            }
        }
        if session.firewall == .digitalOcean {
            Result.note("the hosts' own files are compared, and the Cloud Firewalls around them are not")
        }
        if exitCode, !changes.isEmpty { throw ExitCode(ExitStatus.pending.rawValue) }
    }
}
