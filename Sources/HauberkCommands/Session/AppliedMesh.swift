import Addresses
import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import SystemAccess

/// The mesh that an output folder was rendered from, as the renders there have left it.
struct AppliedMesh {
    /// What is known of the mesh.
    enum Source {
        case known(mesh: DeclaredMesh, lock: LockFile, digest: String)
        /// A clause that says why nothing is.
        case unknown(String)
    }

    let source: Source
    /// How the hosts were rendered last; nil where nothing says.
    let record: RenderRecord?
    /// Who has files in the folder, or has acknowledged some.
    let hosts: Set<String>
    private let kind: PlanSession.Former

    static func read(_ output: any FormerOutput, mesh: String, hosts: Set<String>) throws -> AppliedMesh {
        let folder = RenderRecord.folder(of: mesh)
        let all = try record("\(folder)/all", output)
        var own: [String: RenderRecord] = [:]
        let prefix = "\(folder)/hosts/"
        for path in output.paths where path.hasPrefix(prefix) {
            own[String(path.dropFirst(prefix.utf8.count))] = try record(path, output)
        }
        let records = hosts.sorted().compactMap { own[$0] ?? all }
        let record = all ?? records.first
        let words = Words(of: output.kind)
        func applied(_ source: Source) -> AppliedMesh {
            AppliedMesh(source: source, record: record, hosts: hosts, kind: output.kind)
        }
        if output.isInterrupted { return applied(.unknown("the last render there was cut short; render again")) }
        let open = output.uncertain.filter { $0.value != .notKept }.keys
        if let peer = open.min(by: NaturalOrder.precedes) {
            return applied(.unknown("it is not known what \(quoted(peer)) has; push again"))
        }
        if output.kind == .delivered, hosts.isEmpty { return applied(.unknown("no host has acknowledged anything")) }
        guard let first = records.first, records.count == hosts.count else { return applied(.unknown(words.missing)) }
        guard records.allSatisfy({ $0.digest == first.digest }) else { return applied(.unknown(words.mixed)) }
        guard let source = try snapshot("\(folder)/\(first.digest)", first.digest, output) else {
            return applied(.unknown(words.changed))
        }
        return applied(source)
    }

    /// Why nothing is known, and what is to be done about it.
    private struct Words {
        let missing: String
        let mixed: String
        let changed: String

        init(of kind: PlanSession.Former) {
            switch kind {
            case .rendered:
                missing = "the folder does not say which mesh it was rendered from, as older ones do not; render again"
                mixed = "hosts there were rendered from different states of the mesh; render all of them again"
                changed = "the mesh that the folder was rendered from has been changed or removed there; render again"
            case .delivered:
                missing = "it is not kept of which mesh all hosts are; push to all of them again"
                mixed = "hosts have acknowledged different states of the mesh; push to all of them"
                changed = "the mesh that hosts have acknowledged has been changed or removed there; push again"
            }
        }
    }

    private static func record(_ path: String, _ output: any FormerOutput) throws -> RenderRecord? {
        guard try output.isAsRecorded(path) else { return nil }
        return try output.withBytes(of: path) { RenderRecord(parsing: Array($0)) }.flatMap { $0 }
    }

    /// Nil when the files are not those of the digest, or are no mesh.
    private static func snapshot(_ folder: String, _ digest: String, _ output: any FormerOutput) throws -> Source? {
        guard let yaml = try output.withBytes(of: "\(folder)/\(LoadedMesh.yamlName)", { Array($0) }),
            let lock = try output.withBytes(of: "\(folder)/\(LoadedMesh.lockName)", { Array($0) }),
            RenderRecord.digest(yaml: yaml, lock: lock) == digest,
            let tree = try? YAMLTree(parsing: yaml, file: LoadedMesh.yamlName),
            let locked = try? LockFile(parsing: lock, file: LoadedMesh.lockName),
            let declared = MeshCheck.check(tree.root, file: LoadedMesh.yamlName, lock: locked).declared
        else { return nil }
        return .known(mesh: declared, lock: locked, digest: digest)
    }

    /// The names of peers by their public keys then.
    var names: [String: String] {
        guard case .known(_, let lock, _) = source else { return [:] }
        return Dictionary(lock.peers.map { ($1.publicKey, $0) }.sorted { $0.1 < $1.1 }) { first, _ in first }
    }

    /// Which flows open and close on the way to a mesh; `digest` is of its files.
    func flows(to mesh: Mesh, digest: String?, at moment: Int64) -> ChangeSet.Flows {
        guard case .known(var former, let lock, let before) = source else {
            if case .unknown(let why) = source { return .unknown(why) }
            return .told([])
        }
        let absent = former.peers.indices.filter { index in
            let peer = former.peers[index]
            // Nothing is delivered to apps: they are what their mesh says.
            return !peer.isDisabled && !hosts.contains(peer.name) && (kind == .rendered || peer.platform == .linux)
        }
        if before == digest, absent.isEmpty { return .told([]) }
        for index in absent { former.peers[index].isDisabled = true }
        let applied = PolicyState(former, addresses: lock.peers.mapValues(\.addresses), moment: moment)
        let desired = PolicyState(
            mesh.declared, addresses: Dictionary(uniqueKeysWithValues: mesh.peers.map { ($0.name, $0.addresses) }),
            moment: moment)
        return .told(FlowDiff.changes(from: applied, to: desired))
    }
}
