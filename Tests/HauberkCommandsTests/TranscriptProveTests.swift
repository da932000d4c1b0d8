import Testing

/// What `prove` does with meshes that would reach out of the lab, or lack something in it.
@Suite struct TranscriptProveTests {
    private func prove(_ peers: String) throws -> (folder: TranscriptFolder, outcome: TranscriptFolder.Outcome) {
        let folder = try TranscriptFolder()
        let mesh = "mesh: lab\nprefixes: 10.95.0.0/16\npeers:\n\(peers)".replacing("FOLDER", with: folder.path)
        try folder.require("mkdir mesh && cat >mesh/mesh.yaml <<'EOF'\n\(mesh)\nEOF\nhauberk init mesh")
        return (folder, try folder.run("hauberk prove --mesh mesh"))
    }

    @Test func `a hook runs in the lab and cannot write to the machine`() throws {
        let (folder, outcome) = try prove(
            """
              a: {public: 203.0.113.1, post-up: "(echo leaked >FOLDER/leak) || echo kept >/tmp/kept"}
              b: {public: 203.0.113.2, post-up: "(echo leaked >/etc/../FOLDER/home/leak) || test ! -e /tmp/kept"}
              c: {public: 203.0.113.3, post-down: "rm -rf FOLDER/home || true"}
            """)
        defer { folder.remove() }
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.lastLine.hasPrefix("6 of 6 probes as declared, 3 of 3 hosts sound"))
        #expect(try folder.require("find . -name leak; ls -d home") == "home\n")
    }

    @Test(arguments: ["linux", "app"])
    func `a peer that keeps its private key to itself is proved with another`(platform: String) throws {
        let key = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
        let (folder, outcome) = try prove(
            """
              a: {public: 203.0.113.1}
              b: {public-key: "\(key)", platform: \(platform)}
            """)
        defer { folder.remove() }
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.lastLine.hasPrefix("2 of 2 probes as declared, 2 of 2 hosts sound"))
        try folder.require("hauberk render --mesh mesh --out out")
        #expect(try folder.require("grep -c '\(key)' out/a/etc/wireguard/wg0.conf") == "1\n")
        let own = try folder.run("grep PrivateKey out/b/etc/wireguard/wg0.conf")
        #expect(own.status == 1)
    }
}
