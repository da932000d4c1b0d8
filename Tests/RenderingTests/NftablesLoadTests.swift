import Foundation
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// The files through `nft` and the kernel, in network namespaces of their own, which need no root.
@Suite(.serialized) struct NftablesLoadTests {
    /// Each host's tree below `$1/<number>`, all in one namespace, one after the other.
    private static let script = """
        set -eu
        cd "$1"
        nft -f foreign.nft
        nft -s list ruleset >foreign.before
        for tree in [0-9]*; do
            for firewall in "$tree"/etc/hauberk/*/firewall; do :; done
            interface=$(basename "$(dirname "$firewall")")
            table=$(sed -n 's/^table //p' "$(dirname "$firewall")/rules.nft" | head -n 1)
            fail() { echo "$(cat "$tree/name"): $1" >&2; exit 1; }
            grep -q wg-quick- <<<"$table" && fail 'wg-quick would delete the table'
            sh -n "$firewall"
            "$firewall" report >said 2>&1 && fail 'a report without rules'
            "$firewall" check
            nft list tables | grep -qx "table $table" && fail 'check has changed something'
            "$firewall" load
            nft -s list table $table >once
            "$firewall" load
            nft -s list table $table >twice
            cmp once twice || fail 'a second load changes something'
            (cd "$(dirname "$firewall")" && sh firewall check && sh ./firewall load)
            "$firewall" report >said
            grep -qE '^(refused|watched) [a-z-]+ 0 packets 0 bytes$' said || fail "report: $(cat said)"
            # Another rule of ours is gone after a load, and a file that does not load changes nothing.
            nft add rule $table input accept
            cp -r "$tree" broken
            echo 'table inet hauberk-broken { chain a { jump nowhere; }; }' >>broken/etc/hauberk/$interface/rules.nft
            nft -s list table $table >changed
            "broken/etc/hauberk/$interface/firewall" load 2>said && fail 'loaded a broken file'
            nft -s list table $table | cmp - changed || fail 'a broken file has changed something'
            rm -r broken
            "$firewall" load
            nft -s list table $table | cmp - once || fail 'a load leaves something over'
            "$firewall" remove
            nft -s list ruleset | cmp - foreign.before || fail 'what is not ours was changed'
            "$firewall" remove
            nft -s list ruleset | cmp - foreign.before || fail 'a second removal changes something'
            echo "$tree" >>done
        done
        """

    private static let foreign = """
        table ip nat {
            chain PREROUTING {
                type nat hook prerouting priority dstnat; policy accept
                tcp dport 8080 dnat to 172.17.0.2:80
            }
        }
        table ip filter {
            chain DOCKER {
                ip daddr 172.17.0.2 tcp dport 80 counter accept
            }
            chain FORWARD {
                type filter hook forward priority filter; policy drop
                jump DOCKER
            }
        }
        table inet hauberk-other {
            chain input {
                type filter hook input priority 0; policy accept
                counter
            }
        }
        table ip wg-quick-wg0 {
            chain preraw {
                type filter hook prerouting priority raw; policy accept
            }
        }

        """

    private func write(_ artifacts: [Artifact], below folder: URL) throws {
        for artifact in artifacts {
            let url = folder.appending(path: artifact.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            let isMade = FileManager.default.createFile(
                atPath: url.path, contents: Data(artifact.bytes { _ in "" }),
                attributes: [.posixPermissions: artifact.mode])
            #expect(isMade)
        }
    }

    private func run(_ command: [String], in folder: URL) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        let errors = folder.appending(path: "errors.log")
        #expect(FileManager.default.createFile(atPath: errors.path, contents: nil))
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: errors, encoding: .utf8))
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hauberk-nft-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func `every host's rules load, again without change, and go without a trace`() throws {
        try withFolder { folder in
            var count = 0
            for (mesh, text) in NftablesMeshes.all {
                for (host, policy) in try NftablesMeshes.policies(text).prefix(3) {
                    let tree = folder.appending(path: String(count))
                    try write(NftablesFirewall().artifacts(for: policy), below: tree)
                    try Data("\(mesh), \(host)".utf8).write(to: tree.appending(path: "name"))
                    count += 1
                }
            }
            #expect(count == 3 * NftablesMeshes.all.count)
            try Data(Self.foreign.utf8).write(to: folder.appending(path: "foreign.nft"))
            try Data(Self.script.utf8).write(to: folder.appending(path: "run.sh"))
            let (status, errors) = try run(["unshare", "-rn", "bash", "run.sh", folder.path], in: folder)
            #expect(status == 0, "\(errors)")
            let done = try String(contentsOf: folder.appending(path: "done"), encoding: .utf8)
            #expect(done.split(separator: "\n").count == count)
        }
    }

    @Test func `the rules of a mesh of 5,000 load in less than a second`() throws {
        let mesh = try MeshPipeline.mesh(NftablesMeshes.large(5_000))
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "p50"))
        try withFolder { folder in
            try write(NftablesFirewall().artifacts(for: plan.policy(for: host)), below: folder)
            let start = ContinuousClock.now
            let (status, errors) = try run(
                ["unshare", "-rn", "sh", "etc/hauberk/wg0/firewall", "load"], in: folder)
            #expect(status == 0, "\(errors)")
            let time = ContinuousClock.now - start
            print("5,000 peers: rules loaded in \(time)")
            #expect(time < .seconds(1))
        }
    }

    @Test func `the unit is one that systemd reads`() throws {
        let policy = try #require(try NftablesMeshes.policies(NftablesMeshes.noSites).first).policy
        let unit = FirewallUnit.artifact(for: policy)
        #expect(unit.path.hasSuffix("/hauberk-firewall-wg-quick-long\\x3d1.service"))
        try withFolder { folder in
            var text = String(decoding: unit.bytes { _ in "" }, as: UTF8.self)
            // The script must be there, and is not here.
            text = text.replacing("/\(FirewallPaths.script(policy.interface)) load", with: "/bin/true")
            let file = folder.appending(path: "hauberk-firewall-test.service")
            try Data(text.utf8).write(to: file)
            let (status, errors) = try run(["systemd-analyze", "verify", file.path], in: folder)
            #expect(status == 0 && errors.isEmpty, "\(errors)")
        }
    }

    @Test func `the script says how it is used, and which package is missing`() throws {
        let policy = try #require(try NftablesMeshes.policies(NftablesMeshes.dual).first).policy
        try withFolder { folder in
            try write(NftablesFirewall().artifacts(for: policy), below: folder)
            let script = folder.appending(path: FirewallPaths.script(policy.interface)).path
            for words in [[], ["start"], ["load", "again"]] {
                let (status, errors) = try run([script] + words, in: folder)
                #expect(status == 64)
                #expect(errors.contains("load|remove|check|report"))
            }
            let text = try String(contentsOfFile: script, encoding: .utf8).replacing("need nft", with: "need nft-none")
            try Data(text.utf8).write(to: folder.appending(path: "firewall"))
            let (status, errors) = try run(["sh", "firewall", "load"], in: folder)
            #expect(status == 78)
            #expect(errors.contains("install the package nftables"))
        }
    }
}
