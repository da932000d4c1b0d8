import Addresses
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// A back end with a bug is caught: one rendered line is changed, and the kernel's verdicts are held against the
/// reference as in every other test.
@Suite struct MutationTests {
    /// Why a changed line may keep every verdict: what stands in it, which changes it holds for (none for all), and the
    /// reason.
    private static let explained: [(parts: [String], changes: [RuleMutation.Change], reason: String)] = [
        (["log prefix"], [], "logging refuses nothing"), (["-j LOG"], [], "logging refuses nothing"),
        (["limit rate"], [], "logging refuses nothing"), (["maxseg"], [], "segment sizes refuse nothing"),
        (["TCPMSS"], [], "segment sizes refuse nothing"),
        (["masquerade"], [], "addresses are rewritten, and nothing refused"),
        (["MASQUERADE"], [], "addresses are rewritten, and nothing refused"),
        (["nd-router"], [], "one rule for all kinds of neighbor discovery, of which solicitations are crafted"),
        (["mld"], [], "reports of multicast listeners are not crafted"),
        (["--icmpv6-type 1"], [], "of neighbor discovery and multicast listeners, solicitations alone are crafted"),
        (["udp dport 546"], [], "DHCPv6 toward members is not crafted"),
        (["--dport 546"], [], "DHCPv6 toward members is not crafted"),
        (["policy drop"], [], "the chain's last rule refuses too"),
        (["    goto refuse-"], [.drop], "the last rule, and what follows refuses too"),
        (["goto refuse-tunnel-forward"], [.drop], "what follows refuses too, without an answer"),
        (["-g HAUBERK-wg0-DENY"], [.drop], "what follows refuses too, in another way"),
        (["ct direction original ip saddr"], [], "refused before its destination was rewritten"),
        (["ct direction original ip6 saddr"], [], "refused before its destination was rewritten"),
        (["ct status dnat ct direction original"], [], "later packets of a container's connection are not crafted"),
        (["-MTI "], [], "pings of containers and their later packets are not crafted"),
        (["-MTX ", "--icmp-type 8"], [], "pings of containers are not crafted"),
        (["-MTX ", "--icmpv6-type 128"], [], "pings of containers are not crafted"),
        (["-MTX ", "--ctorigdst 10.88.0.1/32"], [], "to the gateway itself, the tunnel's own input decides"),
        (["-MTX ", "--ctorigdst fd5a:3c71:9e00::1/128"], [], "to the gateway itself, the tunnel's own input decides"),
        (["        udp dport 53 accept"], [.widen], "to the gateway itself, the tunnel's own input decides"),
        (["-g HAUBERK-wg0-UM"], [.widen], "the next address is a member's, or this host's, too"),
        (["-d 203.0.113.6/32 -g"], [.widen], "the next address is a member's too"),
    ]

    /// Why a kind of line may keep every verdict, by the whole of it.
    private static func reason(_ mutation: RuleMutation) -> String? {
        if mutation.line.trimmed == "accept" { return "the chain's policy lets through too" }
        let isCondition = !["<accept/>", "<drop/>", "<reject"].contains { mutation.line.contains($0) }
        if mutation.file.hasSuffix(".xml"), isCondition { return "the table beside firewalld's refuses it first" }
        return explained.first { entry in
            entry.parts.allSatisfy { mutation.line.contains($0) }
                && (entry.changes.isEmpty || entry.changes.contains(mutation.change))
        }?.reason
    }

    struct Outcome {
        let mutation: RuleMutation
        let loader: FirewallLoader
        /// Nil when the back end's own tool refused the file.
        let differences: Int?
    }

    /// The hosts of ``PolicyTexts/everything`` whose rules are changed, with how many changes of 100 each gets: fewer
    /// where loading takes seconds.
    private static let subjects: [(loader: FirewallLoader, host: String, share: Int)] = [
        (.nftables, "gate", 20), (.nftables, "mysql-1", 20), (.iptables, "wordpress-1", 16), (.iptables, "gate", 14),
        (.iptablesLegacy, "mysql-1", 14), (.ufw, "wordpress-2", 8), (.firewalld, "mysql-1", 8),
    ]

