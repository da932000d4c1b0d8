import Addresses
import ArgumentParser
import Diagnostics
import HostPlans
import MeshModel
import Sockets
import SystemAccess

/// `audit [PEER] [--from PEER=FILE]… [--local PEER]`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Hold the listening sockets of hosts against the exposure that the mesh declares.",
        usage: """
            ss -plunt | hauberk audit <peer> [<options>]
            hauberk audit --from <peer>=<file> … [<options>]
            hauberk audit --local <peer> [<options>]
            """,
        discussion: """
            Reads what `ss -plunt` or `netstat -plunt` prints: on standard input for one peer, from files for one or \
            many, or by running ss here. Run as root, the tools name the programs, and the advice is in their words. \
            Whether a port that is bound too widely is closed all the same is answered by the policy, for the firewall \
            that hauberk renders; what the host has loaded is not looked at. A service that is bound to addresses of the mesh \
            has to start after the interface: with systemd, After=wg-quick@wg0.service.
            """)

    @Argument(help: ArgumentHelp("The peer whose sockets stand on standard input.", valueName: "peer"))
    var peer: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A peer and the file with its sockets; - is standard input.", valueName: "peer=file"))
    var from: [String] = []

    @Option(name: .long, help: ArgumentHelp("The peer that this host is: run ss here.", valueName: "peer"))
    var local: String?

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if peer == nil, from.isEmpty, local == nil {
            throw ValidationError("name the peer whose sockets are on standard input, or use --from or --local")
        }
        _ = try sources
    }

    func run() async throws {
        let path = try mesh.path()
        let loaded = try LoadedMesh.read(path, .withoutKeyring)
        let sources = try sources
        if loaded.tree != nil { try loaded.requireEnabled(sources.map(\.peer)) }
        let mesh = try loaded.complete()
        let neighbors = try BesideMeshes.read(mesh.declared, at: path)
        var audited: [AuditedPeer] = []
        var findings: [Diagnostic] = []
        for source in sources {
            guard let index = mesh.index(of: source.peer) else { continue }
            do {
                let list = try SocketList(parsing: try await source.bytes(), file: source.shown)
                let audit = ExposureAudit(
                    mesh, peer: index, firewall: mesh.firewall(of: index),
                    neighborPorts: neighbors.flatMap { $0.ports(of: source.peer) })
                audited.append(AuditedPeer(name: source.peer, rows: audit.rows(for: list)))
            } catch let failure as Failure where failure.status == .meshInvalid {
                findings += failure.diagnostics
            }
        }
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
        Result.print(format.json ? try JSONText.encode(audited.flatMap(\.entries)) : AuditText(audited).text)
        if audited.contains(where: \.hasFindings) { throw ExitCode(ExitStatus.no.rawValue) }
    }

    // MARK: where sockets come from

    private struct Source {
        enum Place {
            case input
            case file(String)
            case here
        }

        let peer: String
        let place: Place

        /// As findings name it.
        var shown: String {
            switch place {
            case .input: "-"
            case .file(let path): path
            case .here: "ss"
            }
        }

        func bytes() async throws -> [UInt8] {
            switch place {
            case .input: return try Terminal.input.readAll()
            case .file(let path): return try TextFolder("").bytes(of: path)
            case .here:
                let result = try await ProcessRunner().run(ToolRun("ss", ["-plunt"]))
                guard result.succeeded else {
                    throw Failure(.inputOutput, .toolFailed, "ss failed: \(quoted(result.errorText))")
                }
                return result.output
            }
        }
    }

    /// In the order of the flags, the argument first.
    private var sources: [Source] {
        get throws {
            var result = peer.map { [Source(peer: $0, place: .input)] } ?? []
            for word in from {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else {
                    throw ValidationError("--from takes a peer and a file, as in mysql-1=ss.txt, not \(quoted(word))")
                }
                result.append(Source(peer: parts[0], place: parts[1] == "-" ? .input : .file(parts[1])))
            }
            if let local { result.append(Source(peer: local, place: .here)) }
            let inputs = result.count {
                if case .input = $0.place { true } else { false }
            }
            if inputs > 1 { throw ValidationError("standard input can hold the sockets of one peer only") }
            let names = result.map(\.peer)
            if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
                throw ValidationError("the sockets of peer \(quoted(twice)) are given twice")
            }
            return result
        }
    }
}

extension Mesh {
    /// What a peer's firewall is rendered for; apps have none.
    fileprivate func firewall(of index: Int) -> FirewallKind {
        let peer = peers[index].declared
        return peer.firewall?.value ?? (peer.platform == .app ? .none : declared.firewall)
    }
}

extension DeclaredMesh {
    /// WireGuard's ports of a peer; none when the mesh has no such peer.
    fileprivate func ports(of name: String) -> [Port] {
        peers.firstIndex { $0.name == name && !$0.isDisabled }.map { ports(of: $0) } ?? []
    }
}
