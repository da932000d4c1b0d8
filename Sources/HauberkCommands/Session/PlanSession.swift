import Addresses
import Delivery
import Diagnostics
import Glibc
import HostPlans
import Keys
import MeshFiles
import MeshModel
import Rendering
import SystemAccess

/// Holds what the mesh would render now against an output folder, or what hosts have acknowledged; writes nothing.
struct PlanSession {
    private let output: any FormerOutput
    private let applied: AppliedMesh
    private let session: RenderSession
    /// Who is asked about; empty for all.
    private let peers: [String]
    private let digest: String?
    /// Whose files are compared; nil for everybody's.
    private let compared: Set<String>?
    /// The files that renders have written, by host.
    private let recorded: [String: [String]]
    /// Who has files, known or not.
    private let formerHosts: Set<String>
    private let names: (desired: [String: String], applied: [String: String], addresses: [IPPrefix: String])

    /// What `--firewall` said, here or when the folder was rendered.
    let firewall: FirewallChoice?

    /// What is held against the mesh.
    enum Former {
        /// The files of the folder.
        case rendered
        /// What the hosts have acknowledged, by the record of deliveries in the folder.
        case delivered
    }
    var mesh: Mesh { session.mesh }

    init(
        _ loaded: LoadedMesh, identity: IdentityOptions, out: String, peers: [String], firewall: FirewallChoice?,
        _ former: Former = .rendered
    ) throws {
        let complete = try loaded.complete()
        let hosts = complete.peers.filter { $0.declared.platform == .linux }.map(\.name)
        output =
            switch former {
            case .rendered:
                try ObservedOutput(
                    OutputTree(root: out, mesh: complete.name, fileSystem: Surroundings.current.files))
            case .delivered: try DeliveredOutput(out: out, mesh: complete.name)
            }
        // Nothing is delivered to apps.
        compared = former == .delivered ? Set(hosts) : nil
        let cloud = "digitalocean-\(complete.name)"
        recorded = Dictionary(grouping: output.paths.filter { !RenderRecord.owns($0) }) { path in
            String(path.prefix { $0 != "/" })
        }.filter { $0.key != cloud }
        formerHosts = Set(recorded.keys).union(output.uncertain.keys)
        applied = try AppliedMesh.read(output, mesh: complete.name, hosts: formerHosts)
        self.firewall = firewall ?? applied.record?.firewall
        session = try RenderSession(
            loaded, identity: identity, targets: applied.record?.targets ?? ["wg-quick"], firewall: self.firewall?.kind)
        self.peers = peers
        digest = loaded.snapshot.yaml.flatMap { yaml in
            loaded.snapshot.lock.map { RenderRecord.digest(yaml: yaml, lock: $0) }
        }
        let mesh = session.mesh
        names = (
            Dictionary(uniqueKeysWithValues: mesh.peers.map { ($0.publicKey, $0.name) }), applied.names,
            Dictionary(
                mesh.peers.flatMap { peer in peer.addresses.map { (IPPrefix.host($0), peer.name) } },
                uniquingKeysWith: { first, _ in first })
        )
    }

    func changes() throws -> ChangeSet {
        var (rendering, entries) = try session.rendering(of: peers)
        let byHost = Dictionary(grouping: entries.indices) { String(entries[$0].path.prefix { $0 != "/" }) }
        var hosts: [HostChange] = []
        var progress = Progress()
        defer { progress.finish() }
        let names = byHost.keys.filter { compared?.contains($0) ?? true }.sorted(by: NaturalOrder.precedes)
        for (number, name) in names.enumerated() {
            let wanted = (byHost[name] ?? []).map { (index: $0, entry: entries[$0]) }
            if let why = output.uncertain[name] {
                hosts.append(HostChange(name, .unknown, why.words))
            } else if let change = try change(of: name, wanted, &rendering) {
                hosts.append(change)
            }
            progress.update("comparing: \(number + 1) of \(names.count) hosts")
        }
        if peers.isEmpty {
            for name in formerHosts where byHost[name] == nil { hosts.append(HostChange(name, .removed)) }
        }
        let flows = flows()
        try output.requireUntouched()
        hosts.sort { NaturalOrder.precedes($0.name, $1.name) }
        return ChangeSet(hosts: hosts, compared: names.count, flows: flows)
    }

