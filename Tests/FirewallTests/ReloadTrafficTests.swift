import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// What packets see of rules that are loaded again and again.
@Suite(.serialized) struct ReloadTrafficTests {
    /// Two policies, and the peer whose packets are sent.
    private struct Pair {
        let first: FirewallPlan
        let second: FirewallPlan
        let host: Int

        init(_ first: String, _ second: String, peer: String) throws {
            let mesh = try MeshPipeline.mesh(first)
            self.first = try #require(FirewallPlan(mesh, at: nil))
            self.second = try #require(FirewallPlan(try MeshPipeline.mesh(second), at: nil))
            host = try #require(mesh.index(of: peer))
        }
    }

    /// One rule more, about ports that nothing else speaks of.
    private static func spare() throws -> Pair {
        let second = PolicyTexts.everything
            .replacing("services:\n", with: "services:\n  spare: {ports: [7777-7778/udp], expose: {app: private}}\n")
            .replacing("allow:\n", with: "allow:\n  - {from: db, to: app, service: spare}\n")
        return try Pair(PolicyTexts.everything, second, peer: "wordpress-1")
    }

    /// Addresses that make no blocks, so that iptables has sets too; the second has one peer more.
    private static func many() throws -> Pair {
        let texts = [160, 161].map { count in
            let peers = (0..<count).map { index in
                "  h\(index): {site: a, private: [10.132.0.\(index + 1)], groups: [g\(index % 2)]}"
            }
            return """
                mesh: test
                prefixes: [10.88.0.0/16, 'fd88::/48']
                sites: {a: {network: [10.132.0.0/16], interface: eth1}}
                groups: {g0: {}, g1: {}}
                services: {http: {expose: {all: private}}}
                allow: [{from: "g0 except h0", to: all, service: http}]
                peers:
                \(peers.joined(separator: "\n"))

                """
        }
        return try Pair(texts[0], texts[1], peer: "h1")
    }

    /// Packets that both policies judge alike, and whether they passed while one was loaded after the other; `loads` are
    /// commands for a tree each, and a tree is there for each of the two.
    private func traffic(
        _ pair: Pair, _ loader: FirewallLoader, times: Int, loads: [(tree: Int, command: String)]
    ) throws -> [(sample: SamplePacket, didPass: Bool)] {
        let bench = Conformance(plan: pair.first, host: pair.host).bench
        let second = pair.second.policy(for: pair.host)
        var random = SeededRandom(seed: 12)
        let rounds = PacketSamples.rounds(bench, limit: 6_000, using: &random)
        let (passed, count) = try withTemporaryFolder { folder -> ([[Bool]], Int) in
            for (turn, plan) in [pair.first, pair.second].enumerated() {
                let artifacts = try Firewalls.artifacts(for: pair.host, in: plan, kind: loader.kind)
                try FirewallLoader.write(artifacts, below: "\(folder)/\(turn)")
            }
            let steps = loads.map { tree, command in
                let line = loader.line(
                    command, tree: "\(folder)/\(tree)", interface: bench.policy.interface.description)
                return "{ \(line); } >/dev/null 2>>'\(folder)/errors' && echo >>'\(folder)/loads'"
            }
            let again = "(while \(steps.joined(separator: " && ")); do :; done; echo failed >>'\(folder)/errors') &"
            // However slow the machine is, some loads bring other rules than the one before.
            let waits = (1..<times).map { turn in
                let test = "$(wc -l <\(folder)/loads) -ge \(min(turn + 1, 5))"
                return "timeout 120 sh -c 'until [ \(test) ]; do sleep 0.05; done'"
            }
            let turns = ["\(steps[0]) || exit 1; \(again)"] + waits
            let passed = try bench.passed(turns, rounds)
            let errors = text("\(folder)/errors") ?? ""
            #expect(!errors.contains("failed") && !errors.contains("replaced as a whole"), "\(errors)")
            return (passed, (text("\(folder)/loads") ?? "").count)
        }
        let samples = rounds.joined().map { sample in
            (sample, isAlike: second.verdict(for: sample.packet) == bench.policy.verdict(for: sample.packet))
        }
        #expect(samples.count { $0.isAlike } * 10 > samples.count * 9)
        #expect(count >= 4)
        let result = passed.flatMap { zip(samples, $0).filter(\.0.isAlike).map { ($0.0.0, $0.1) } }
        let wrong = result.count { $0.0.passes != $0.1 }
        print("\(loader): \(count) loads, \(result.count) packets, \(wrong) judged otherwise")
        return result
    }

