import Diagnostics
import HostPlans
import Keys
import MeshModel
import Rendering
import SystemAccess

/// The artifacts of many hosts: first their digests, class by class; later the bytes of those that are asked for.
///
/// Only a few classes are held as rendered text at a time, so memory does not grow with hosts times peers.
struct MeshRendering {
    private let parts: [Part]
    private let targets: [Target]
    private var firewalls: FirewallRendering?
    private var sources: [Source] = []
    private var classes: [ClassID: RenderedClass] = [:]
    private var recency: [ClassID] = []
    private var scratch = ScratchMemory()

    private static let classLimit = 16

    /// The mesh as it is, or as it will be after the rotation that runs: one interface of the hosts.
    struct Part {
        let plan: MeshPlan
        let secrets: MeshSecrets
    }

    private struct ClassID: Hashable {
        let part: Int
        let number: Int
    }

    /// Where an entry comes from.
    private struct Source {
        let part: Int
        /// Nil for a file of the mesh that belongs on no host.
        let host: Int?
        /// Index among the targets; nil for the host's firewall.
        let target: Int?
        /// Index among the artifacts of the host and target.
        let artifact: Int
        /// Nil when it is cheaper to make it again than to hold it.
        let held: Artifact?
    }

    private struct RenderedClass {
        let view: ClassView
        let renderers: [HostRenderer]
    }

    /// `firewalls` is nil for a mesh without a policy.
    init(_ parts: [Part], targets: [Target], firewalls: FirewallRendering?) {
        self.parts = parts
        self.targets = targets
        self.firewalls = firewalls
    }

    private var mesh: Mesh { parts[0].plan.mesh }

    /// What belongs into the output folder for the hosts; nil means all. Throws what a firewall's dialect cannot say.
    mutating func entries(of chosen: Set<Int>?) throws(Failure) -> [OutputEntry] {
        var refusals = FirewallRefusals()
        var entries: [OutputEntry] = []
        for part in parts.indices {
            let plan = parts[part].plan
            for number in 0..<plan.classCount {
                let hosts = plan.mesh.topology.members[number].filter { chosen?.contains($0) ?? true }
                if hosts.isEmpty { continue }
                let rendered = rendered(ClassID(part: part, number: number))
                var digests = BlockDigests(mesh: plan.mesh)
                for host in hosts {
                    var artifacts: [(target: Int?, list: [Artifact])] = []
                    if plan.mesh.role(of: host) != nil {
                        let hostPlan = plan.host(host, in: rendered.view)
                        for (target, renderer) in rendered.renderers.enumerated() {
                            artifacts.append((target, renderer.artifacts(for: hostPlan)))
                        }
                    }
                    if part == 0 {
                        artifacts.append(
                            (nil, refusals.keep { () throws(Failure) in try firewalls?.artifacts(for: host) ?? [] }))
                    }
                    for (target, list) in artifacts {
                        for (index, artifact) in list.enumerated() {
                            let held = isLight(artifact) ? artifact : nil
                            sources.append(Source(part: part, host: host, target: target, artifact: index, held: held))
                            entries.append(entry(artifact, of: host, part, &digests))
                        }
                    }
                }
            }
        }
        try refusals.check()
        return entries
    }

    private func entry(
        _ artifact: Artifact, of host: Int, _ part: Int, _ digests: inout BlockDigests
    ) -> OutputEntry {
        OutputEntry(
            path: "\(mesh.peers[host].name)/\(artifact.path)", mode: artifact.mode,
            inputs: InputDigest(digests.digest(of: artifact, for: host, parts[part].secrets)))
    }

    /// The entries of files that belong on no host, after those of hosts.
    mutating func entries(_ common: [Artifact]) -> [OutputEntry] {
        var digests = BlockDigests(mesh: mesh)
        return common.map { artifact in
            sources.append(Source(part: 0, host: nil, target: nil, artifact: 0, held: artifact))
            return OutputEntry(
                path: artifact.path, mode: artifact.mode,
                inputs: InputDigest(digests.digest(of: artifact, for: nil, parts[0].secrets)))
        }
    }

    /// Writes the bytes of an entry.
    mutating func produce(_ index: Int, into writer: inout ArtifactWriter) throws {
        let source = sources[index]
        let artifact = try source.held ?? artifact(of: source)
        let secrets = parts[source.part].secrets
        if let target = source.target, targets[target].isBuiltIn, let former = writer.former,
            try scratch.assemble(artifact, after: former, secrets, { try writer.write($0) })
        {
            return
        }
        try scratch.assemble(artifact, secrets) { try writer.write($0) }
    }

