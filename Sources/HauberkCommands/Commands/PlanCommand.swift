import ArgumentParser
import Diagnostics
import HostPlans
import MeshModel
import SystemAccess

/// `plan [PEER…] --out DIR`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what a render would change on each host, and which flows open and close.",
        usage: "hauberk plan [<peer> …] --out <dir> [<options>]",
        discussion: """
            Compares what the mesh says now with the files in DIR, which `hauberk render --out DIR` has written, and \
            writes nothing. A flow is told when the policy allows it now and did not when DIR was rendered, or the other \
            way round; for peers that are named, when one of them is at an end of it. Of keys it says that they change, \
            and never what they are.

            With --delivered it compares with what each host has acknowledged, which pushes from DIR have kept there: what \
            the next push would change, also where DIR was rendered anew in between. A host that is not of the mesh any more \
            is told until all others have taken that. One whose last push has left open what it has, or whose files \
            are not kept there any more, is told as unknown.

            With --live every host is asked as well, over ssh as `hauberk push` does it: there `hauberk apply --dry-run` \
            holds the interface that runs, its peers, addresses, routes, firewall and files against what the mesh says \
            now, so that what somebody has changed on the host is told too. Nothing is changed on it.

            Exits with 0; with --exit-code, with 2 when something would change. With --live, 69 says that a host could \
            not be reached, and 1 that one would refuse.
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

    @Flag(name: .long, help: "Compare with what hosts have acknowledged, and not with what is in DIR.")
    var delivered = false

    @Flag(name: .long, help: "Ask the hosts what would change of what runs there.")
    var live = false

    @Option(name: .long, help: ArgumentHelp("With --live, how many hosts are asked at a time.", valueName: "count"))
    var parallel: Int = 8

    @OptionGroup(title: "Connections, with --live") var connection: ConnectionOptions
    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if out.isEmpty { throw ValidationError("--out is empty: name a folder") }
        guard (1...256).contains(parallel) else { throw ValidationError("--parallel takes 1 to 256") }
        if !live, !connection.isEmpty { throw ValidationError("how hosts are reached is asked with --live alone") }
    }

    func run() async throws {
        let path = try mesh.path()
        let loaded = try LoadedMesh.read(path)
        if loaded.isRefused { throw Failure(.meshInvalid, loaded.findings) }
        let beside = loaded.check?.declared.map { BesideMeshes.findings(for: $0, at: path) } ?? []
        if !beside.isEmpty { throw Failure(.meshInvalid, beside) }
        if !peers.isEmpty { try loaded.requireEnabled(peers) }
        let session = try PlanSession(
            loaded, identity: identity, out: out, peers: peers, firewall: firewall,
            delivered ? .delivered : .rendered)
        let changes = try session.changes()
        let hosts = live ? try await session.live(try connection.settings(parallel: parallel)) : nil
        if format.json {
            var row = PlanRow(changes, of: session.mesh.name, firewall: session.firewall)
            row.live = hosts?.hosts
            Result.print(try JSONText.encode(row))
        } else {
            let palette = PlanPalette(Terminal.output.allowsColour(Environment.variables) ? .terminal : .plain)
            Result.print(
                PlanText(changes, of: session.mesh.name, in: out, details ? .everything : .oneScreen).text(palette)
                    + (hosts.map { LivePlanText($0, isWhole: details).text(palette) } ?? ""))
            if firewall == nil, let recorded = session.firewall {
                Result.note(
                    "rendered with --firewall \(recorded.defaultValueDescription), which the plan takes as well")
            }
        }
        if session.firewall == .digitalOcean {
            Result.note("the hosts' own files are compared, and the Cloud Firewalls around them are not")
        }
        if let hosts, hosts.status != .done { throw ExitCode(hosts.status.rawValue) }
        if exitCode, !changes.isEmpty || hosts?.hasChanges ?? false { throw ExitCode(ExitStatus.pending.rawValue) }
    }
}
