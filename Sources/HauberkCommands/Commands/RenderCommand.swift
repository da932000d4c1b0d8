import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `render [PEER…] --out DIR [--target T]… [--firewall B]`
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write every host's files below DIR/<peer>/, a tree rooted at the host's /.",
        usage: "hauberk render [<peer> …] --out <dir> [<options>]",
        discussion: """
            What mesh.yaml asks for and mesh.lock does not have yet is allocated first. Files of a former render that \
            no longer belong there are removed; nothing else in DIR is touched. Files that would not change are not \
            written.
            """)

    @Argument(help: ArgumentHelp("The peers to render; all by default.", valueName: "peer"))
    var peers: [String] = []

    @Option(name: .long, help: ArgumentHelp("The folder to write to.", valueName: "dir"), completion: .directory)
    var out: String

    @Option(
        name: .long, parsing: .singleValue,
        help:
            "A kind of artifact: wg-quick (the default), wg-setconf, or a folder of your own templates; repeat for more."
    )
    var target: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The dialect of every host that has a firewall, in place of what mesh.yaml names; or digitalocean, for Cloud \
            Firewalls around the hosts, in the folder digitalocean-<mesh>.
            """, valueName: "dialect"))
    var firewall: FirewallChoice?

    @OptionGroup var change: ChangeOptions

    func validate() throws {
        if out.isEmpty { throw ValidationError("--out is empty: name a folder") }
    }

    func run() throws {
        let path = try change.mesh.path()
        var loaded = try LoadedMesh.read(path)
        let beside = loaded.check?.declared.map { BesideMeshes.findings(for: $0, at: path) } ?? []
        if loaded.isRefused || !beside.isEmpty { throw Failure(.meshInvalid, loaded.findings + beside) }
        if loaded.check?.mesh == nil {
            let edit = try change.edit("hauberk render")
            let outcome = try edit.run { _, _ in }
            PeerAddition.report(outcome)
            for name in outcome.update?.removed ?? [] { Result.print("removed \(name)") }
            if let update = outcome.update { RotationWords.note(update) }
            for name in outcome.update?.readdressed ?? [] { Result.print("gave \(name) another address") }
            loaded = try LoadedMesh.read(path)
        }
        if !peers.isEmpty { try loaded.requireEnabled(peers) }
        Findings.print(loaded.findings)
        let targets = target.isEmpty ? ["wg-quick"] : target
        let session = try RenderSession(
            loaded, identity: change.identity, targets: targets, firewall: firewall?.kind)
        try note(session.mesh)
        let cloud = firewall == .digitalOcean ? try session.cloudFirewalls() : []
        let record = RenderRecord(loaded, targets: targets, firewall: firewall)?.artifacts(of: peers) ?? []
        let report = RenderRecord.hidden(in: try session.write(below: out, only: peers, with: cloud + record), record)
        for path in report.repaired {
            Result.note("\(out)/\(path) had been changed by somebody else, and is as rendered again")
        }
        let written = report.written.count + report.repaired.count
        Result.print(
            "\(out): \(written) written, \(report.unchanged) unchanged, \(report.removed.count) removed")
    }

    /// Says that a mesh has no policy, on a terminal; refuses a dialect for it.
    private func note(_ mesh: Mesh) throws {
        guard mesh.declared.policy == nil else { return }
        let what = "the mesh has no policy: every host reaches every port of every other"
        if firewall != nil {
            throw Failure(
                .usage, .unsupportedPolicy, "--firewall: \(what), and there is nothing to enforce",
                hint: "say in mesh.yaml what may be reached: `allow: [{from: …, to: …, service: …}]`")
        }
        if Terminal.errors.isTerminal { Result.note(what) }
    }
}
