import Lab
import Testing

/// Real tunnels; one lab at a time, because each is a load of its own.
@Suite(.serialized) struct `Labs of real tunnels` {
    // web ─┐
    // app ─┼─ bridge of site "nyc" (10.132.0.0/16, fd13:2::/64)
    // db  ─┘
    @Test func `three hosts on one site reach each other in both families`() async throws {
        let fixture = try LabFixture()
        let hosts = (1...3).map { oneSiteHost($0) }
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let topology = LabTopology(
            sites: [site], hosts: built, expectations: everyPair(of: hosts.map(\.name)))
        let report = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent))
        fixture.remove()
        #expect(report.isAsDeclared, "\(report.text)")
        #expect(report.pairs.count == 12)
        #expect(report.hosts.allSatisfy { $0.interfaces.first?.listeningPort == 51_820 })
        #expect(report.hosts.allSatisfy { $0.interfaces.first?.peers == 2 })
        #expect(report.hosts[0].interfaces[0].addresses == ["10.88.0.1", "fd5a::1"])
        #expect(report.pairs.allSatisfy { $0.evidence.contains("wg0, hop limit 64, peer ") })
        #expect(report.summary.hasPrefix("12 of 12 probes as declared, 3 of 3 hosts sound"))
        #expect(report.json.contains("\"asDeclared\": true"))
    }

    // web (wrong key for db) ── bridge ── db
    //                            └─────── app
    @Test func `a wrong public key in one file is reported as that pair and no other`() async throws {
        let fixture = try LabFixture()
        let hosts = (1...3).map { oneSiteHost($0) }
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { peer in
                let isWrong = host.name == "host-1" && peer.name == "host-3"
                return TestPeer(
                    name: peer.name, allowed: alone(peer),
                    key: isWrong ? "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=" : nil)
            }
        }
        let topology = LabTopology(
            sites: [site], hosts: built, expectations: everyPair(of: hosts.map(\.name), families: [.ipv4]))
        let patience = LabPatience(answer: 6_000, silence: 3_000)
        let report = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent, patience: patience))
        fixture.remove()
        let failed = report.pairs.filter { $0.verdict != .asDeclared }
        #expect(!report.isAsDeclared)
        #expect(failed.map { "\($0.expectation.from)>\($0.expectation.to)" } == ["host-1>host-3", "host-3>host-1"])
        #expect(failed.allSatisfy { $0.verdict == .notReached && $0.evidence.contains("no handshake") })
        #expect(report.text.contains("not-reached"))
    }

    //  nyc bridge ── web ── internet ── app ── fra bridge
    //      └─ db               │         └─ (hub's LAN 192.168.50.0/24)
    //   (db: through NAT)   NAT ── laptop (keepalive)
    @Test func `two sites, a host without a public address and a roaming laptop`() async throws {
        let fixture = try LabFixture()
        let hosts = [
            TestHost(
                name: "web", overlay: ["10.88.0.1", "fd5a::1"], endpoint: "203.0.113.2", site: "nyc",
                privateAddresses: ["10.132.0.2"], publicAddresses: ["203.0.113.2", "2001:db8:1::2"]),
            TestHost(
                name: "db", overlay: ["10.88.0.2", "fd5a::2"], site: "nyc", privateAddresses: ["10.132.0.3"]),
            TestHost(
                name: "hub", overlay: ["10.88.0.3", "fd5a::3"], endpoint: "203.0.113.4", site: "fra",
                privateAddresses: ["10.133.0.4"], publicAddresses: ["203.0.113.4", "2001:db8:2::4"], forwards: true,
                routed: [LabRoutedNetwork(prefix: "192.168.50.0/24", testAddress: "192.168.50.10")]),
            TestHost(name: "laptop", overlay: ["10.88.0.9", "fd5a::9"], reach: .natted),
        ]
        let built = try await fixture.write(hosts) { host in
            hosts.filter {
                $0.name != host.name && !(["db", "laptop"].contains($0.name) && ["db", "laptop"].contains(host.name))
            }
            .map { peer in
                let lan = peer.name == "hub" ? ["192.168.50.0/24"] : []
                return TestPeer(
                    name: peer.name, allowed: alone(peer) + lan, keepalive: ["db", "laptop"].contains(host.name))
            }
        }
        let names = hosts.map(\.name)
        let blocked = [("db", "laptop"), ("laptop", "db")]
        var expectations = everyPair(of: names).map { e in
            blocked.contains { $0 == (e.from, e.to) }
                ? LabExpectation(from: e.from, to: e.to, family: e.family, answer: .unreachable, path: .none) : e
        }
        expectations.append(
            LabExpectation(
                from: "laptop", to: LabTopology.nodeName(host: "hub", prefix: "192.168.50.0/24"), family: .ipv4,
                answer: .reachable, path: .direct))
        let sites = [
            LabSite(name: "nyc", networks: ["10.132.0.0/16"]), LabSite(name: "fra", networks: ["10.133.0.0/16"]),
        ]
        let report = try await Lab.prove(
            LabTopology(sites: sites, hosts: built, expectations: expectations),
            options: LabOptions(agent: LabFixture.agent))
        fixture.remove()
        #expect(report.isAsDeclared, "\(report.text)")
        #expect(report.pairs.last?.evidence.contains("hop limit 63, peer hub") == true)
    }

    // a ── NAT ── internet ── hub (forwards) ── internet ── NAT ── b
    @Test func `two laptops through a hub lose one hop`() async throws {
        let fixture = try LabFixture()
        let hosts = [
            TestHost(
                name: "hub", overlay: ["10.88.0.1", "fd5a::1"], endpoint: "203.0.113.2",
                publicAddresses: ["203.0.113.2"], forwards: true),
            TestHost(name: "a", overlay: ["10.88.0.8", "fd5a::8"], reach: .natted),
            TestHost(name: "b", overlay: ["10.88.0.9", "fd5a::9"], reach: .natted),
        ]
        let built = try await fixture.write(hosts) { host in
            host.name == "hub"
                ? hosts.dropFirst().map { TestPeer(name: $0.name, allowed: alone($0)) }
                : [TestPeer(name: "hub", allowed: ["10.88.0.0/24", "fd5a::/64"], keepalive: true)]
        }
        let relayed = LabFamily.allCases.flatMap { family in
            [("a", "b"), ("b", "a")].map {
                LabExpectation(from: $0.0, to: $0.1, family: family, answer: .reachable, path: .relay("hub"))
            }
        }
        let expectations = relayed + everyPair(of: ["hub", "a"]) + everyPair(of: ["hub", "b"])
        let right = LabTopology(sites: [], hosts: built, expectations: expectations)
        let report = try await Lab.prove(right, options: LabOptions(agent: LabFixture.agent))
        #expect(report.isAsDeclared, "\(report.text)")
        #expect(report.pairs[0].evidence == "wg0, hop limit 63, peer hub, handshake")

        let wrong = LabTopology(sites: [], hosts: built, expectations: everyPair(of: ["a", "b"], families: [.ipv4]))
        let refuted = try await Lab.prove(wrong, options: LabOptions(agent: LabFixture.agent))
        fixture.remove()
        #expect(refuted.pairs.map(\.verdict) == [.wrongPath, .wrongPath], "\(refuted.text)")
        #expect(refuted.pairs[0].evidence.contains("hop limit 64 was expected, peer b was expected"))
    }

    // host-1 (broken file) ── bridge ── host-2
    @Test func `a host that does not come up is named in wg-quick's own words, its key hidden`() async throws {
        let fixture = try LabFixture()
        var hosts = (1...2).map { oneSiteHost($0) }
        let planted = "gI6EdUSYvn8ugXOt8QQD6Yc+JyiZxIhp3GInSWRfWG=="
        hosts[0].secret = planted
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let topology = LabTopology(
            sites: [site], hosts: built, expectations: everyPair(of: ["host-1", "host-2"], families: [.ipv4]))
        let report = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent))
        fixture.remove()
        let problem = report.hosts[0].problems.joined()
        #expect(!report.isAsDeclared)
        #expect(problem.hasPrefix("wg-quick up wg0 failed: "), "\(report.text)")
        #expect(problem.contains("Key is not the correct length or format: `(hidden)'"))
        #expect(!report.text.contains(planted) && !report.json.contains(planted))
        #expect(report.pairs.allSatisfy { $0.verdict == .unproven && $0.evidence == "host-1 did not come up" })
    }

    // host-1 (knows host-2) ── bridge ── host-2 (knows nobody)
    @Test func `silence is proved by waiting, and an undeclared answer is a fault`() async throws {
        let fixture = try LabFixture()
        let hosts = (1...3).map { oneSiteHost($0) }
        let built = try await fixture.write(hosts) { host in
            let known = ["host-1": ["host-2", "host-3"], "host-3": ["host-1"]][host.name] ?? []
            return hosts.filter { known.contains($0.name) }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let expectations = everyPair(of: hosts.map(\.name), families: [.ipv4]).map {
            LabExpectation(from: $0.from, to: $0.to, family: .ipv4, answer: .unreachable, path: .none)
        }
        let patience = LabPatience(answer: 6_000, silence: 3_000)
        let report = try await Lab.prove(
            LabTopology(sites: [site], hosts: built, expectations: expectations),
            options: LabOptions(agent: LabFixture.agent, patience: patience))
        fixture.remove()
        let faults = report.pairs.filter { $0.verdict == .reached }
        #expect(faults.map { "\($0.expectation.from)>\($0.expectation.to)" } == ["host-1>host-3", "host-3>host-1"])
        #expect(report.pairs.count { $0.verdict == .asDeclared } == 4, "\(report.pairTable)")
        #expect(report.milliseconds >= 3_000)
    }

    // nyc bridge ── a ── internet ── b ── fra bridge, each told the other's private address
    @Test func `an endpoint on another site's private network fails as it would outside`() async throws {
        let fixture = try LabFixture()
        let hosts = [("a", 1, "nyc"), ("b", 2, "fra")].map { name, number, site in
            TestHost(
                name: name, overlay: ["10.88.0.\(number)"], endpoint: "10.13\(number).0.2", site: site,
                privateAddresses: ["10.13\(number).0.2"], publicAddresses: ["203.0.113.\(number)"])
        }
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let sites = [
            LabSite(name: "nyc", networks: ["10.131.0.0/16"]), LabSite(name: "fra", networks: ["10.132.0.0/16"]),
        ]
        let patience = LabPatience(answer: 3_000, silence: 2_000)
        let report = try await Lab.prove(
            LabTopology(sites: sites, hosts: built, expectations: everyPair(of: ["a", "b"], families: [.ipv4])),
            options: LabOptions(agent: LabFixture.agent, patience: patience))
        fixture.remove()
        #expect(report.hosts.flatMap(\.problems) == [], "\(report.text)")
        #expect(report.pairs.map(\.verdict) == [.notReached, .notReached], "\(report.text)")
        #expect(report.pairs[0].evidence == "wg0, peer b at 10.132.0.2:51820, no handshake")
    }

    let site = LabSite(name: "nyc", networks: ["10.132.0.0/16", "fd13:2::/64"])

    func oneSiteHost(_ number: Int) -> TestHost {
        TestHost(
            name: "host-\(number)", overlay: ["10.88.0.\(number)", "fd5a::\(number)"],
            endpoint: number == 1 ? "[fd13:2::1]" : number == 2 ? "host-2.example" : "10.132.0.\(number)",
            site: "nyc", privateAddresses: ["10.132.0.\(number)", "fd13:2::\(number)"],
            dnsNames: number == 2 ? ["host-2.example"] : [])
    }
}
