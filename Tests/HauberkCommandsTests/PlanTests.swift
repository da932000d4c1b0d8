import Foundation
import Testing

/// What `plan` says of an output folder, with the built program as a person would use it.
@Suite struct PlanTests {
    /// A mesh of six hosts, rendered to `out`.
    private func rendered(_ options: String = "") throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("cp -r \"$REPOSITORY/Mesh/wordpress\" m && rm -f m/mesh.lock m/mesh.keys")
        try folder.require("hauberk init m && hauberk --mesh m render --out out \(options)")
        return folder
    }

    private func plan(_ folder: TranscriptFolder, _ options: String = "") throws -> String {
        try folder.require("hauberk --mesh m plan --out out \(options)")
    }

    private static let state =
        "find out m -type f -exec sha256sum {} + | sort; find out m -printf '%p %m %T@ %C@\\n' | sort"

    @Test func `after a render nothing changes, and a plan writes nothing`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        #expect(try plan(folder) == "wordpress: nothing changes on 6 hosts, and no flow\n")
        try folder.require("sed -i '/from: db, to: db/d' m/mesh.yaml")
        let before = try folder.require(Self.state)
        #expect(try folder.run("hauberk --mesh m plan --out out --exit-code").status == 2)
        #expect(try plan(folder).contains("flows: 0 to open, 1 to close"))
        #expect(try folder.require(Self.state) == before)
    }

    @Test func `a comment in the mesh file changes no host and no flow`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require("echo '# a word' >> m/mesh.yaml")
        #expect(try plan(folder, "--exit-code") == "wordpress: nothing changes on 6 hosts, and no flow\n")
        #expect(try folder.require("hauberk --mesh m render --out out") == "out: 0 written, 24 unchanged, 0 removed\n")
        #expect(try folder.require("hauberk --mesh m render --out out") == "out: 0 written, 24 unchanged, 0 removed\n")
        #expect(try folder.require("ls out/.hauberk/wordpress | wc -l") == "2\n", "the former mesh is gone")
    }

    @Test func `a rule, a host that comes and one that goes are told as hosts, flows and cuts`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require(
            "sed -i 's/{from: db, to: db, service: mysql}/{from: bastion, to: db, service: mysql}/' m/mesh.yaml")
        try folder.require("hauberk --mesh m add web-9 --private 10.132.0.99 --site nyc3 --group app")
        try folder.require("hauberk --mesh m remove wordpress-2")
        let outcome = try folder.run("hauberk --mesh m plan --out out --exit-code")
        #expect(outcome.status == 2)
        let text = outcome.output
        for line in [
            "wordpress: of 6 hosts, 5 to change, 1 to add, 1 removed; flows: 7 to open, 7 to close",
            "  ~ mysql-1: 1 peer added, 1 peer removed, firewall", "  + web-9: a new host",
            "  - wordpress-2: no host of the mesh any more", "  + tunnel-1 -> db: 3306/tcp (overlay)  mesh.yaml:44",
            "  and 4 more: --details", "6 hosts must be online to take this",
            "  ! wordpress-2: no host knows it any more: every session of it ends",
        ] {
            #expect(text.contains(line + "\n"), "no line \(line) in\n\(text)")
        }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count < 40, "more than a screen")
        #expect(try plan(folder, "--details").contains("  - db -> db: 3306/tcp (overlay)  was mesh.yaml:44\n"))
        #expect(!text.contains("\u{1b}"), "colour without a terminal")
        let one = try plan(folder, "haproxy-www")
        #expect(one.contains("of 1 host, 1 to change") && !one.contains("tunnel-1 -> db"))
        try folder.require("hauberk --mesh m render --out out")
        #expect(try plan(folder) == "wordpress: nothing changes on 6 hosts, and no flow\n")
    }

    @Test func `what somebody has edited in the folder is told setting by setting, and no secret is`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require(
            "grep -h -E 'Key = ' out/*/etc/wireguard/wg0.conf | sed -n 's/^Pr[a-z]*Key = //Ip' | sort -u > secrets")
        let marker = "iNeverShow0iNeverShow0iNeverShow0iNeverSho0="
        let conf = "out/mysql-1/etc/wireguard/wg0.conf"
        try folder.require(
            """
            sed -i -e 's|^PrivateKey = .*|PrivateKey = \(marker)|' -e 's|^ListenPort.*|ListenPort = 5000|' \\
                -e '0,/^PresharedKey/s|^PresharedKey = .*|PresharedKey = \(marker)|' -e '/^MTU/d' \\
                -e '0,/^Endpoint/s|^Endpoint = .*|PersistentKeepalive = 9|' \(conf)
            sed -i -e '/^Table/a PostUp = wg set %i peer x preshared-key <(echo \(marker))' \\
                -e '/^Table/a PrivateKey \(marker)' -e '/^Table/a Secret\(marker) \(marker)' \(conf)
            chmod 644 out/mysql-2/etc/wireguard/wg0.conf; rm -r out/tunnel-1; rm out/mysql-2/etc/hauberk/wg0/rules.nft
            """)
        let all = try folder.run(
            """
            for words in '' --details --json '--details --exit-code' mysql-1 '--firewall iptables'; do
                hauberk --mesh m plan --out out $words
            done
            """
        ).output
        for line in [
            "  ~ mysql-1: private key changed, port, mtu, hooks, 1 peer changed", "    ~ private key",
            "    ~ port: 5000 -> 51820", "    + mtu: 1420", "      ~ preshared key", "      - keepalive: 9",
            "      + endpoint: 10.132.0.2:51820",
            "    - hooks: PostUp = wg set %i peer x preshared-key <(echo <redacted>)",
            "    ~ /etc/wireguard/wg0.conf (mode)", "    + /etc/hauberk/wg0/rules.nft", "  + tunnel-1: a new host",
            "  ! mysql-1: its key changes: every session of it ends",
        ] {
            #expect(all.contains(line + "\n"), "no line \(line) in\n\(all)")
        }
        #expect(!all.contains("NeverShow"), "\(all)")
        let secrets = try folder.require("cat secrets").split(separator: "\n")
        #expect(secrets.count == 6 + 15)
        for secret in secrets { #expect(!all.contains(secret)) }
    }

    @Test func `without the mesh that was rendered, flows cannot be told, and all else is`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require(
            "sed -i 's/{from: db, to: db, service: mysql}/{from: bastion, to: db, service: mysql}/' m/mesh.yaml")
        try folder.require("hauberk --mesh m render --out out mysql-1")
        let mixed = try plan(folder)
        #expect(mixed.contains("flows cannot be told: hosts there were rendered from different states of the mesh"))
        #expect(mixed.contains("  ~ mysql-2: firewall\n") && !mixed.contains("mysql-1:"))
        try folder.require(
            "hauberk --mesh m render --out out && sed -i 's/bastion/www/' out/.hauberk/wordpress/*/mesh.yaml")
        #expect(
            try plan(folder).contains(
                "flows cannot be told: the mesh that the folder was rendered from has been changed"))
        try folder.require("rm -r out/.hauberk")
        #expect(try plan(folder).contains("nothing changes on 6 hosts; flows cannot be told: the folder does not say"))
        try folder.require("rm out/.hauberk-wordpress")
        #expect(try plan(folder).contains("nothing changes on 6 hosts"), "files are compared by their bytes")
        let row = try plan(folder, "--json")
        #expect(row.contains("\"flowsUnknown\"") && !row.contains("\"flows\""))
    }

    @Test func `hosts that were rendered one by one from one mesh have their flows`() throws {
        let folder = try rendered("wordpress-1")
        defer { folder.remove() }
        try folder.require("hauberk --mesh m render --out out mysql-1")
        let text = try plan(folder)
        #expect(text.contains("of 6 hosts, 0 to change, 4 to add, 0 removed; flows:"), "\(text)")
        #expect(!text.contains("wordpress-1 -> mysql-1"), "\(text)")
    }

    @Test func `the dialect of the last render is the plan's, until it is named`() throws {
        let folder = try rendered("--firewall iptables")
        defer { folder.remove() }
        let text = try plan(folder)
        #expect(text.contains("nothing changes on 6 hosts") && text.contains("rendered with --firewall iptables"))
        #expect(try plan(folder, "--firewall nftables").contains("6 to change"))
    }

    @Test func `another name of the interface is a change and not another host`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require("sed -i 's/interface: wg0, port: 51820/interface: wg7, port: 51821/' m/mesh.yaml")
        let text = try plan(folder, "--details mysql-1")
        for line in [
            "    ~ port: 51820 -> 51821", "    + /etc/wireguard/wg7.conf", "    - /etc/wireguard/wg0.conf",
            "  ! mysql-1: its interface gets another name: every session of it ends",
        ] {
            #expect(text.contains(line + "\n"), "no line \(line) in\n\(text)")
        }
    }

    @Test func `the names in a plan's JSON are these`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require(
            "sed -i 's/{from: db, to: db, service: mysql}/{from: bastion, to: db, service: mysql}/' m/mesh.yaml")
        try folder.require(
            "sed -i 's/^ListenPort.*/ListenPort = 9/; 0,/^Endpoint/s/^Endpoint.*//' out/mysql-1/etc/wireguard/wg0.conf")
        let row = Data(try plan(folder, "--json").utf8)
        let names = Self.names(in: try JSONSerialization.jsonObject(with: row))
        #expect(
            names.sorted() == [
                "anyone", "cause", "change", "compared", "cuts", "files", "flows", "from", "host", "hosts", "line",
                "mesh",
                "name", "networks", "online", "path", "peers", "ping", "plane", "ports", "reason", "role", "settings",
                "to", "words",
            ])
    }

    private static func names(in value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(names(in: $1)) } }
        guard let fields = value as? [String: Any] else { return [] }
        return fields.values.reduce(into: Set(fields.keys)) { $0.formUnion(names(in: $1)) }
    }
}
