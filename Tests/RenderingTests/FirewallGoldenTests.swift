import Foundation
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// The six servers of the example in each dialect, against the files on the disk. `UPDATE_GOLDEN=1` rewrites them and
/// fails the run; under `CI` it is refused.
@Suite struct FirewallGoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "FirewallGoldens")
    private static let environment = ProcessInfo.processInfo.environment

    /// The example that the repository comes with.
    static func sixServers() throws -> FirewallPlan {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Mesh/wordpress/mesh.yaml")
        let mesh = try MeshPipeline.mesh(try String(contentsOf: root, encoding: .utf8))
        return try #require(FirewallPlan(mesh, at: nil))
    }

    static func text(_ artifact: Artifact) -> String { String(decoding: artifact.bytes { _ in "" }, as: UTF8.self) }

    /// Text by path.
    private func rendered() throws -> [String: String] {
        let plan = try Self.sixServers()
        var result: [String: String] = [:]
        for artifact in try CloudFirewalls.files(for: plan) { result[artifact.path] = Self.text(artifact) }
        for kind in [FirewallKind.firewalld, .csf, .pf] where Firewalls.backend(kind) != nil {
            for name in ["mysql-1", "tunnel-1"] {
                let host = try #require(plan.mesh.index(of: name))
                for artifact in try Firewalls.artifacts(for: host, in: plan, kind: kind)
                where !artifact.path.hasSuffix(".nft") && !artifact.path.contains("/rules.v") {
                    result["\(kind.rawValue)/\(name)/\(artifact.path)"] = Self.text(artifact)
                }
            }
        }
        return result
    }

    private func golden() throws -> [String: String] {
        var result: [String: String] = [:]
        let paths = try FileManager.default.subpathsOfDirectory(atPath: Self.folder.path)
        for path in paths {
            let url = Self.folder.appending(path: path)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            if !isFolder.boolValue { result[path] = try String(contentsOf: url, encoding: .utf8) }
        }
        return result
    }

    private func update(_ rendered: [String: String]) throws {
        try? FileManager.default.removeItem(at: Self.folder)
        for (path, text) in rendered {
            let url = Self.folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    @Test func `the golden firewalls are as they are rendered`() throws {
        let rendered = try rendered()
        if Self.environment["UPDATE_GOLDEN"] == "1" {
            guard Self.environment["CI"] == nil else {
                Issue.record("goldens are not rewritten in CI")
                return
            }
            try update(rendered)
            Issue.record("the goldens were rewritten: look at them with git diff, then run without UPDATE_GOLDEN")
        }
        let golden = try golden()
        #expect(golden.count >= 20)
        #expect(golden.keys.filter { rendered[$0] == nil }.sorted() == [], "files too many")
        for (path, text) in rendered.sorted(by: { $0.key < $1.key }) {
            #expect(golden[path] == text, "\(path)")
            #expect(text.hasSuffix("\n") && !text.contains("\n\n\n"), "\(path)")
        }
    }
}
