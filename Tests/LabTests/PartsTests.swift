import Diagnostics
import Glibc
import Subprocess
import SystemPackage
import Testing

@testable import Lab

struct `Parts of the lab` {
    private let topology = LabTopology(
        sites: [LabSite(name: "nyc", networks: ["10.132.0.0/16"])],
        hosts: [
            LabHost(
                name: "web", site: "nyc", privateAddresses: ["10.132.0.2"], publicAddresses: ["203.0.113.2"],
                interfaces: ["wg0", "wg1"], overlayAddresses: ["10.88.0.1"], tree: "/x",
                routedNetworks: [LabRoutedNetwork(prefix: "192.168.50.0/24", testAddress: "192.168.50.10")],
                dnsNames: ["web.example"]),
            LabHost(name: "laptop", reach: .natted, overlayAddresses: ["10.88.0.9"], tree: "/y"),
        ],
        expectations: [
            LabExpectation(from: "laptop", to: "web", family: .ipv4, answer: .reachable, path: .relay("x")),
            LabExpectation(from: "web", to: "laptop", family: .ipv6, answer: .unreachable, path: .none),
        ])

    @Test func `what one process says the other understands, in pieces of any size`() throws {
        for size in 1...7 {
            var frames = WireFrames()
            var result: LabTopology?
            let bytes = topology.wire.frame
            for start in stride(from: 0, to: bytes.count, by: size) {
                #expect(result == nil)
                frames.append(Array(bytes[start..<min(start + size, bytes.count)]))
                if let wire = try frames.next() { result = try LabTopology(wire: wire) }
            }
            #expect(result == topology)
        }
    }

    @Test func `a torn or foreign message is an error and no trap`() {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        print("seed \(seed)")
        var state = seed | 1
        let good = topology.wire.frame
        for _ in 0..<2_000 {
            var bytes = good
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            var frames = WireFrames()
            frames.append(bytes)
            if let wire = try? frames.next() { _ = try? LabTopology(wire: wire) }
        }
    }

    @Test func `public addresses are host routes, a laptop gets a router, private sources have no way back`() {
        let wiring = Wiring(topology)
        #expect(wiring.namespaces.map(\.name) == ["internet", "wires", "h0", "l0x0", "h1", "n1"])
        let internet = wiring.namespaces[0]
        #expect(internet.lines.contains("route add 203.0.113.2/32 dev to-h0"))
        #expect(internet.settings.contains { $0 == ("net.ipv4.conf.all.rp_filter", "1") })
        #expect(!internet.lines.contains { $0.contains("10.132") || $0.contains("192.168") })
        #expect(wiring.namespaces.filter { !$0.filter.isEmpty }.map(\.name) == ["n1"])
        #expect(wiring.namespaces[2].lines.contains("addr add 10.132.0.2/16 dev eth1"))
        #expect(wiring.namespaces[4].lines.contains("addr add 192.168.77.2/32 dev eth0"))
    }

