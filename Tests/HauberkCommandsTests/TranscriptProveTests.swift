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

    private static let policy = """
        mesh: lab
        prefixes: [10.95.0.0/16, "fd95:1::/48"]
        sites: {s: {network: 10.96.0.0/24, interface: eth1, public-interface: eth0}}
        services: {mysql: {expose: {db: private}}, ssh: {expose: {all: private}}, http: {expose: {web: public}}}
        allow: [{from: web, to: db, service: mysql}]
        guard: {plaintext: GUARD, rescue: {from: web, port: 22/tcp, over: underlay}}
        peers:
          web: {site: s, private: 10.96.0.2, public: 203.0.113.9}
          db: {site: s, private: 10.96.0.3}
          spare: {site: s, private: 10.96.0.4}
        """

    private func folder(guarding: String) throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        let mesh = Self.policy.replacing("GUARD", with: guarding)
        try folder.require("mkdir mesh && cat >mesh/mesh.yaml <<'EOF'\n\(mesh)\nEOF\nhauberk init mesh")
        return folder
    }

    @Test func `a policy is proved in several dialects, each flow against the policy's own answer`() throws {
        let folder = try folder(guarding: "reject")
        defer { folder.remove() }
        let outcome = try folder.run(
            "hauberk prove --mesh mesh --containers --firewall nftables --firewall iptables --html page.html --all")
        #expect(outcome.status == 0, "\(outcome.output)")
        for dialect in ["nftables", "iptables-nft", "iptables-legacy"] {
            let row = outcome.output.split(separator: "\n").first {
                $0.hasPrefix("\(dialect) ") && $0.contains("as declared")
            }
            let counts = (row ?? "").split(separator: " ").dropFirst().prefix(4).compactMap { Int($0) }
            #expect(counts.count == 4, "\(outcome.output)")
            #expect(counts.first ?? 0 > 500 && counts[0] == counts[1] && counts[2] == 0 && counts[3] == 0)
        }
        #expect(
            outcome.output.contains("seen with the mesh off, not with it on; beside the tunnel the guard refuses it"))
        #expect(outcome.output.contains(#/overlay +web 10\.95\.0\.\d+ +db 10\.95\.0\.\d+ +3306/tcp echo +\d+/#))
        let page = try folder.require("cat page.html")
        #expect(
            page.contains("<svg ") && page.contains("3306/tcp") && !page.contains("src=") && !page.contains("href="))
    }

    @Test func `a guard that only watches is proved as such, for a part of the mesh`() throws {
        let folder = try folder(guarding: "log")
        defer { folder.remove() }
        let outcome = try folder.run("hauberk prove web db --mesh mesh")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("beside the tunnel it passes, and is counted"), "\(outcome.output)")
        #expect(outcome.lastLine.hasPrefix("4 of 4 probes as declared, 2 of 2 hosts sound"))
    }

    @Test func `the proof as JSON has each run, and every way`() throws {
        let folder = try folder(guarding: "reject")
        defer { folder.remove() }
        let json = try folder.require("hauberk prove web db --mesh mesh --firewall nftables --json 2>/dev/null")
        #expect(json.hasPrefix("{\n  \"asDeclared\": true,\n  \"milliseconds\": "))
        #expect(json.hasSuffix("]}\n  ]\n}\n"))
        for part in [
            "\"hosts\": [", "\"pairs\": [", "\"runs\": [\n    {\"firewall\": \"nftables\", \"asDeclared\": true",
            "\"different\": 0", "\"differences\": [\n      ]", "\"unproven\": []", "\"plaintext\": 0",
            "\"from\": \"web\", \"to\": \"db\"", "\"reached\": [\"3306/tcp\", \"echo\"]",
        ] {
            #expect(json.contains(part), "\(part) is not in \(json)")
        }
    }

    @Test func `a dialect that nobody knows is a mistake of the flag, and so is one without a policy`() throws {
        let folder = try folder(guarding: "reject")
        defer { folder.remove() }
        let unknown = try folder.run("hauberk prove --mesh mesh --firewall pfsense")
        #expect(unknown.status == 64 && unknown.output.contains("and not \"pfsense\""))
        try folder.require("sed -i '/^services\\|^allow\\|^guard/d' mesh/mesh.yaml")
        let without = try folder.run("hauberk prove --mesh mesh --firewall nftables")
        #expect(without.status == 64 && without.output.contains("[unsupported-policy]"), "\(without.output)")
    }
}
