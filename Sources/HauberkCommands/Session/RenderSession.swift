import Diagnostics
import HostPlans
import Keys
import MeshModel
import Rendering
import SystemAccess

/// Renders a mesh into a folder: what differs is written, and only that is produced.
struct RenderSession {
    let mesh: Mesh
    /// The dialects of the hosts, and the other meshes on them.
    var firewalls: HostFirewalls { plan.firewalls }
    private let plan: MeshPlan
    private let targets: [Target]
    private let secrets: MeshSecrets
    /// The mesh as it will be after the rotation that runs, with its secrets; nil while none runs.
    private let next: MeshRendering.Part?

    /// Where the keys of peers come from that keep their private keys to themselves.
    enum HeldKeys {
        /// Their hosts have them; the files say so.
        case onHosts
        /// The lab makes some in their place, for its own run alone.
        case standIns
    }

    init(
        _ loaded: LoadedMesh, identity: IdentityOptions, targets names: [String], firewall: FirewallKind? = nil,
        _ held: HeldKeys = .onHosts
    ) throws {
        let complete = try loaded.complete()
        let hosts = held == .onHosts ? [] : complete.peers.indices.filter { complete.peers[$0].holdsOwnKey }
        let batch = PrivateKey.generate(count: hosts.count)
        mesh = complete.replacing(
            publicKeys: Dictionary(uniqueKeysWithValues: zip(hosts, batch.publicKeys.map(\.description))))
        let beside = try BesideMeshes.read(mesh.declared, at: loaded.path)
        plan = MeshPlan(mesh, firewalls: HostFirewalls(mesh, override: firewall, beside: beside))
        let set = try OwnTemplates.targets(of: loaded.path)
        var targets: [Target] = []
        for name in names where !targets.contains(where: { $0.name == name }) { targets.append(try set.target(name)) }
        self.targets = targets
        let findings = TemplateMeaning.findings(targets, plan)
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
        guard let keyring = loaded.keyring else { throw MeshEdit.incomplete(loaded) }
        let unlocked = try keyring.unlock(with: try OperatorIdentity(options: identity).open())
        let standIns = Dictionary(uniqueKeysWithValues: hosts.enumerated().map { ($1, batch.privateKey(at: $0)) })
        secrets = try MeshSecrets(mesh, unlocked, standIns: standIns)
        let firewalls = plan.firewalls
        next = try mesh.next.map {
            MeshRendering.Part(
                plan: MeshPlan($0, firewalls: firewalls), secrets: try MeshSecrets($0, unlocked, standIns: standIns))
        }
    }

    /// The Cloud Firewalls of the mesh, in a folder of its name; none without a policy. Throws what does not fit.
    func cloudFirewalls() throws(Failure) -> [Artifact] {
        guard let policies = FirewallRendering(plan)?.policies else { return [] }
        return try CloudFirewalls.files(for: policies).map { file in
            let name = file.path.split(separator: "/").last ?? ""
            return Artifact(
                path: "digitalocean-\(mesh.name)/\(name)", mode: file.mode, check: file.check, pieces: file.pieces)
        }
    }

    /// Brings the folder to what the mesh says; an empty `names` means every peer. `common` are files of the mesh that
    /// belong on no host, with their folders.
    func write(below root: String, only names: [String], with common: [Artifact] = []) throws -> OutputReport {
        var progress = Progress()
        defer { progress.finish() }
        var done = 0
        var (rendering, entries) = try rendering(of: names)
        entries += rendering.entries(common)
        let shared = common.filter { !RenderRecord.owns($0.path) }
        let folders = Set(names + shared.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        let tree = OutputTree(root: root, mesh: mesh.name)
        return try tree.write(
            entries, scope: names.isEmpty ? .everything : .folders(folders),
            shared: mesh.wireGuard.presharedKeys != .off
                ? InputDigest(sharedFingerprint) : nil
        ) { index, writer in
            try rendering.produce(index, into: &writer)
            done += 1
            progress.update("rendering: \(done) of at most \(entries.count) files")
        }
    }

    /// What belongs to the hosts, by an empty `names` to all, and what makes its bytes.
    func rendering(of names: [String]) throws -> (rendering: MeshRendering, entries: [OutputEntry]) {
        let chosen = names.isEmpty ? nil : Set(names.compactMap(mesh.index))
        var rendering = MeshRendering(parts, targets: targets, firewalls: FirewallRendering(plan))
        let entries = try rendering.entries(of: chosen)
        return (rendering, entries)
    }

    private var parts: [MeshRendering.Part] {
        [MeshRendering.Part(plan: plan, secrets: secrets)] + (next.map { [$0] } ?? [])
    }

    private var sharedFingerprint: [UInt8] {
        next.map { Digest.blake2b128(secrets.fingerprint + $0.secrets.fingerprint) } ?? secrets.fingerprint
    }

    /// The bytes of one host's first file, secrets and all: of the only interface of a host that has but one. Nil when
    /// the targets have none for it.
    func configuration(of host: Int) -> Secret? {
        guard let part = parts.first(where: { $0.plan.mesh.role(of: host) != nil }) else { return nil }
        let view = part.plan.view(mesh.topology.classOfPeer[host])
        let own = part.plan.host(host, in: view)
        let artifact = targets.lazy.flatMap { HostRenderer($0, for: view, in: part.plan).artifacts(for: own) }.first
        return artifact.map { $0.bytes(part.secrets) }
    }
}

extension Artifact {
    /// The artifact's bytes with its secrets.
    func bytes(_ secrets: MeshSecrets) -> Secret {
        Secret(count: byteCount) { memory in
            var offset = 0
            for piece in pieces {
                let part = UnsafeMutableRawBufferPointer(rebasing: memory[offset..<(offset + piece.byteCount)])
                piece.write(to: part, secrets)
                offset += piece.byteCount
            }
        }
    }
}

extension ArtifactPiece {
    /// Writes the piece with its secrets; `memory` has exactly its size.
    func write(to memory: UnsafeMutableRawBufferPointer, _ secrets: MeshSecrets) {
        switch self {
        case .text(let text):
            memory.copyBytes(from: text.bytes)
            for hole in text.holes { secrets.write(hole.secret, to: memory.rebased(at: hole.offset)) }
        case .sections(let block, let range, let viewer):
            let start = block.starts[range.lowerBound]
            memory.copyMemory(from: block.bytes(of: range))
            for hole in block.holes(in: range) {
                secrets.writePresharedKey(
                    viewer, block.peers[hole.section], to: memory.rebased(at: hole.offset - start))
            }
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The address of a byte inside.
    fileprivate func rebased(at offset: Int) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && offset < count)
        guard let baseAddress else { preconditionFailure("a buffer of \(count) bytes has an address") }
        return baseAddress + offset
    }
}
