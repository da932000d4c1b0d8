import Testing

/// What `render` writes of a mesh's policy, with the built program as a person would use it.
@Suite struct FirewallRenderTests {
    private func folder(_ name: String) throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("cp -r \"$REPOSITORY/Mesh\" Mesh && rm -f Mesh/*/mesh.lock Mesh/*/mesh.keys")
        try folder.require("HAUBERK_IDENTITY=identity hauberk init Mesh/\(name)")
        return folder
    }

    private func render(_ folder: TranscriptFolder, _ name: String, _ options: String = "") throws -> String {
        try folder.require("HAUBERK_IDENTITY=identity hauberk render --mesh Mesh/\(name) --out out \(options)")
    }

    @Test func `a host's tree holds the rules, and wg-quick loads them first`() throws {
        let folder = try folder("wordpress")
        defer { folder.remove() }
        #expect(try render(folder, "wordpress") == "out: 24 written, 0 unchanged, 0 removed\n")
        #expect(try folder.require("stat -c %a out/*/etc/hauberk/wg0/firewall | sort -u") == "755\n")
        #expect(try folder.require("stat -c %a out/*/etc/wireguard/wg0.conf | sort -u") == "600\n")
        let hooks = try folder.require("grep -h -m 1 -E '^(Pre|Post)(Up|Down)' out/*/etc/wireguard/wg0.conf | sort -u")
        #expect(hooks == "PreUp = /etc/hauberk/%i/firewall load\n")
        #expect(try render(folder, "wordpress") == "out: 0 written, 24 unchanged, 0 removed\n")
        // A rule changes the hosts that it names, and no other.
        try folder.require(
            "sed -i 's/^  - {from: bastion, to: all.*/&\\n  - {from: db, to: app, service: http}/' Mesh/wordpress/mesh.yaml"
        )
        #expect(try render(folder, "wordpress") == "out: 4 written, 20 unchanged, 0 removed\n")
    }

    @Test func `another dialect takes the place of the files of the former`() throws {
        let folder = try folder("wordpress")
        defer { folder.remove() }
        _ = try render(folder, "wordpress")
        let gone = try render(folder, "wordpress", "--firewall none")
        #expect(gone == "out: 6 written, 0 unchanged, 18 removed\n", "the hooks go with the rules")
        #expect(
            try folder.require(
                "find out -path '*hauberk*' -type f ! -path 'out/.hauberk/*'; grep -c firewall out/mysql-1/etc/wireguard/wg0.conf || true"
            )
                == "out/.hauberk-wordpress\n0\n")
        _ = try render(folder, "wordpress", "mysql-1")
        #expect(try folder.require("ls out/mysql-1/etc/hauberk/wg0") == "firewall\nrules.nft\n")
        #expect(try folder.run("ls out/mysql-2/etc/hauberk").status != 0)
    }

    @Test func `Cloud Firewalls are of the mesh, beside the hosts' own`() throws {
        let folder = try folder("wordpress")
        defer { folder.remove() }
        #expect(
            try render(folder, "wordpress", "--firewall digitalocean") == "out: 27 written, 0 unchanged, 0 removed\n")
        let files = "create.sh\nfirewalls.json\nfirewalls.tf.json\n"
        #expect(try folder.require("ls out/digitalocean-wordpress") == files)
        #expect(
            try render(folder, "wordpress", "--firewall digitalocean") == "out: 0 written, 27 unchanged, 0 removed\n")
        _ = try render(folder, "wordpress", "mysql-1")
        #expect(try folder.require("ls out/digitalocean-wordpress") == files)
        #expect(try render(folder, "wordpress") == "out: 0 written, 24 unchanged, 3 removed\n")
    }

    @Test func `a mesh without a policy has no rules, and none can be asked for`() throws {
        let folder = try TranscriptFolder()
        defer { folder.remove() }
        try folder.require(
            "export HAUBERK_IDENTITY=identity && hauberk init Mesh/plain && hauberk add a --public 203.0.113.1")
        try folder.require("HAUBERK_IDENTITY=identity hauberk render --out out")
        let files = try folder.require("find out -type f ! -path 'out/.hauberk/*' | sort")
        #expect(files == "out/.hauberk-plain\nout/a/etc/wireguard/wg0.conf\n")
        #expect(try folder.run("grep -rq firewall out").status == 1)
        let refused = try folder.run("HAUBERK_IDENTITY=identity hauberk render --out out --firewall nftables")
        #expect(refused.status == 64 && refused.output.contains("[unsupported-policy]"))
    }

    @Test func `the rules of a host with two meshes know of both`() throws {
        let folder = try folder("tenants-a")
        defer { folder.remove() }
        try folder.require("HAUBERK_IDENTITY=identity hauberk init Mesh/tenants-b")
        for name in ["tenants-a", "tenants-b"] { _ = try render(folder, name) }
        for (own, other) in [("a", "b"), ("b", "a")] {
            let rules = try folder.require("cat out/node-1/etc/hauberk/wg-\(own)/rules.nft")
            #expect(rules.contains("iifname \"wg-\(other)\" accept"))
            #expect(rules.contains("tcp . 443"), "the first tenant publishes it")
            #expect(rules.contains("table inet hauberk-wg-\(own) {"))
        }
        // A mesh that cannot be read would be cut off.
        try folder.require("rm Mesh/tenants-b/mesh.yaml")
        let refused = try folder.run("HAUBERK_IDENTITY=identity hauberk render --mesh Mesh/tenants-a --out out")
        #expect(refused.status == 65 && refused.output.contains("[beside-unreadable]"))
    }
}