    @Test func `the longest allowed prefix decides the peer`() {
        let dump = """
            wg0\tSECRET\tPUBLIC\t51820\toff
            wg0\tpeer-a\t(none)\t203.0.113.2:51820\t10.88.0.0/16,fd5a::/64\t0\t0\t0\toff
            wg0\tpeer-b\tPSK\t(none)\t10.88.0.9/32\t1700000000\t5\t5\t25

            """
        let tunnels = WireGuardInterface.parse(dump)
        #expect(tunnels.map(\.listeningPort) == [51_820])
        #expect(!"\(tunnels)".contains("SECRET") && !"\(tunnels)".contains("PSK"))
        #expect(NumericAddress("10.88.0.9").flatMap { tunnels[0].peer(for: $0)?.publicKey } == "peer-b")
        #expect(NumericAddress("10.88.0.8").flatMap { tunnels[0].peer(for: $0)?.publicKey } == "peer-a")
        #expect(NumericAddress("fd5a::5").flatMap { tunnels[0].peer(for: $0)?.publicKey } == "peer-a")
        #expect(NumericAddress("10.89.0.1").flatMap { tunnels[0].peer(for: $0) } == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/9", "10.128.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
        ("fd5a::/33", "fd5a:0:8000::", false), ("::/0", "1.2.3.4", false), ("10.0.0.1", "10.0.0.1", true),
    ])
    func `a prefix holds an address or not`(prefix: String, address: String, holds: Bool) throws {
        let prefix = try #require(NumericPrefix(prefix))
        #expect(prefix.contains(try #require(NumericAddress(address))) == holds)
    }

    @Test func `keys in other programs' words are hidden, also mistyped ones`() {
        let conf = "[Interface]\nPrivateKey = mistyped-key\n[Peer]\nPresharedKey=also/wrong\n"
        let entry = LabTree.Entry(path: "wireguard/wg0.conf", kind: .file, mode: 0o600, contents: Array(conf.utf8))
        let mask = SecretMask(trees: [LabTree(entries: [entry])])
        #expect(mask.mask("bad `mistyped-key' and also/wrong.") == "bad `(hidden)' and (hidden).")
        #expect(mask.mask("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= x") == "(hidden) x")
        #expect(mask.mask("/usr/bin/wg-quick: line 32: resolvconf") == "/usr/bin/wg-quick: line 32: resolvconf")
    }

    @Test func `network settings of a tree are read as sysctl does`() {
        let text = "# net.a = 1\nnet.ipv4.ip_forward=1\n -net.ipv6.conf.all.forwarding = 1\nkernel.panic = 1\n"
        let entry = LabTree.Entry(path: "sysctl.d/9.conf", kind: .file, mode: 0o644, contents: Array(text.utf8))
        let settings = LabTree(entries: [entry]).networkSettings
        #expect(settings.map(\.key) == ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"])
        #expect(settings.map(\.value) == ["1", "1"])
    }

    @Test func `missing programs are named with their packages, all at once`() throws {
        let machine = LabMachine(
            topology: topology, options: LabOptions(agent: LabFixture.agent), searchPath: "/nonexistent")
        let failure = try #require(throws: Failure.self) { try machine.checkTools() }
        #expect(failure.status == .toolMissing)
        #expect(
            failure.diagnostics.contains { $0.message == "the lab needs \"wg-quick\", of the package wireguard-tools" })
        #expect(failure.diagnostics.contains { $0.message.contains("\"nft\", of the package nftables") })
        #expect(failure.diagnostics.allSatisfy { $0.hint?.hasPrefix("sudo apt-get install ") == true })
    }

    @Test func `a missing tree is a failure with its path`() async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent))
        }
        #expect(failure?.status == .fileMissing)
        #expect(failure?.diagnostics.first?.message.contains("\"/x/etc\"") == true)
    }

    @Test func `the inner half refuses to run in the machine's own network`() async throws {
        let own = try #require(PosixFiles.link("/proc/self/ns/net"))
        for network in [own, "net:[1]", "nonsense"] {
            let result = try await run(
                .path(FilePath(LabFixture.agent.executable)), arguments: ["inside", network],
                output: .string(limit: 10_000))
            #expect(result.terminationStatus == .exited(ExitStatus.bug.rawValue))
            #expect(result.standardOutput.contains("lab-outside-refused"))
        }
    }

    @Test func `the report's text and JSON say the same`() {
        let good = topology.expectations[0]
        let pairs = [
            LabPairResult(
                expectation: good, answeredBy: "web", milliseconds: 4, evidence: "wg0 \"x\"", verdict: .asDeclared),
            LabPairResult(
                expectation: topology.expectations[1], answeredBy: nil, milliseconds: nil, evidence: "-",
                verdict: .unproven),
        ]
        let host = LabHostResult(name: "web", interfaces: [], upMilliseconds: 5, problems: [])
        let report = LabReport(hosts: [host], pairs: pairs, milliseconds: 1_249)
        #expect(report.status == .no)
        #expect(LabReport(hosts: [], pairs: [], milliseconds: 0).status == .no)
        #expect(report.summary == "1 of 2 probes as declared, 1 of 1 hosts sound, 1.2 s")
        #expect(report.text.contains("unproven") && !report.text.contains("through x"))
        #expect(report.pairTable.contains("through x"))
        #expect(
            report.json.contains(
                #"{"from": "laptop", "to": "web", "family": "ipv4", "expected": "reachable", "relay": "x", "#
                    + #""answeredBy": "web", "milliseconds": 4, "evidence": "wg0 \"x\"", "verdict": "as-declared"}"#))
    }
}
