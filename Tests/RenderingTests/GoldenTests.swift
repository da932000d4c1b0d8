import Foundation
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// Whole trees of artifacts against those on the disk. `UPDATE_GOLDEN=1` rewrites them and fails the run, so that
/// nobody commits what he has not looked at; under `CI` it is refused.
@Suite(.serialized) struct GoldenTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test func `the golden trees are as they are rendered`() throws {
        let meshes = try GoldenMesh.all()
        #expect(meshes.count >= 7)
        if Self.environment["UPDATE_GOLDEN"] == "1" {
            guard Self.environment["CI"] == nil else {
                Issue.record("goldens are not rewritten in CI")
                return
            }
            for mesh in meshes { try mesh.update() }
            Issue.record("the goldens were rewritten: look at them with git diff, then run without UPDATE_GOLDEN")
        }
        for mesh in meshes {
            let (rendered, golden) = (try mesh.tree(), try mesh.golden())
            #expect(!golden.isEmpty, "\(mesh.name)")
            #expect(golden.keys.filter { rendered[$0] == nil }.sorted() == [], "files too many in \(mesh.name)")
            for (path, text) in rendered.sorted(by: { $0.key < $1.key }) {
                #expect(golden[path] == text, "\(mesh.name)/\(path)")
            }
        }
    }

    @Test func `a golden shows secrets by name and holds none`() throws {
        for mesh in try GoldenMesh.all() {
            let keys = Set(try mesh.mesh().peers.map(\.publicKey))
            for (path, text) in try mesh.golden() {
                for line in text.split(separator: "\n") where line.contains("Key = ") {
                    let value = line.split(separator: " ", maxSplits: 2)[2]
                    let isPublic = line.hasPrefix("PublicKey") && keys.contains(String(value))
                    #expect(isPublic || value.hasPrefix("<") && value.hasSuffix(">"), "\(mesh.name)/\(path): \(line)")
                }
            }
        }
    }
}
