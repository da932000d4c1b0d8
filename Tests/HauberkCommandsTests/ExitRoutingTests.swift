import Testing

/// Users of an exit, brought up by wg-quick from what was rendered.
@Suite struct ExitRoutingTests {
    private static let mesh = """
        mesh: leaving
        prefixes: [10.92.0.0/16, fd2c:41b7:6a00::/48]
        firewall: none
        sites: {nyc3: {network: 10.136.0.0/16, interface: eth1, public-interface: eth0}}
        exits: [{via: gate, for: near or far}]
        relays: [gate]
        guard: {rescue: {from: gate}}
        peers:
          gate: {site: nyc3, private: 10.136.0.2, public: 203.0.113.30}
          near: {site: nyc3, private: 10.136.0.3}
          far: {}
        """

    @Test func `users leave by the gateway, keep to their site, and are as before when the tunnel is down`() throws {
        let folder = try TranscriptFolder()
        defer { folder.remove() }
        try folder.require("mkdir -p Mesh/leaving && cat >Mesh/leaving/mesh.yaml <<'END'\n\(Self.mesh)\nEND")
        try folder.require("export HAUBERK_IDENTITY=identity && hauberk init Mesh/leaving && hauberk render --out out")
        let script = "$REPOSITORY/Tests/HauberkCommandsTests/Fixtures/exit-routing.sh"
        let outcome = try folder.run(
            """
            user=; [ "$(id -u)" = 0 ] || user=-r
            exec unshare $user -nmpf --mount-proc --kill-child sh "\(script)" "$PWD/out"
            """)
        #expect(outcome.status == 0, "\(outcome.output)")
        let expected = [
            "near reaches the Internet", "far reaches the Internet", "the Internet sees the gateway",
            "the site stays on the site", "up again over what was left", "down leaves nothing",
        ]
        #expect(outcome.output.split(separator: "\n").map(String.init) == expected)
    }
}
