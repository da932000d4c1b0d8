import Addresses
import Diagnostics
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// pf by a reader and interpreter of its grammar, for want of a pf.
@Suite struct PFTests {
    private func anchor(_ host: Int, _ plan: FirewallPlan) throws -> PFReader {
        let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: .pf)
        let anchor = try #require(artifacts.first { $0.path.hasPrefix("etc/pf.anchors/hauberk.") })
        return try PFReader(String(decoding: anchor.bytes { _ in "" }, as: UTF8.self))
    }

    /// What pf would do otherwise than the reference, and how many packets were asked about.
    private func differences(
        _ host: Int, _ plan: FirewallPlan, seed: UInt64, mutant: PFReader? = nil
    ) throws -> (found: [String], packets: Int) {
        let policy = plan.policy(for: host)
        let bench = KernelBench(mesh: plan.mesh, host: host, policy: policy)
        let pf = try mutant ?? anchor(host, plan)
        var random = SeededRandom(seed: seed)
        var (found, packets) = ([String](), 0)
        for sample in PacketSamples.rounds(bench, limit: 100_000, using: &random).joined() {
            let packet = sample.packet
            let isInput: Bool
            let side: PacketSide
            switch packet.hook {
            case .input(let own): (isInput, side) = (true, own)
            case .output(let own): (isInput, side) = (false, own)
            case .forward: continue
            }
            // Answers and errors ride on states, which pf looks up before all rules.
            if packet.state != .original || sample.about != nil { continue }
            packets += 1
            let interface = side == .tunnel ? "$tunnel" : side == .loopback ? "lo0" : bench.interface(side)
            let passes = pf.first(packet, isInput: isInput, interface: interface)?.passes ?? true
            if passes != sample.passes { found.append("\(sample), pf: \(passes)") }
        }
        return (found, packets)
    }

    @Test func `the six servers' anchors are pf, and judge as the reference does`() throws {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        for host in mesh.peers.indices {
            let (found, packets) = try differences(host, plan, seed: 3)
            #expect(packets > 500)
            #expect(
                found.isEmpty, "\(mesh.peers[host].name): \(found.count): \(found.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test func `random policies within pf's words are judged as by the reference, all others are refused`() throws {
        var (judged, refused, packets) = (0, 0, 0)
        for seed in 0..<60 as Range<UInt64> {
            guard let mesh = RandomPolicyTests.mesh(seed), let plan = FirewallPlan(mesh, at: nil) else { continue }
            for host in mesh.peers.indices {
                do throws(Failure) {
                    _ = try Firewalls.artifacts(for: host, in: plan, kind: .pf)
                } catch {
                    #expect(error.diagnostics.allSatisfy { $0.id == .unsupportedPolicy && $0.location != nil })
                    refused += 1
                    continue
                }
                let result = try differences(host, plan, seed: seed)
                judged += 1
                packets += result.packets
                #expect(result.found.isEmpty, "seed \(seed): \(result.found.prefix(5).joined(separator: "\n"))")
            }
        }
        #expect(judged > 25 && refused > 25 && packets > 20_000, "\(judged) judged, \(refused) refused, \(packets)")
    }

    /// The interpreter's own proof: it is no rubber stamp.
    @Test func `an anchor without one of its rules is found out`() throws {
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "tunnel-1"))
        let sound = try anchor(host, plan)
        var survivors: [Int] = []
        for index in sound.rules.indices {
            if try differences(host, plan, seed: 3, mutant: sound.without(index)).found.isEmpty {
                survivors.append(index)
            }
        }
        // Loopback, what routers say, the answers of IPv6's DHCP, and members' own ICMP are not among the packets, and
        // what leaves for strangers is only there for its state; the refusals of the tunnel have others behind them, and
        // the bastion's own group has no other member.
        #expect(survivors.count <= 13, "\(survivors)")
        #expect(sound.rules.count - survivors.count > 20)
    }

    @Test(arguments: [
        "pass in on $tunnel all", "block quick all", "pass quick proto esp all", "pass quick from <nobody> to any",
        "pass in quick from any to any port 22", "pass in quick proto tcp from any to any port 70000",
        "pass in quick proto tcp from any to any port 80-90", "pass in quick inet from { fd00::1 } to any",
        "block drop in quick all keep state", "pass quick all keep state (tcp)", "table <t> { 10.0.0.1 }",
        "pass in quick inet proto icmp from any to any icmp6-type echoreq", "pass in quick from { } to any",
    ])
    func `the reader refuses what is no pf of ours`(_ line: String) {
        #expect(throws: PFReader.Mistake.self) { try PFReader(line) }
    }
}
