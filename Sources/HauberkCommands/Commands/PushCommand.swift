import ArgumentParser
import Delivery
import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import SystemAccess

/// `push [PEER…] --out DIR`
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract:
            "Bring hosts to their rendered trees over ssh, in waves; each goes back unless it can be reached again.",
        usage: """
            hauberk push [<peer> …] --out <dir> [<options>]
            hauberk push [<peer> …] --out <dir> --status [<options>]
            """,
        discussion: """
            Delivers what `hauberk render --out DIR` has written, with the system's own ssh and whatever ssh_config(5) \
            says of a peer's name: user, port, keys, jump hosts, a shared connection. Host keys are always checked, and \
            no password is asked for. Logins that are not root's use `sudo -n`. Where ssh_config(5) does not name the \
            host, ssh connects to the peer's public address, else to its private one, else through the mesh, and looks up the \
            host key by that; --via chooses.

            On the host `hauberk apply` does the work: the installed one if it is of this version, else this very \
            program, which is carried there and stays by its digest (`make release` builds one that needs no library), \
            else, where that does not run, a shell script that does the same with the host's own tools; --half chooses. \
            When the host says that it waits, a new connection confirms it. If none comes about within --confirm-within, \
            or this command is killed, the host puts itself back. No host is ever half new: push again, and all that are \
            not caught up are.

            A first host comes alone, or those of --canary; the others follow in waves. More failed hosts than \
            --max-failures end the push after those that are under way. A host that cannot be reached is listed, \
            is no failure, and is caught up by the next push; --behind takes only those that the record of deliveries, \
            DIR/.hauberk/MESH/delivered, does not call caught up, and while keys rotate those that are not ready.

            Exit status: 0 all hosts are caught up, 1 one has failed or was not begun, 69 all but those that could not be \
            reached.
            """)

    @Argument(help: ArgumentHelp("The peers to bring to their trees; all by default.", valueName: "peer"))
    var peers: [String] = []

    @Option(name: .long, help: ArgumentHelp("The folder of a render.", valueName: "dir"), completion: .directory)
    var out: String

    @Flag(name: .long, help: "Push what is in DIR, without asking whether it is what the mesh says.")
    var asRendered = false

    @Flag(name: .long, help: "Say what the record knows of each host; ask none.")
    var status = false

    @Flag(name: .long, help: "Only hosts that have not acknowledged what is in DIR.")
    var behind = false

    @Option(
        name: .long,
        help: ArgumentHelp("How long a host waits for its confirmation, 5 to 3600.", valueName: "seconds"))
    var confirmWithin: Int = 60

    @OptionGroup(title: "Waves") var waves: WaveOptions
    @OptionGroup(title: "Connections") var connection: ConnectionOptions
    @OptionGroup var mesh: MeshOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if out.isEmpty { throw ValidationError("--out is empty: name a folder") }
        guard (5...3600).contains(confirmWithin) else {
            throw ValidationError("--confirm-within takes 5 to 3600 seconds")
        }
    }

    func run() async throws {
        let loaded = try LoadedMesh.read(try mesh.path(), status || asRendered ? .withoutKeyring : .withKeyring)
        if loaded.isRefused { throw Failure(.meshInvalid, loaded.findings) }
        let complete = try loaded.complete()
        let asked = peers + waves.canary
        if !asked.isEmpty { try loaded.requireEnabled(asked) }
        let session = try PushSession(complete, out: out, try settings())
        let chosen = try chosen(session)
        if status { return try printStatus(session, chosen) }
        if !asRendered { try requireCurrent(loaded) }
        let list = try behind ? session.behind(chosen, asRendered ? nil : loaded.lock) : chosen
        let (deliveries, stopped) = try await session.run(peers: list)
        let report = PushReport(mesh: complete.name, deliveries: deliveries, stopped: stopped)
        Result.print(format.json ? try JSONText.encode(report) : report.text)
        do {
            if !asRendered { try acknowledge(deliveries, complete, loaded) }
        } catch let failure as Failure where report.status != .done {
            // How the push went is the first thing to know.
            for finding in failure.diagnostics { Result.note("nobody is noted as ready: \(finding.message)") }
        }
        if report.status != .done { throw ExitCode(report.status.rawValue) }
    }

    private func settings() throws -> PushSession.Settings {
        var settings = try connection.settings(parallel: waves.parallel, isAsking: !status)
        settings.confirmWithin = confirmWithin
        settings.canaries = waves.canary
        settings.wave = waves.wave
        settings.maxFailures = waves.maxFailures
        return settings
    }

    private func chosen(_ session: PushSession) throws -> [String] {
        let hosts = session.hosts
        let asked = Set(peers)
        let apps = asked.subtracting(hosts).sorted()
        guard apps.isEmpty else {
            throw Failure(
                .no,
                apps.map {
                    Diagnostic(
                        .noPeers, at: nil, "peer \(quoted($0)) is an app, to which nothing can be pushed",
                        hint: "hauberk qr \($0)")
                })
        }
        let chosen = asked.isEmpty ? hosts : hosts.filter(asked.contains)
        if let stray = waves.canary.first(where: { !chosen.contains($0) }) {
            throw Failure(
                .usage, .noPeers, "--canary \(quoted(stray)) is not among the hosts to push to",
                hint: "name it among the peers")
        }
        try session.trees.require(chosen)
        return chosen
    }

    /// Throws when a render would change one of the hosts.
    private func requireCurrent(_ loaded: LoadedMesh) throws {
        let beside = loaded.check?.declared.map { BesideMeshes.findings(for: $0, at: loaded.path) } ?? []
        if !beside.isEmpty { throw Failure(.meshInvalid, beside) }
        let plan = try PlanSession(loaded, identity: identity, out: out, peers: peers, firewall: nil)
        let names = try plan.changes().hosts.map(\.name)
        guard let first = names.first else { return }
        let who = names.count == 1 ? quoted(first) : "\(quoted(first)) and \(names.count - 1) more"
        throw Failure(
            .no, .staleRender, "\(quoted(out)) is not what the mesh says: a render would change \(who)",
            hint: "`hauberk plan --out \(out)` says what; then `hauberk render --out \(out)`")
    }

    /// While keys rotate: the hosts that have this stage's files, and have heard all their peers, are in it.
    private func acknowledge(_ deliveries: [HostDelivery], _ mesh: Mesh, _ loaded: LoadedMesh) throws {
        guard mesh.rotation != nil else { return }
        let answers = StageAnswers(deliveries, name: mesh.name(ofKey:))
        answers.notes.forEach(Result.note)
        let ready = answers.ready
        guard !ready.isEmpty else { return }
        let edit = RotationEdit(path: loaded.path, identity: identity, wait: 30, command: "hauberk push")
        let turn = try edit.run { turn in
            // Somebody else may have ended it, or taken it further, meanwhile.
            guard loaded.lock?.isSameStep(as: turn.step.lock) ?? false else {
                return Result.note("the mesh has changed meanwhile: nobody is noted as ready; render and push again")
            }
            try turn.step.acknowledge(ready)
        }
        if !turn.step.acknowledged.isEmpty {
            Result.note("ready: \(turn.step.acknowledged.joined(separator: ", "))")
        }
        RotationWords(turn.step).printNext()
    }

    private func printStatus(_ session: PushSession, _ chosen: [String]) throws {
        let standings = try chosen.map { try session.standing(of: $0) }
        let report = PushStatus(mesh: session.mesh.name, standings: standings)
        Result.print(format.json ? try JSONText.encode(report) : report.text)
        if standings.contains(where: { !$0.isCaughtUp }) { throw ExitCode(ExitStatus.no.rawValue) }
    }
}