    /// Each twice, so that nothing changes every other time.
    private func alternating(_ loader: FirewallLoader) -> [(tree: Int, command: String)] {
        [0, 0, 1, 1].map { ($0, loader.load) }
    }

    @Test(arguments: FirewallLoader.all.indices)
    func `while the rules are loaded again and again, with other content too, every verdict stays`(_ number: Int) throws
    {
        let loader = FirewallLoader.all[number]
        let isQuick = FirewallLoader.quick.contains { $0.description == loader.description }
        // firewalld refuses by itself what begins while it reloads: see below what goes on.
        let closes = loader.kind == .firewalld
        let result = try traffic(try Self.spare(), loader, times: isQuick ? 4 : 12, loads: alternating(loader))
        let wrong = result.filter { $0.didPass != $0.sample.passes && ($0.didPass || !closes) }
        #expect(wrong.count == 0, "\(wrong.count): \(wrong.prefix(5))")
    }

    /// While it reloads, firewalld drops by itself all but what is established or related (firewalld's core/fw.py, whose
    /// reload sets the policy to DROP): a table of its own, before all others.
    @Test func `what is established loses nothing while firewalld reloads`() throws {
        try withTemporaryFolder { folder in
            let pair = try Self.spare()
            for (turn, plan) in [pair.first, pair.second].enumerated() {
                let host = pair.host
                let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: .firewalld)
                try FirewallLoader.write(artifacts, below: "\(folder)/\(turn)")
            }
            try FirewallShell.expect(
                """
                mount -t tmpfs tmpfs /run
                ip link set lo up
                unshare -n sleep infinity & far=$!
                own=$(readlink /proc/self/ns/net)
                turn=0
                while [ "$(readlink /proc/$far/ns/net)" = "$own" ]; do
                    turn=$((turn + 1))
                    [ $turn -lt 200 ] || fail 'no other network'
                    sleep 0.05
                done
                ip link add eth1 type veth peer name eth1 netns $far
                ip addr add 10.132.0.3/16 dev eth1
                ip link set eth1 up
                nsenter -t $far -n sh -euc 'ip addr add 10.132.0.5/16 dev eth1; ip link set eth1 up'
                \(FirewalldDaemon.start)
                sh "$TREE/0/etc/hauberk/wg0/firewall" load
                nsenter -t $far -n ping -i 0.005 10.132.0.3 >"$TREE/pings" & pings=$!
                timeout 60 sh -c "until grep -q icmp_seq=20 '$TREE/pings'; do sleep 0.05; done" ||
                    fail "no pings: $(tail -n 3 "$TREE/pings"; nft list ruleset | grep -c .)"
                for turn in 1 0; do
                    sh "$TREE/$turn/etc/hauberk/wg0/firewall" load
                    firewall-cmd --quiet --state
                done
                kill -INT $pings
                wait $pings || :
                # The answer to the last one may be under way.
                awk '/ icmp_seq=/ { sub(/.*icmp_seq=/, ""); last = $1 + 0 } / packets transmitted/ { sent = $1; heard = $4 }
                    END { exit !(heard > 100 && sent - heard <= 1 && last == heard) }' "$TREE/pings" ||
                    fail "lost: $(tail -n 3 "$TREE/pings")"
                """, in: folder)
        }
    }

    @Test(arguments: FirewallLoader.quick.indices)
    func `while sets of many addresses change, every verdict stays`(_ number: Int) throws {
        let loader = FirewallLoader.quick[number]
        let result = try traffic(try Self.many(), loader, times: 4, loads: alternating(loader))
        let wrong = result.filter { $0.sample.passes != $0.didPass }
        #expect(wrong.count == 0, "\(wrong.count): \(wrong.prefix(5))")
    }

    /// Whole, in one transaction, with the bare names of its sets.
    @Test func `coming from the table of a former version, nothing gets in`() throws {
        let loader = FirewallLoader.nftables
        let whole = "nft -f \"$TREE/etc/hauberk/$IF/rules.nft\""
        let result = try traffic(
            try Self.spare(), loader, times: 4, loads: [(0, whole), (1, loader.load), (1, whole), (0, loader.load)])
        let opened = result.filter { $0.didPass && !$0.sample.passes }
        #expect(opened.count == 0, "\(opened.count): \(opened.prefix(5))")
    }
}
