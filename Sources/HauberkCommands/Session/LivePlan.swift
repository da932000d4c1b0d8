import Delivery
import Diagnostics
import MeshModel
import SystemAccess

/// What hosts say, asked over ssh, that the mesh would change of what runs there and of their files.
struct LivePlan: Encodable {
    /// How a host stands to its tree. The words stay the same from version to version.
    enum Standing: String, Encodable {
        case unchanged, changed, refused, unreachable
    }

    struct Host: Encodable {
        let peer: String
        var standing: Standing
        /// What `apply` would do, in its order; empty for nothing, and where it was not told.
        var steps: [String] = []
        /// The files that it would write or remove.
        var files: [String] = []
        var cutsSessions = false
        /// Why it was not told; nil when it was.
        var message: String?
    }

    /// In the order of their names.
    private(set) var hosts: [Host] = []

    var hasChanges: Bool { hosts.contains { $0.standing == .changed } }

    /// Done when every host has told.
    var status: ExitStatus {
        if hosts.contains(where: { $0.standing == .refused }) { return .no }
        return hosts.contains { $0.standing == .unreachable } ? .hostUnreachable : .done
    }

    /// Asks so many hosts at a time; `tree` gives each host's files when its turn comes.
    ///
    /// - Throws: `Failure` when ssh(1) is missing, or a tree cannot be made.
    init(
        of peers: [String], in mesh: Mesh, _ settings: PushSession.Settings, tools: any ToolRunning = ProcessRunner(),
        tree: (String) throws -> [HostFile]
    ) async throws {
        Interruption.watch()
        var done: [String: Host] = [:]
        try await withThrowingTaskGroup(of: Host?.self) { group in
            group.addTask {
                await Interruption.wait()
                return nil
            }
            var waiting = peers[...]
            var running = 0
            repeat {
                while running < settings.parallel, let peer = waiting.popFirst() {
                    let files = try tree(peer)
                    group.addTask { try await Self.ask(peer, files, mesh, settings, tools) }
                    running += 1
                }
                guard running > 0, let next = try await group.next() else { break }
                guard let host = next else { throw Failure(.no, .toolFailed, "the plan was interrupted") }
                running -= 1
                done[host.peer] = host
            } while true
            group.cancelAll()
        }
        hosts = peers.compactMap { done[$0] }
    }

    private static func ask(
        _ peer: String, _ files: [HostFile], _ mesh: Mesh, _ settings: PushSession.Settings, _ tools: any ToolRunning
    ) async throws -> Host {
        var host = Host(peer: peer, standing: .unreachable)
        guard let index = mesh.index(of: peer),
            let target = try await settings.route.target(of: mesh.peers[index], tools)
        else {
            host.message = "the mesh knows no such address of it"
            return host
        }
        let push = HostPush(tools: tools, halves: settings.halves, confirmWithin: settings.confirmWithin) { _ in }
        do {
            switch try await push.plan(files, on: target) {
            case .unreachable(let why): host.message = why
            case .refused(let why): (host.standing, host.message) = (.refused, why)
            case .told(let text): host.take(text, mesh)
            }
        } catch let failure as Failure where failure.status != .toolMissing {
            (host.standing, host.message) = (.refused, failure.diagnostics.first?.message)
        }
        return host
    }
}

extension LivePlan.Host {
    /// What its `apply` has answered, with the names of peers in the place of their keys.
    fileprivate mutating func take(_ text: String, _ mesh: Mesh) {
        guard let said = JSONValue(parsing: text), case .text(let outcome) = said["outcome"] else {
            (standing, message) = (.refused, "it gave another answer than `apply --dry-run` gives")
            return
        }
        standing = outcome == "unchanged" ? .unchanged : .changed
        let names = mesh.namesByKey
        steps = said["steps"]?.texts.map { Self.named($0, names) } ?? []
        files = said["files"]?.texts ?? []
        cutsSessions = said["cutsSessions"] == .bool(true)
    }

    /// A key of 32 bytes in base64 (RFC 4648) has 44 characters.
    private static func named(_ step: String, _ names: [String: String]) -> String {
        step.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let key = String(word.prefix(44))
            return names[key].map { $0 + word.dropFirst(44) } ?? String(word)
        }.joined(separator: " ")
    }
}

extension Mesh {
    /// The peers' names by their public keys, now and next.
    fileprivate var namesByKey: [String: String] {
        var names = Dictionary(peers.map { ($0.publicKey, $0.name) }, uniquingKeysWith: { first, _ in first })
        for (index, key) in rotation?.nextKeys ?? [:] { names[key] = peers[index].name }
        return names
    }
}