    /// Lends the bytes of an entry, secrets and all, for the length of the call.
    mutating func withBytes<Result>(of index: Int, _ work: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        let source = sources[index]
        let artifact = try source.held ?? artifact(of: source)
        return try artifact.bytes(parts[source.part].secrets).withBytes(work)
    }

    private mutating func artifact(of source: Source) throws(Failure) -> Artifact {
        guard let number = source.host else { preconditionFailure("a file of the mesh is held") }
        guard let target = source.target else {
            guard let list = try firewalls?.artifacts(for: number) else {
                preconditionFailure("a firewall's file comes from a mesh with a policy")
            }
            return list[source.artifact]
        }
        let plan = parts[source.part].plan
        let rendered = rendered(ClassID(part: source.part, number: plan.mesh.topology.classOfPeer[number]))
        let host = plan.host(number, in: rendered.view)
        return rendered.renderers[target].artifacts(for: host)[source.artifact]
    }

    /// Whether the artifact may be held until it is written: neither its own text nor the sections behind it add up.
    private func isLight(_ artifact: Artifact) -> Bool {
        guard parts.count * parts[0].plan.classCount <= Self.classLimit else { return false }
        let ownBytes = artifact.pieces.reduce(0) { sum, piece in
            if case .text(let text) = piece { return sum + text.bytes.count }
            return sum
        }
        return ownBytes <= 2048
    }

    private mutating func rendered(_ id: ClassID) -> RenderedClass {
        if let rendered = classes[id] { return rendered }
        let plan = parts[id.part].plan
        if recency.count == Self.classLimit { classes[recency.removeFirst()] = nil }
        let view = plan.view(id.number)
        let rendered = RenderedClass(view: view, renderers: targets.map { HostRenderer($0, for: view, in: plan) })
        classes[id] = rendered
        recency.append(id)
        return rendered
    }
}

/// The digests of what artifacts are made of.
private struct BlockDigests {
    let mesh: Mesh
    private var blocks: [ObjectIdentifier: [UInt8]] = [:]

    init(mesh: Mesh) {
        self.mesh = mesh
    }

    /// 16 bytes that differ when the artifact's bytes would: its text, its secrets' names, keys and epochs.
    ///
    /// `host` is nil for a file that belongs on none.
    mutating func digest(of artifact: Artifact, for host: Int?, _ secrets: MeshSecrets) -> [UInt8] {
        var input: [UInt8] = []
        input.reserveCapacity(1024)
        let peer = host.map { "\(mesh.peers[$0].publicKey) \(mesh.peers[$0].epoch)" } ?? "-"
        append("\(artifact.path) \(artifact.mode) \(peer)", to: &input)
        input += secrets.fingerprint
        for piece in artifact.pieces {
            switch piece {
            case .text(let text):
                append("\(text.bytes.count)", to: &input)
                input += text.bytes
                for hole in text.holes { append("\(hole.offset) \(name(of: hole.secret))", to: &input) }
            case .sections(let block, let range, let viewer):
                append("sections \(range.lowerBound) \(range.upperBound) \(mesh.peers[viewer].publicKey)", to: &input)
                input += blockDigest(block)
            }
        }
        return Digest.blake2b128(input)
    }

    private mutating func blockDigest(_ block: SectionBlock) -> [UInt8] {
        let id = ObjectIdentifier(block)
        if let known = blocks[id] { return known }
        var input = Digest.blake2b128(block.bytes(of: 0..<block.peers.count))
        for peer in block.peers { append("\(mesh.peers[peer].epoch)", to: &input) }
        for hole in block.holes { append("\(hole.offset)", to: &input) }
        let digest = Digest.blake2b128(input)
        blocks[id] = digest
        return digest
    }

    private func name(of secret: SecretRef) -> String {
        switch secret {
        case .privateKey(let peer): return "private \(mesh.peers[peer].publicKey)"
        case .presharedKey(let a, let b):
            return "preshared \(mesh.peers[a].publicKey) \(mesh.peers[b].publicKey) \(mesh.peers[b].epoch)"
        }
    }

    private func append(_ text: String, to input: inout [UInt8]) {
        input += text.utf8
        input.append(0)
    }
}
