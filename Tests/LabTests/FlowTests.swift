import Lab
import Testing

/// A rule set written by hand, so that what the lab sees is held against nothing of the program's own.
private struct HandRules {
    /// TCP ports that the tunnel lets in.
    var open = ["3306"]
    /// What happens to other hosts' plaintext on its way in and out.
    var plaintext = "reject"

    var script: String {
        """
        #!/bin/sh
        case $1 in
        load) nft -f - <<'END'
        table inet lab
        delete table inet lab
        table inet lab {
            chain tunnel {
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                tcp dport { \(open.joined(separator: ", ")) } accept
                reject with icmpx admin-prohibited
            }
            chain input {
                type filter hook input priority 0; policy accept;
                iif lo accept
                iifname wg0 goto tunnel
                ip saddr 10.88.0.0/16 drop
                ip daddr 10.88.0.0/16 drop
                ip6 daddr fd5a::/64 drop
                ct state established,related accept
                meta l4proto { icmp, ipv6-icmp } accept
                udp dport 51820 accept
                counter \(plaintext == "reject" ? "drop" : "accept")
            }
            chain output {
                type filter hook output priority 0; policy accept;
                oifname eth1 ip daddr 10.132.0.1-10.132.0.9 meta l4proto != icmp udp sport != 51820 goto leaving
                oifname eth1 ip daddr 10.132.0.1-10.132.0.9 meta l4proto tcp goto leaving
            }
            chain leaving {
                counter \(plaintext == "reject" ? "reject with icmpx admin-prohibited" : "accept")
            }
        }
        END
        ;;
        remove) nft delete table inet lab ;;
        report) nft list table inet lab | grep counter ;;
        esac
        """
    }
}

extension `Labs of real tunnels` {
    private static let stranger = LabStranger(
        name: "stranger", site: "nyc", addresses: ["10.132.9.9"],
        detours: [LabDetour(address: "10.88.0.2", host: "host-2")])

    private static let asked: [(LabTransport, UInt16)] = [
        (.tcp, 3305), (.tcp, 3306), (.tcp, 3307), (.tcp, 51_820), (.udp, 3306), (.echo, 0),
    ]

    private func subjects(_ allowed: Set<String>) -> [LabSubject] {
        Self.asked.map { transport, port in
            let isAllowed = allowed.contains(transport == .echo ? "echo" : "\(port)/\(transport.rawValue)")
            return LabSubject(transport, port, isAllowed: isAllowed, reason: isAllowed ? 0 : 1)
        }
    }

    /// Two hosts that may talk by one port through the tunnel, and a stranger on their wire.
    private func plan(_ guarding: LabGuard) -> LabFlowPlan {
        let beneath: Set<String> =
            guarding == .reject ? ["echo"] : Set(["echo"] + Self.asked.map { "\($1)/\($0.rawValue)" })
        var ways: [LabWay] = []
        for (from, to) in [(1, 2), (2, 1)] {
            for prefix in ["10.88.0.", "fd5a::"] {
                ways.append(
                    LabWay(
                        .overlay, from: "host-\(from)", to: "host-\(to)", source: "\(prefix)\(from)",
                        target: "\(prefix)\(to)", subjects: subjects(["3306/tcp", "echo"])))
            }
            ways.append(
                LabWay(
                    .underlay, from: "host-\(from)", to: "host-\(to)", source: "10.132.0.\(from)",
                    target: "10.132.0.\(to)", subjects: subjects(beneath)))
        }
        ways.append(
            LabWay(
                .underlay, from: "stranger", to: "host-2", source: "10.132.9.9", target: "10.132.0.2",
                subjects: subjects(beneath)))
        ways.append(
            LabWay(
                .underlay, from: "stranger", to: "host-2", source: "10.132.9.9", target: "10.88.0.2",
                subjects: subjects([])))
        ways.append(
            LabWay(
                .underlay, from: "stranger", to: "host-2", source: "10.88.0.1", target: "10.132.0.2", sender: .forged,
                subjects: [LabSubject(.udp, 3306, isAllowed: false, reason: 1)]))
        return LabFlowPlan(
            ways: ways, reasons: ["the rule", "nothing allows it"],
            marker: LabMarker(
                from: "host-1", to: "host-2", port: 3306, overlay: ("10.88.0.1", "10.88.0.2"),
                underlay: ("10.132.0.1", "10.132.0.2")), guarding: guarding)
    }

    private func report(_ rules: HandRules, _ guarding: LabGuard = .reject) async throws -> LabReport {
        let fixture = try LabFixture()
        defer { fixture.remove() }
        var hosts = (1...2).map { oneSiteHost($0) }
        for index in hosts.indices { hosts[index].firewall = rules.script }
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let topology = LabTopology(
            sites: [site], hosts: built, expectations: everyPair(of: hosts.map(\.name)), strangers: [Self.stranger],
            flows: plan(guarding))
        return try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent))
    }

    // stranger ─┐
    // host-1  ──┼── bridge of site "nyc", every wire listened to
    // host-2  ──┘
    @Test func `every flow is as declared, and the wire shows plaintext with the mesh off and none with it on`()
        async throws
    {
        let report = try await report(HandRules())
        let flows = try #require(report.flows)
        #expect(report.isAsDeclared, "\(report.text) \(flows)")
        #expect(flows.ways.allSatisfy { $0.control == .open })
        #expect(flows.wires.wireGuard > 0 && flows.wires.secrets == 0 && flows.wires.missed == 0)
        let marker = try #require(flows.wires.marker)
        #expect(marker.offAnswered && marker.offSeen > 0)
        #expect(marker.onAnswered && marker.onSeen == 0)
        #expect(!marker.plainAnswered && marker.plainSeen == 0)
    }

    @Test func `a rule for the wrong port is found on both sides of it, and nothing else is`() async throws {
        let report = try await report(HandRules(open: ["3307"]))
        let flows = try #require(report.flows)
        #expect(!report.isAsDeclared)
        let plan = plan(.reject)
        let found = flows.differences.map {
            "\(plan.ways[$0.way].plane) \(plan.ways[$0.way].subjects[$0.subject].port)"
        }
        #expect(Set(found) == ["overlay 3306", "overlay 3307"])
        #expect(found.count == 8)
        #expect(flows.unproven.isEmpty)
        #expect(flows.differences.allSatisfy { !$0.note.isEmpty })
    }

    @Test func `a guard that only watches lets plaintext pass and counts it`() async throws {
        let report = try await report(HandRules(plaintext: "log"), .log)
        let flows = try #require(report.flows)
        #expect(report.isAsDeclared, "\(report.text) \(flows)")
        let marker = try #require(flows.wires.marker)
        #expect(marker.plainAnswered && marker.plainSeen > 0 && marker.isCounted == true)
    }

    @Test func `plaintext that leaves a host is seen on the wire, also when the other side refuses it`() async throws {
        let report = try await report(HandRules(plaintext: "log"))
        let flows = try #require(report.flows)
        #expect(!report.isAsDeclared)
        #expect(flows.wires.strange.contains { $0.hasPrefix("10.132.0.1 to 10.132.0.2, TCP port 3306: ") }, "\(flows)")
    }
}