    @Test(arguments: subjects.indices)
    func `each of 100 mutations that changes a verdict is found, and each survivor is explained`(number: Int) throws {
        let (loader, name, share) = Self.subjects[number]
        var random = SeededRandom.replayable(UInt64(20_261_121 + number), for: "mutations of \(loader)")
        let mesh = try MeshPipeline.mesh(PolicyTexts.everything)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        let host = try #require(mesh.index(of: name))
        let outcomes = try run(loader, host, plan, count: share, using: &random)
        #expect(outcomes.count == share)
        let survivors = outcomes.filter { $0.differences == 0 }
        for survivor in survivors {
            let reason = Self.reason(survivor.mutation)
            print("survivor, \(loader), \(name), \(survivor.mutation): \(reason ?? "NOT EXPLAINED")")
            #expect(reason != nil, "\(loader), \(name), \(survivor.mutation) changes no verdict")
        }
        print("mutations: \(loader), \(name): \(share), survivors \(survivors.count)")
        #expect(survivors.count <= share / 2)
    }

    @Test func `there are 100 mutations, of every dialect that is loaded line by line`() {
        #expect(Self.subjects.reduce(0) { $0 + $1.share } == 100)
        #expect(Set(Self.subjects.map(\.loader.description)) == Set(FirewallLoader.all.map(\.description)))
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
        let full = PacketSamples.rounds(bench, limit: .max, using: &random)
        // Few packets first: most mutants fall at once.
        let quick = [Array(full[0].shuffled(using: &random).prefix(6_000))]
        let standing = PacketSamples.standing(bench, limit: .max, using: &random)
        let interface = bench.policy.interface.description
        return try withTemporaryFolder { folder in
            try FirewallLoader.write(artifacts, below: "\(folder)/sound")
            let sound = loader.line(loader.load, tree: "\(folder)/sound", interface: interface)
            // What strangers had open before is ufw's own to let go on.
            let open = [(["true"], loader.kind == .ufw ? standing.map { $0.filter(bench.isOurs) } : standing)]
            // The control: what is sound, as it is rendered, is found to differ nowhere.
            for (before, rounds) in [([], full)] + open {
                let preparations = before + [sound]
                let passed = try bench.passed(preparations, rounds).last ?? []
                let wrong = zip(rounds.joined(), passed).filter { loader.differs($0, $1) }
                #expect(wrong.isEmpty, "\(loader), sound: \(wrong.count), such as \(wrong.prefix(3))")
            }
            return try chosen.enumerated().map { number, mutation in
                let tree = "\(folder)/\(number)"
                try FirewallLoader.write(artifacts, below: tree)
                try save(mutation.text, to: "\(tree)/\(mutation.file)")
                // What ufw itself loads, it loads with its own rules.
                let isTheirs = mutation.file.contains("/ufw.v")
                let load =
                    loader.line(loader.load, tree: tree, interface: interface) + (isTheirs ? " && ufw reload" : "")
                // A file that the tool refuses leaves the sound rules in force.
                let marker = "\(tree)/refused"
                let preparation = "\(sound); \(load) || touch '\(marker)'; true"
                var differences = 0
                // All packets only where no reason to survive is known.
                let rest = Self.reason(mutation) == nil ? [([], full)] + open : []
                for (before, rounds) in [([], quick)] + rest where differences == 0 {
                    let passed = try bench.passed(before + [preparation], rounds).last ?? []
                    if text(marker) != nil { return Outcome(mutation: mutation, loader: loader, differences: nil) }
                    differences = zip(rounds.joined(), passed).count { loader.differs($0, $1) }
                }
                return Outcome(mutation: mutation, loader: loader, differences: differences)
            }
        }
    }
}

extension KernelBench {
    /// Whether it passes the tunnel, or has to do with a member; containers' are theirs.
    fileprivate func isOurs(_ sample: SamplePacket) -> Bool {
        if sample.way != .plain { return false }
        let remote: IPAddress
        switch sample.packet.hook {
        case .input(.tunnel), .output(.tunnel), .forward(.tunnel, _, _), .forward(_, .tunnel, _): return true
        case .input, .forward: remote = sample.packet.source
        case .output: remote = sample.packet.destination
        }
        return policy.members?.contains(remote) ?? false
    }
}
