import Diagnostics
import Foundation
import HostPlans
import MeshFiles
import MeshFixtures
import MeshModel
import Rendering

/// A folder of `Goldens/`: a mesh with its lock file, and what every built-in target renders of it.
struct GoldenMesh {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens")

    let name: String
    var path: URL { Self.folder.appending(path: name) }

    /// All meshes that there are, by name.
    static func all() throws -> [GoldenMesh] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { GoldenMesh(name: $0) }
    }

    var yaml: String {
        get throws { try String(contentsOf: path.appending(path: "mesh.yaml"), encoding: .utf8) }
    }

    private var lockFile: URL { path.appending(path: "mesh.lock") }

    /// The mesh with the addresses and keys that its lock file holds.
    func mesh() throws -> Mesh {
        let lock = try LockFile(parsing: Array(try Data(contentsOf: lockFile)), file: "\(name)/mesh.lock")
        return try MeshPipeline.mesh(yaml, lock: lock)
    }

    func rendered() throws -> RenderedMesh { RenderedMesh(try mesh(), TargetSet.builtInTargets) }

    /// The back ends whose files are among the goldens of a mesh with a policy.
    static let firewalls: [FirewallKind] = [.nftables]

    /// What the targets and the back ends render: text by path, below the name of the target or dialect.
    func tree() throws -> [String: String] {
        let rendered = try rendered()
        var tree = try firewallTree(rendered.mesh)
        for target in TargetSet.builtInTargets {
            for (path, bytes) in rendered.tree(of: target.name) {
                tree["\(target.name)/\(path)"] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return tree
    }

    /// Empty for a mesh without a policy.
    private func firewallTree(_ mesh: Mesh) throws -> [String: String] {
        guard let plan = FirewallPlan(mesh, at: nil) else { return [:] }
        var tree: [String: String] = [:]
        for kind in Self.firewalls {
            for host in mesh.peers.indices {
                for artifact in try Firewalls.artifacts(for: host, in: plan, kind: kind) {
                    let text = String(decoding: artifact.bytes { _ in "" }, as: UTF8.self)
                    tree["\(kind.rawValue)/\(mesh.peers[host].name)/\(artifact.path)"] = text
                }
            }
        }
        return tree
    }

    /// What is on the disk.
    func golden() throws -> [String: String] {
        var tree: [String: String] = [:]
        for file in try FileManager.default.subpathsOfDirectory(atPath: path.path) {
            let url = path.appending(path: file)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue,
                file != "mesh.yaml", file != "mesh.lock"
            else { continue }
            tree[file] = try String(contentsOf: url, encoding: .utf8)
        }
        return tree
    }

    /// Writes what is rendered now, after the lock file where there is none.
    func update() throws {
        let files = FileManager.default
        if !files.fileExists(atPath: lockFile.path) {
            let lock = try MeshPipeline.allocate(yaml, from: MeshPipeline.emptyLock(name)).lock
            try Data(lock.text).write(to: lockFile)
        }
        for target in try files.contentsOfDirectory(atPath: path.path) where !target.hasPrefix("mesh.") {
            try files.removeItem(at: path.appending(path: target))
        }
        for (file, text) in try tree() {
            let url = path.appending(path: file)
            try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    /// The golden text of a file with a throw-away key in the place of each secret.
    static func usable(_ text: String) -> String {
        text.split(separator: "<", omittingEmptySubsequences: false).enumerated().map { index, part in
            guard index > 0, let end = part.firstIndex(of: ">") else { return String(part) }
            return FakeKeys.key(String(part[..<end])) + part[part.index(after: end)...]
        }.joined()
    }
}
