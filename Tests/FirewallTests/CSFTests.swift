import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// csf's part is played by its readme: it empties all chains and then runs csfpost.sh.
@Suite struct CSFTests {
    /// csf's own rules: a few ports are open, the rest is dropped, as is all while it loads them.
    private static let restart = """
        for program in iptables ip6tables; do
            for chain in INPUT OUTPUT FORWARD; do $program -P $chain DROP; done
            for table in filter mangle; do $program -t $table -F; $program -t $table -X; done
            $program -A INPUT -i lo -j ACCEPT
            $program -A INPUT -p tcp --dport 2222 -j ACCEPT
            $program -P OUTPUT ACCEPT
            $program -P FORWARD ACCEPT
        done
        if [ -e /run/csf/csfpost.sh ]; then HAUBERK_CSF=/run/csf sh /run/csf/csfpost.sh; fi
        """

    private static let files = """
        set -eu
        fail() { echo "FAILED: $*"; exit 1; }
        ours() { HAUBERK_CSF=/run/csf sh "$TREE/etc/hauberk/wg0/firewall" "$1"; }
        sums() { (cd /run/csf && sha256sum *); }
        mkdir /run/csf
        printf '# the user\\n192.0.2.1 # office\\n\\n' >/run/csf/csf.allow
        sh /run/restart
        iptables-save | grep '^-A' >/run/rules
        sums >/run/sums
        for post in no yes; do
            ours check
            sums | diff /run/sums -
            ours load
            ours load
            [ "$(grep -c BEGIN /run/csf/csf.allow)" = 1 ] || fail "the list has not one block"
            grep -q "^Include $TREE/etc/csf/hauberk-wg0.allow$" /run/csf/csf.allow || fail "the list is not included"
            iptables-save | grep -q HAUBERK || fail "nothing is loaded"
            sh /run/restart
            iptables-save | grep -q HAUBERK || fail "nothing is loaded after a restart"
            iptables -C INPUT -p tcp --dport 2222 -j ACCEPT || fail "a rule of csf is gone"
            ours remove
            sums | diff /run/sums - || fail "a file of the user has changed"
            iptables-save | grep '^-A' | diff /run/rules - || fail "rules are left"
            printf '#!/bin/sh\\n# the user\\ntrue\\n' >/run/csf/csfpost.sh
            sums >/run/sums
        done
        """

    private func plan() throws -> (FirewallPlan, Int) {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        return (try #require(FirewallPlan(mesh, at: nil)), try #require(mesh.index(of: "tunnel-1")))
    }

    @Test func `csf's own files are as they were but for marked blocks, which go again`() throws {
        let (plan, host) = try plan()
        let bench = Conformance(plan: plan, host: host).bench
        try withTemporaryFolder { folder in
            try FirewallLoader.write(try Firewalls.artifacts(for: host, in: plan, kind: .csf), below: "\(folder)/tree")
            try save(Self.restart, to: "\(folder)/restart")
            try save("TREE=\(folder)/tree\ncp \(folder)/restart /run/\n\(Self.files)", to: "\(folder)/script")
            _ = try bench.passed(["sh '\(folder)/script'"], [])
        }
    }

    @Test func `after csf has loaded its own rules, every verdict is that of the iptables back end again`() throws {
        let (plan, host) = try plan()
        let bench = Conformance(plan: plan, host: host).bench
        var random = SeededRandom(seed: 31)
        let rounds = PacketSamples.rounds(bench, limit: 4_000, using: &random)
        let loaders = [FirewallLoader.iptables, .csf]
        let passed = try withTemporaryFolder { folder -> [[Bool]] in
            for loader in loaders {
                let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: loader.kind)
                try FirewallLoader.write(artifacts, below: "\(folder)/\(loader.kind)")
            }
            try save(Self.restart, to: "\(folder)/restart")
            func line(_ loader: FirewallLoader, _ command: String) -> String {
                loader.line(command, tree: "\(folder)/\(loader.kind)", interface: "wg0")
            }
            let (plain, csf) = (loaders[0], loaders[1])
            // Each in a host of its own, for connections of the one would be known to the other.
            let restarted = "\(line(csf, csf.load)); sh '\(folder)/restart'"
            return try [line(plain, plain.load), restarted].map { try bench.passed([$0], rounds)[0] }
        }
        #expect(passed[0] == passed[1] && passed[0].contains(true) && passed[0].contains(false))
    }

    @Test func `what has an address is on csf's list, in its advanced form`() throws {
        let (plan, host) = try plan()
        let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: .csf)
        let list = try #require(artifacts.first { $0.path == "etc/csf/hauberk-wg0.allow" })
        let lines = String(decoding: list.bytes { _ in "" }, as: UTF8.self).split(separator: "\n").filter {
            !$0.hasPrefix("#")
        }
        #expect(lines.contains("udp|out|d=51820|d=10.132.0.5") && lines.contains("tcp|out|d=80|d=203.0.113.2"))
        for line in lines {
            let parts = line.split(separator: "|")
            #expect(
                parts.count == 4 && ["tcp", "udp"].contains(parts[0]) && ["in", "out"].contains(parts[1]), "\(line)")
            #expect(
                parts[2].hasPrefix("d=") && parts[2].dropFirst(2).allSatisfy { $0.isNumber || $0 == "_" }, "\(line)")
            let address = String(parts[3].dropFirst(2))
            #expect((try? IPAddress(parsing: address)) != nil || (try? IPPrefix(parsing: address)) != nil, "\(line)")
        }
    }
}