/// Who comes when.
struct WaveOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A host of the first wave; repeat for more. Without it, the first host is.", valueName: "peer"))
    var canary: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Hosts of each later wave, as 10 or as 10%; all by default.", valueName: "size"),
        transform: { text in
            guard let size = PushQueue.WaveSize(parsing: text) else {
                throw ValidationError("--wave takes a number of hosts, or a percentage up to 100%")
            }
            return size
        })
    var wave: PushQueue.WaveSize = .all

    @Option(name: .long, help: ArgumentHelp("How many hosts of a wave are worked on at a time.", valueName: "count"))
    var parallel: Int = 8

    @Option(name: .long, help: ArgumentHelp("How many hosts may fail before nobody else is begun.", valueName: "count"))
    var maxFailures: Int = 0

    mutating func validate() throws {
        guard (1...256).contains(parallel) else { throw ValidationError("--parallel takes 1 to 256") }
        guard (0...1_000_000).contains(maxFailures) else { throw ValidationError("--max-failures takes 0 or more") }
    }
}

/// How hosts are reached.
struct ConnectionOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Log in as this user.", valueName: "name"))
    var user: String?

    @Option(
        name: .long, help: ArgumentHelp("Read this ssh_config(5) in the place of your own.", valueName: "file"),
        completion: .file())
    var sshConfig: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Connect to what ssh_config(5) says of the name, or to the public, private or overlay address.",
            valueName: "way"))
    var via: PushVia?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Carry this program to every host, in the place of the installed one.", valueName: "file"),
        completion: .file())
    var binary: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What does the work there: the installed hauberk, this one brought there, the script, or the first that runs.",
            valueName: "half"))
    var half: PushHalf = .auto

    var isEmpty: Bool { user == nil && sshConfig == nil && via == nil && binary == nil && half == .auto }

    /// - Throws: `Failure`, status 66 if there is no program of that name.
    func settings(parallel: Int, isAsking: Bool = true) throws -> PushSession.Settings {
        var settings = PushSession.Settings()
        settings.parallel = parallel
        settings.route = PushRoute(via: via, user: user, configuration: sshConfig)
        settings.halves = half.halves
        if let binary, isAsking { settings.halves = [try OwnHalf.carried(binary, name: binary)] }
        return settings
    }

    mutating func validate() throws {
        if binary != nil, half == .installed || half == .script {
            throw ValidationError("--binary goes with --half binary alone")
        }
        for text in [user, sshConfig] where text?.isEmpty == true || text?.hasPrefix("-") == true {
            throw ValidationError("--user and --ssh-config take a name")
        }
    }
}

extension Mesh {
    /// The peer that has a key, now or next; nil for nobody's.
    fileprivate func name(ofKey key: String) -> String? {
        let index = rotation?.nextKeys.first { $0.value == key }?.key ?? peers.firstIndex { $0.publicKey == key }
        return index.map { peers[$0].name }
    }
}