    /// What the hosts would be given now, asked of them over ssh.
    func live(_ settings: PushSession.Settings) async throws -> LivePlan {
        var (rendering, entries) = try session.rendering(of: peers)
        let byHost = Dictionary(grouping: entries.indices) { String(entries[$0].path.prefix { $0 != "/" }) }
        let hosts = mesh.peers.filter { $0.declared.platform == .linux && byHost[$0.name] != nil }
        let names = hosts.map(\.name).sorted(by: NaturalOrder.precedes)
        return try await LivePlan(of: names, in: mesh, settings) { name in
            try (byHost[name] ?? []).map { index in
                let bytes = try rendering.withBytes(of: index) { Array($0) }
                let path = String(entries[index].path.dropFirst(name.utf8.count + 1))
                return HostFile(path: path, mode: entries[index].mode, bytes: bytes)
            }
        }
    }

    /// Those with an end that is asked about.
    private func flows() -> ChangeSet.Flows {
        let flows = applied.flows(to: session.mesh, digest: digest, at: Moment.now.seconds)
        guard case .told(let changes) = flows, !peers.isEmpty else { return flows }
        let asked = Set(peers)
        return .told(changes.filter { !asked.isDisjoint(with: $0.from.peers + $0.to.peers) })
    }

    // MARK: one host

    private typealias Wanted = (index: Int, entry: OutputEntry)

    /// Nil when everything is as it should be.
    private func change(of name: String, _ wanted: [Wanted], _ rendering: inout MeshRendering) throws -> HostChange? {
        let standings = try wanted.map { try output.standing(of: $0.entry) }
        let prefix = "\(name)/"
        let paths = Set(wanted.map(\.entry.path))
        var stale = try (recorded[name] ?? []).filter { path in
            try !paths.contains(path) && output.mode(of: path) != nil
        }
        if stale.isEmpty, standings.allSatisfy({ $0 == .missing }) { return HostChange(name, .added) }
        var change = HostChange(name, .changed)
        var isCompared = false
        for ((index, entry), standing) in zip(wanted, standings) {
            let path = String(entry.path.dropFirst(prefix.utf8.count))
            switch standing {
            case .same:
                if try output.mode(of: entry.path) != entry.mode { change.files.append(FileChange(path, .mode)) }
            case .missing:
                let file = FileChange(path, .added)
                change.files.append(file)
                // An interface that got another name is compared with what it was.
                if file.role == .interface, !isCompared, let former = stale.first(where: { Self.isLike($0, path) }) {
                    isCompared = true
                    _ = try differs(former, index, &rendering) { compare($0, $1, &change) }
                }
            case .unknown:
                let file = FileChange(path, .changed)
                let isFirst = file.role == .interface && !isCompared
                let differs = try differs(entry.path, index, &rendering) { old, new in
                    if isFirst { compare(old, new, &change) }
                }
                if differs {
                    change.files.append(file)
                    isCompared = isCompared || isFirst
                } else if try output.mode(of: entry.path) != entry.mode {
                    change.files.append(FileChange(path, .mode))
                }
            }
        }
        stale.sort()
        change.files += stale.map { FileChange(String($0.dropFirst(prefix.utf8.count)), .removed) }
        return change.files.isEmpty ? nil : change
    }

    /// Whether a file has other bytes than an entry; if so, both are lent.
    private func differs(
        _ path: String, _ index: Int, _ rendering: inout MeshRendering,
        _ work: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws -> Bool {
        try output.withBytes(of: path) { old in
            try rendering.withBytes(of: index) { new in
                if same(old, new) { return false }
                work(old, new)
                return true
            }
        } ?? true
    }

    private func compare(_ old: UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer, _ change: inout HostChange) {
        ConfigComparison(old, new).note(in: &change, name)
    }

    /// A peer by its key, now or then, else by its address; the key of one that nobody knows.
    private func name(_ peer: WireGuardConfig.Peer) -> String {
        names.desired[peer.publicKey] ?? names.applied[peer.publicKey]
            ?? peer.allowedIPs.lazy.compactMap { names.addresses[$0] }.first
            ?? (peer.publicKey.isEmpty ? "without a key" : peer.publicKey)
    }

    /// Whether two files are of the same kind, under another interface's name.
    private static func isLike(_ former: String, _ path: String) -> Bool {
        let isInterface = former.contains("/etc/wireguard/")
        return isInterface && former.split(separator: ".").last == path.split(separator: ".").last
    }
}

private func same(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard let left = a.baseAddress, let right = b.baseAddress else { return a.isEmpty && b.isEmpty }
    return a.count == b.count && memcmp(left, right, a.count) == 0
}
