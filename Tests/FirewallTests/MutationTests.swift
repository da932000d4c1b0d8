import Addresses
import Glibc
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// A back end with a bug is caught: one rendered line is changed, and the kernel's verdicts are held against the
/// reference as in every other test.
@Suite struct MutationTests {
    /// Why a changed line may keep every verdict: what stands in it, and the reason.
    static let explained: [(part: String, reason: String)] = [
        ("log prefix", "logging refuses nothing"), ("-j LOG", "logging refuses nothing"),
        ("limit rate", "logging refuses nothing"), ("maxseg", "segment sizes refuse nothing"),
        ("TCPMSS", "segment sizes refuse nothing"), ("masquerade", "addresses are rewritten, and nothing refused"),
        ("MASQUERADE", "addresses are rewritten, and nothing refused"),
        ("nd-router", "one rule for all kinds of neighbor discovery, of which solicitations are crafted"),
        ("mld", "reports of multicast listeners are not crafted"),
        ("--icmpv6-type 1", "of neighbor discovery and multicast listeners, solicitations alone are crafted"),
        ("udp dport 546", "DHCPv6 toward members is not crafted"),
        ("--dport 546", "DHCPv6 toward members is not crafted"),
        ("policy drop", "the chain's last rule refuses too"),
        ("    goto refuse-", "the last rule, and what follows refuses too"),
        ("goto refuse-tunnel-forward", "what follows refuses too, without an answer"),
        ("ct direction original ip", "refused before its destination was rewritten"),
        ("ct status dnat ct direction original", "later packets of a container's connection are not crafted"),
        ("-g HAUBERK-wg0-DENY", "what follows refuses too, in another way"),
        ("-MTI ", "pings of containers and their later packets are not crafted"),
    ]

    /// Why a kind of line may keep every verdict, by the whole of it.
    private static func reason(_ mutation: RuleMutation) -> String? {
        if mutation.line.trimmed == "accept" { return "the chain's policy lets through too" }
        return explained.first { mutation.line.contains($0.part) }?.reason
    }

    struct Outcome {
        let mutation: RuleMutation
        let loader: FirewallLoader
        /// Nil when the back end's own tool refused the file.
        let differences: Int?
    }

    /// Minutes long: `HAUBERK_MUTATIONS=1 swift test --filter MutationTests`.
    @Test(.enabled(if: getenv("HAUBERK_MUTATIONS") != nil, "on demand: HAUBERK_MUTATIONS=1"))
    func `100 mutations: each that changes a verdict is found, and each survivor is explained`() throws {
        var random = SeededRandom.replayable(20_261_121, for: "mutations")
        let mesh = try MeshPipeline.mesh(PolicyTexts.everything)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let loaders = FirewallLoader.mutable
        #expect(!loaders.isEmpty)
        var outcomes: [Outcome] = []
        for (number, (loader, share)) in loaders.enumerated() {
            let host = try #require(
                mesh.index(of: ["gate", "wordpress-1", "mysql-1", "wordpress-2", "tunnel-1"][number]))
            outcomes += try run(loader, host, plan, count: share, using: &random)
        }
        #expect(outcomes.count == 100)
        let survivors = outcomes.filter { $0.differences == 0 }
        for survivor in survivors {
            let reason = Self.reason(survivor.mutation)
            print("survivor, \(survivor.loader), \(survivor.mutation): \(reason ?? "NOT EXPLAINED")")
            #expect(reason != nil, "\(survivor.loader), \(survivor.mutation) changes no verdict")
        }
        print("mutations: \(outcomes.count), found \(outcomes.count - survivors.count), survivors \(survivors.count)")
        #expect(survivors.count <= 35)
    }

    @Test func `a dropped, flipped or widened line of the rules is found`() throws {
        var random = SeededRandom.replayable(7, for: "few mutations")
        let mesh = try MeshPipeline.mesh(PolicyTexts.sixServers)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: "mysql-1"))
        for loader in [FirewallLoader.nftables, .iptables] {
            let outcomes = try run(loader, host, plan, count: 8, using: &random)
            let found = outcomes.count { $0.differences != 0 }
            #expect(outcomes.count == 8 && found >= 4, "\(loader): \(found) of \(outcomes.count)")
        }
    }

    /// Mutants of one host's files, each loaded and probed.
    private func run(
        _ loader: FirewallLoader, _ host: Int, _ plan: FirewallPlan, count: Int,
        using random: inout SeededRandom
    ) throws -> [Outcome] {
        let conformance = Conformance(plan: plan, host: host)
        let bench = conformance.bench
        let artifacts = try Firewalls.artifacts(for: host, in: plan, kind: loader.kind)
        let rules = artifacts.filter { artifact in loader.ruleFiles.contains { artifact.path.hasSuffix($0) } }
        let all = rules.flatMap { artifact in
            RuleMutation.all(of: String(decoding: artifact.bytes { _ in "" }, as: UTF8.self), in: artifact.path)
        }
        let chosen = all.shuffled(using: &random).prefix(count)
        // Few packets first: most mutants fall at once.
        let quick = PacketSamples.rounds(bench, limit: 3_000, using: &random)
        let full = PacketSamples.rounds(bench, limit: 20_000, using: &random)
        let standing = PacketSamples.standing(bench, limit: 4_000, using: &random)
        let interface = bench.policy.interface.description
        return try withTemporaryFolder { folder in
            try FirewallLoader.write(artifacts, below: "\(folder)/sound")
            let sound = loader.line(loader.load, tree: "\(folder)/sound", interface: interface)
            return try chosen.enumerated().map { number, mutation in
                let tree = "\(folder)/\(number)"
                try FirewallLoader.write(artifacts, below: tree)
                try save(mutation.text, to: "\(tree)/\(mutation.file)")
                let load = loader.line(loader.load, tree: tree, interface: interface)
                // A file that the tool refuses leaves the sound rules in force.
                let marker = "\(tree)/refused"
                let preparation = "\(sound); \(load) || touch '\(marker)'; true"
                // Last, what was open before any rules came.
                let stages = [([preparation], quick), ([preparation], full), (["true", preparation], standing)]
                var differences = 0
                for (preparations, rounds) in stages where differences == 0 {
                    let passed = try bench.passed(preparations, rounds).last ?? []
                    if text(marker) != nil { return Outcome(mutation: mutation, loader: loader, differences: nil) }
                    differences = zip(rounds.joined(), passed).count { loader.differs($0, $1) }
                }
                return Outcome(mutation: mutation, loader: loader, differences: differences)
            }
        }
    }
}
