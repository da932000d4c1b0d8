import Diagnostics
import HostPlans
import Keys
import MeshFiles
import SystemAccess

/// What a render leaves in the output folder besides hosts' files: the mesh that it rendered, so that a plan can tell
/// flows, and how.
///
/// `.hauberk/MESH/DIGEST/` holds mesh.yaml and mesh.lock, which hold no secret. `.hauberk/MESH/all` names the digest for
/// every host, and `.hauberk/MESH/hosts/PEER` for one that was rendered by itself since. Nothing in it depends on time.
struct RenderRecord: Equatable {
    /// Of mesh.yaml and mesh.lock, in hexadecimal.
    let digest: String
    let targets: [String]
    /// What `--firewall` said; nil without.
    let firewall: FirewallChoice?

    private static let title = "hauberk-rendered 1"
    private static let root = ".hauberk"

    static func folder(of mesh: String) -> String { "\(root)/\(mesh)" }

    static func owns(_ path: String) -> Bool { path.hasPrefix("\(root)/") }

    /// Of a mesh's files as they are.
    static func digest(yaml: [UInt8], lock: [UInt8]) -> String {
        let parts = Digest.blake2b128(yaml) + Digest.blake2b128(lock)
        return Digest.blake2b128(parts).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    // MARK: writing

    private let mesh: String
    private let yaml: [UInt8]
    private let lock: [UInt8]

    /// Nil while there is no lock file.
    init?(_ loaded: LoadedMesh, targets: [String], firewall: FirewallChoice?) {
        guard let yaml = loaded.snapshot.yaml, let lock = loaded.snapshot.lock, let name = loaded.lock?.name else {
            return nil
        }
        (self.yaml, self.lock, mesh) = (yaml, lock, name)
        digest = Self.digest(yaml: yaml, lock: lock)
        self.targets = targets
        self.firewall = firewall
    }

    /// The files that say so; an empty `peers` means all.
    func artifacts(of peers: [String]) -> [Artifact] {
        let folder = Self.folder(of: mesh)
        let names = peers.isEmpty ? ["all"] : Set(peers).sorted().map { "hosts/\($0)" }
        return names.map { Self.artifact("\(folder)/\($0)", Array(text.utf8)) } + [
            Self.artifact("\(folder)/\(digest)/\(LoadedMesh.yamlName)", yaml),
            Self.artifact("\(folder)/\(digest)/\(LoadedMesh.lockName)", lock),
        ]
    }

    private static func artifact(_ path: String, _ bytes: [UInt8]) -> Artifact {
        var text = SecretText()
        text.append(bytes[...])
        return Artifact(path: path, mode: 0o600, check: nil, pieces: [.text(text)])
    }

    private var text: String {
        "\(Self.title)\nmesh \(digest)\ntargets \(targets.joined(separator: " "))\n"
            + (firewall.map { "firewall \($0.defaultValueDescription)\n" } ?? "") + "end\n"
    }

    /// A report about hosts' files alone.
    static func hidden(in report: OutputReport, _ record: [Artifact]) -> OutputReport {
        var result = report
        result.written.removeAll(where: owns)
        result.repaired.removeAll(where: owns)
        result.removed.removeAll(where: owns)
        let touched = (report.written + report.repaired).count(where: owns)
        result.unchanged -= record.count - touched
        return result
    }

    // MARK: reading

    /// Nil if the text is not a whole record.
    init?(parsing text: [UInt8]) {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.first == Self.title, lines.last == "end" else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst().dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2, fields.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        guard let digest = fields["mesh"], digest.utf8.count == 32, digest.allSatisfy(\.isHexDigit),
            let targets = fields["targets"]?.split(separator: " ").map(String.init), !targets.isEmpty
        else { return nil }
        var firewall: FirewallChoice?
        if let word = fields["firewall"] {
            guard let choice = FirewallChoice(argument: word) else { return nil }
            firewall = choice
        }
        self.digest = digest
        self.targets = targets
        self.firewall = firewall
        (mesh, yaml, lock) = ("", [], [])
    }
}
