import Addresses
import Foundation
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// Packets through the loaded rules: what is counted, and what ends by the clock.
///
///     far namespace                            the host
///     10.132.0.77, a stranger ─┐
///     10.132.0.4, app-2 ───────┴── eth1 ────── 10.132.0.5, db-1
///     app-2's mesh address ─────── wg0 ─────── db-1's mesh address
@Suite(.serialized) struct NftablesPacketTests {
    private static let script = """
        set -eu
        cd "$1"
        peer=$2 own=$3
        unshare --net sleep infinity &
        far=$!
        trap 'kill $far' EXIT
        until [[ $(readlink /proc/$far/ns/net) != "$(readlink /proc/self/ns/net)" ]]; do kill -0 $far; done
        there() { nsenter --target $far --net "$@"; }
        # The kernel asks for routers and tells of groups whenever it has the time: what is counted is the test's alone.
        quiet=/proc/sys/net/ipv6/conf/default/disable_ipv6
        if [[ -e $quiet ]]; then echo 1 >$quiet && there sh -c "echo 1 >$quiet"; fi
        ip link set lo up
        for name in eth1 wg0; do
            ip link add $name type veth peer name $name netns $far
            ip link set $name up
            there ip link set $name up
        done
        ip address add 10.132.0.5/24 dev eth1
        there ip address add 10.132.0.4/24 dev eth1
        there ip address add 10.132.0.77/24 dev eth1
        ip address add "$own/32" dev wg0
        ip route add "$peer/32" dev wg0
        there ip address add "$peer/32" dev wg0
        there ip route add "$own/32" dev wg0 src "$peer"
        nft -f - <<.
        table inet tap {
            counter p7001 { }
            counter p7002 { }
            counter p7003 { }
            chain input {
                type filter hook input priority 300; policy accept
                udp dport 7001 counter name p7001
                udp dport 7002 counter name p7002
                udp dport 7003 counter name p7003
            }
        }
        .
        # A datagram from a source address to an address and port.
        from() { there ip route replace "$2/32" dev "$4" src "$1"; there bash -c "echo a >/dev/udp/$2/$3" || :; }
        """

    private func run(_ policy: FirewallPolicy, _ script: String, _ addresses: [IPAddress]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hauberk-nft-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for artifact in NftablesFirewall().artifacts(for: policy) {
            let url = folder.appending(path: artifact.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(artifact.bytes { _ in "" }).write(to: url)
        }
        try Data((Self.script + "\n" + script).utf8).write(to: folder.appending(path: "run.sh"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["unshare", "-rnpf", "--kill-child", "--mount-proc", "bash", "\(folder.path)/run.sh", folder.path]
            + addresses.map(\.description)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = String(decoding: output, as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        return text
    }

    /// The policy of db-1, and the IPv4 addresses of app-2 and db-1 in the mesh.
    private func host(_ text: String) throws -> (policy: FirewallPolicy, addresses: [IPAddress]) {
        let mesh = try MeshPipeline.mesh(text)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let hosts = [try #require(mesh.index(of: "app-2")), try #require(mesh.index(of: "db-1"))]
        let addresses = hosts.compactMap { host in mesh.peers[host].addresses.first { $0.family == .v4 } }
        return (plan.policy(for: hosts[1]), addresses)
    }

    @Test func `a guard that watches counts each packet once, and lets it through`() throws {
        let (policy, addresses) = try host(NftablesMeshes.watched)
        let said = try run(
            policy,
            """
            sh etc/hauberk/wg0/firewall load
            for port in 7001 7001 7002; do from 10.132.0.77 10.132.0.5 $port eth1; done
            from 10.132.0.4 10.132.0.5 7003 eth1
            echo a >/dev/udp/10.132.0.4/7001
            from "$peer" "$own" 7003 wg0
            sh etc/hauberk/wg0/firewall report | grep -v ' 0 packets'
            nft list counters table inet tap | grep packets
            """, addresses)
        let lines = said.split(separator: "\n").map { $0.split(separator: " ").prefix(4).joined(separator: " ") }
        #expect(
            lines.map { $0.drop { $0 == "\t" } } == [
                "refused tunnel-in 1 packets", "watched underlay-in 4 packets", "watched underlay-out 1 packets",
                "packets 2 bytes 60", "packets 1 bytes 30", "packets 1 bytes 30",
            ], "\(said)")
    }

    @Test func `a rule with an end holds before it, by the kernel's clock, wherever the rules were loaded`() throws {
        var (policy, addresses) = try host(NftablesMeshes.dual)
        let remote = try #require(PrefixSet([IPPrefix.host(addresses[0])]))
        func allowance(_ port: String, _ until: Int64?) throws -> Allowance {
            Allowance(remote: remote, ports: [try #require(ServicePorts(port))], until: until, rules: ["a to b: ssh"])
        }
        let now = Int64(Date().timeIntervalSince1970)
        policy.ingress = [
            try allowance("7001/udp", now - 60), try allowance("7002/udp", now + 600), try allowance("7003/udp", nil),
        ]
        for zone in ["UTC", "Asia/Tokyo", "America/Los_Angeles"] {
            let said = try run(
                policy,
                """
                TZ=\(zone) sh etc/hauberk/wg0/firewall load
                for port in 7001 7002 7003; do from "$peer" "$own" $port wg0; done
                # A host reaches itself by its address in the mesh, whatever the rules are.
                echo a >/dev/udp/$own/7001
                nft list counters table inet tap | grep packets
                """, addresses)
            let lines = said.split(separator: "\n").map { $0.drop { $0 == "\t" } }
            #expect(lines == ["packets 1 bytes 30", "packets 1 bytes 30", "packets 1 bytes 30"], "\(zone): \(said)")
        }
    }
}
