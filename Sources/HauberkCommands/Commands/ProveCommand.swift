import ArgumentParser
import Diagnostics
import HostPlans
import Lab
import MeshFiles
import MeshModel
import SystemAccess

/// `prove`
struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Run the mesh for real in network namespaces and hold every pair and flow against what is declared.",
        usage: "hauberk prove [<peer> …] [<options>]",
        discussion: """
            Builds each site, the routers and NATs between them, and every host; loads the rendered rules and brings \
            the rendered trees up with wg-quick. Then it asks every flow of the policy and of its complement: through \
            the tunnels, beside them, through gateways, by strangers on each wire and on the Internet, and with forged \
            sources; and listens to every wire for plaintext. With the rules gone again, every way must be open, and \
            every pair is probed in both families. The meshes that `beside:` names run on the same hosts and wires, and \
            every flow from one mesh to another is asked as well. Nothing outside of the namespaces is touched, and \
            nothing is left behind. A peer that keeps its private key to itself runs with one of the lab's. Works \
            without root where user namespaces are allowed.
            """)

    @Argument(
        help: ArgumentHelp(
            "The peers to prove, with the relays and gateways between them; all by default.", valueName: "peer"))
    var peers: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("Prove the peers of a group; repeat for more.", valueName: "group"))
    var group: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "The dialect of the rules, one lab for each: \(ProofDialect.names.joined(separator: ", ")). Else what mesh.yaml "
                + "names. Repeat for more.", valueName: "dialect"))
    var firewall: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Write the report as a page to look at.", valueName: "file"),
        completion: .file())
    var html: String?

    @Flag(name: .long, help: "Run a part of what each host offers in a container, published as Docker does.")
    var containers = false

    @Flag(name: .long, help: "Print every pair and flow, not only those that differ.")
    var all = false

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if html?.isEmpty == true { throw ValidationError("name a file for the page") }
        for word in firewall where ProofDialect.dialects(word) == nil {
            throw ValidationError(
                "--firewall takes \(ProofDialect.names.joined(separator: ", ")), and not \(quoted(word))")
        }
    }

    func run() async throws {
        let loaded = try meshes()
        if !peers.isEmpty { try loaded[0].requireEnabled(peers) }
        var runs: [ProofRun] = []
        for dialect in try dialects(of: loaded[0]) { runs.append(try await prove(loaded, dialect)) }
        let report = ProofReport(runs: runs)
        if let html { try report.writePage(to: html) }
        if format.json {
            Result.print(report.json)
        } else {
            Result.print(report.text)
            if all { Result.print(report.everything) }
        }
        if !report.isAsDeclared { throw ExitCode(ExitStatus.no.rawValue) }
    }

    /// One lab, with the rules in one dialect.
    private func prove(_ loaded: [LoadedMesh], _ dialect: ProofDialect) async throws -> ProofRun {
        let folder = try TemporaryFolder(prefix: "hauberk-prove")
        defer { folder.remove() }
        var parts = [try part(loaded[0], dialect, trees: "\(folder.path)/0", isFirst: true)]
        for (number, other) in loaded.enumerated().dropFirst() {
            do {
                parts.append(try part(other, dialect, trees: "\(folder.path)/\(number)", isFirst: false))
            } catch let failure as Failure {
                let reason = failure.diagnostics.first?.message ?? "it cannot be read"
                Result.note("the mesh in \(quoted(other.path)) is not in the lab: \(reason)")
            }
        }
        let topology = LabWorld(
            parts, dialect: dialect.lab, services: containers ? .inContainers : .onHosts, moment: Moment.now.seconds
        ).topology
        let progress = ProgressLine()
        let title = dialect.title.isEmpty ? "" : "\(dialect.title): "
        let report = try await Lab.prove(topology, options: LabOptions(agent: Self.agent)) { step in
            progress.update("\(title)\(step.stage.rawValue) \(step.done) of \(step.total)")
        }
        progress.finish()
        return ProofRun(dialect: dialect.title, topology: topology, report: report)
    }

    /// One of the lab's meshes, rendered; of the first, the chosen peers alone take part.
    private func part(
        _ loaded: LoadedMesh, _ dialect: ProofDialect, trees: String, isFirst: Bool
    ) throws -> LabMeshes.Part {
        let session = try RenderSession(
            loaded, identity: identity, targets: ["wg-quick"], firewall: dialect.kind, .standIns)
        _ = try session.write(below: trees, only: [])
        let mesh = session.mesh
        let firewalls = HostFirewalls(
            mesh, override: dialect.kind, beside: try BesideMeshes.read(mesh.declared, at: loaded.path))
        let chosen = isFirst ? try chosen(in: mesh) : []
        return LabMeshes.Part(
            mesh: mesh, firewalls: firewalls, trees: trees,
            chosen: chosen.isEmpty ? Array(mesh.peers.indices) : chosen)
    }

    /// The mesh, and those that it names as beside it; it alone when only some of its peers are proved.
    private func meshes() throws -> [LoadedMesh] {
        let path = try mesh.path()
        let first = try LoadedMesh.read(path)
        if first.isRefused { throw Failure(.meshInvalid, first.findings) }
        guard peers.isEmpty, group.isEmpty, let declared = first.check?.declared, declared.policy != nil else {
            return [first]
        }
        let folders = declared.beside.map { $0.value.hasPrefix("/") ? $0.value : "\(path)/\($0.value)" }
        return [first] + (try folders.map { try LoadedMesh.read($0) })
    }

    /// The labs to run, in the order of the flags.
    private func dialects(of loaded: LoadedMesh) throws -> [ProofDialect] {
        let mesh = try loaded.complete().declared
        if firewall.isEmpty { return [.declared(mesh)] }
        if mesh.policy == nil, firewall != ["none"] {
            throw Failure(
                .usage, .unsupportedPolicy,
                "--firewall: the mesh has no policy: every host reaches every port of every other, and there is nothing "
                    + "to enforce",
                hint: "say in mesh.yaml what may be reached: `allow: [{from: …, to: …, service: …}]`")
        }
        return firewall.flatMap { ProofDialect.dialects($0) ?? [] }
    }

    /// The chosen peers by index, with whoever passes their packets on; empty for all.
    private func chosen(in mesh: Mesh) throws -> [Int] {
        if peers.isEmpty, group.isEmpty { return [] }
        var chosen = Set(peers.compactMap(mesh.index))
        for name in group {
            guard let number = mesh.groups.firstIndex(where: { $0.name == name }) else {
                let near = nearest(to: name, among: mesh.groups.map(\.name))
                throw Failure(
                    .usage, .unknownGroup, "--group: there is no group \(quoted(name))",
                    hint: near.map { "did you mean \(quoted($0))?" })
            }
            chosen.formUnion(mesh.peers.indices.filter { mesh.peers[$0].declared.groups.contains(number) })
        }
        let ends = chosen.sorted()
        for (from, to) in ends.flatMap({ from in ends.filter { $0 > from }.map { (from, $0) } }) {
            if case .relay(let relay) = mesh.topology[from, to] { chosen.insert(relay) }
        }
        for exit in mesh.declared.policy?.exits ?? [] {
            let isUsed = ends.contains { exit.users.value.contains(peer: mesh.declaredIndices[$0], in: mesh.declared) }
            if isUsed, let gateway = mesh.declaredIndices.firstIndex(of: exit.via.value) { chosen.insert(gateway) }
        }
        return chosen.sorted()
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
