import Glibc
import Lab
import Testing

extension `Labs of real tunnels` {
    // 6 hosts (or HAUBERK_LAB_HOSTS of them) on one bridge, every pair, both families
    @Test func `a full mesh is proved pair by pair, and says how long it took`() async throws {
        let count = getenv("HAUBERK_LAB_HOSTS").flatMap { Int(String(cString: $0)) } ?? 6
        let fixture = try LabFixture()
        let hosts = (1...count).map {
            TestHost(
                name: "host-\($0)", overlay: ["10.88.0.\($0)", "fd5a::\($0)"], endpoint: "10.132.0.\($0)", site: "nyc",
                privateAddresses: ["10.132.0.\($0)"])
        }
        let built = try await fixture.write(hosts) { host in
            hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0)) }
        }
        let topology = LabTopology(
            sites: [LabSite(name: "nyc", networks: ["10.132.0.0/16"])], hosts: built,
            expectations: everyPair(of: hosts.map(\.name)))
        let start = ContinuousClock.now
        let report = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent)) { step in
            if step.done == step.total || step.done == 0 { print(start.duration(to: .now), step.stage, step.done) }
        }
        fixture.remove()
        print(report.summary)
        #expect(report.isAsDeclared, "\(report.text)")
        #expect(report.pairs.count == count * (count - 1) * 2)
    }
}
