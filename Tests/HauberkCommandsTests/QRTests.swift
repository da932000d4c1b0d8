import SystemAccess
import TestSupport
import Testing

/// What a phone's camera sees is the file that `render` would write.
@Suite struct QRTests {
    @Test func `the code holds the rendered configuration, byte for byte`() async throws {
        try await withScene { scene in
            try scene.does(["render", "--out", "\(scene.folder)/out", "laptop"], as: "alice")
            let file = try #require(text("\(scene.folder)/out/laptop/etc/wireguard/wg0.conf"))
            #expect(file.contains("PrivateKey = ") && !file.contains("PostUp"), "an app runs no commands")
            var run = ToolRun("qrencode", ["-t", "ANSIUTF8", "-o", "-"])
            run.input = Array(file.utf8)
            let expected = try await ProcessRunner().run(run)
            try #require(expected.succeeded)
            #expect(try scene.does(["qr", "laptop"], as: "alice") == expected.outputText)
        }
    }

    @Test func `a picture is private and never written over another file`() async throws {
        try await withScene { scene in
            let picture = "\(scene.folder)/laptop.png"
            try scene.does(["qr", "laptop", "--png", picture], as: "alice")
            #expect(bytes(picture)?.prefix(8) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
            let status = try #require(try RealFileSystem().status(of: Place(picture, in: .current)))
            #expect(status.mode & 0o777 == 0o600)
            #expect(try scene.tries(["qr", "laptop"], as: "alice", ["--png", picture]).status == 64)
        }
    }

    /// A mesh with a laptop that runs the WireGuard app.
    private func withScene(_ work: (OperatorsScene) async throws -> Void) async throws {
        let folder = try TemporaryFolder(prefix: "hauberk-test-qr")
        defer { folder.remove() }
        let scene = OperatorsScene(folder: folder.path)
        try scene.begin()
        try scene.does(["set", "laptop", "--platform", "app"], as: "alice")
        try await work(scene)
    }
}
