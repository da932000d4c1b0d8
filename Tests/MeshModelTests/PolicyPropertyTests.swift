import Addresses
import Diagnostics
import MeshFixtures
import MeshModel
import Testing

/// What holds for every policy: classes stand for their members, and what findings say is true.
@Suite struct PolicyPropertyTests {
    private static let moment: Int64 = 1_795_219_200

    @Test func `peers of a class and ports of a class have the same answers`() throws {
        let start = SeededRandom.start(1, for: "classes of peers and ports")
        var (asked, shared) = (0, 0)
        for seed in start..<start + 60 {
            let text = PolicySketch(seed: seed).text()
            guard let answers = try PolicyAnswers(text, moment: Self.moment) else { continue }
            let classes = PolicyClasses(answers.view, .rules)
            let ports = PortClasses(answers.view.policy, in: answers.mesh)
            shared += answers.view.enabled.count - classes.members.count
            // Which port stands for which: those in the same of the policy's ranges.
            let all = (1...10).flatMap { ["\($0)/tcp", "\($0)/udp"] }.compactMap { ServicePorts($0) }
            for from in answers.view.enabled {
                for to in answers.view.enabled where from != to {
                    let numbers = (try #require(classes.classOfPeer[from]), try #require(classes.classOfPeer[to]))
                    let pair = try #require(classes.pair(numbers.0, numbers.1))
                    for port in all {
                        let mark = try #require(ports.representatives(in: port).first)
                        for plane in [Plane.overlay, .underlay] {
                            let own = answers.verdict(plane, from, to, .port(port.transport, port.range.lower))
                            let other = answers.verdict(
                                plane, pair.from, pair.to, .port(mark.transport, mark.range.lower))
                            asked += 1
                            if own != other {
                                Issue.record("seed \(seed): \(from) \(to) \(port) \(plane): \(own) \(other)\n\(text)")
                            }
                        }
                    }
                }
            }
        }
        #expect(asked > 20_000 && shared > 20, "\(asked) \(shared)")
    }

    @Test func `one port of each class finds whatever some port finds`() throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            guard let answers = try PolicyAnswers(PolicySketch(seed: seed).text(), moment: nil) else { continue }
            let ports = PortClasses(answers.view.policy, in: answers.mesh)
            for from in answers.view.enabled.prefix(4) {
                for to in answers.view.enabled.suffix(4) where from != to {
                    let every = answers.verdicts(from, to, (1...12).flatMap { ["\($0)/tcp", "\($0)/udp"] })
                    let few = answers.verdicts(from, to, ports.representatives.map(\.description))
                    #expect(every.subtracting(few).isEmpty, "seed \(seed)")
                }
            }
        }
    }

    @Test func `a rule that is found to be too many can go, and nothing changes`() throws {
        let start = SeededRandom.start(1, for: "rules that are too many")
        var found: [String: Int] = [:]
        for seed in start..<start + 150 {
            let sketch = PolicySketch(seed: seed)
            let check = try MeshPipeline.check(sketch.text(), at: Self.moment)
            let before = try PolicyAnswers(sketch.text(), moment: Self.moment)?.allowed()
            for finding in check.findings where ["covered-rule", "expired-rule"].contains(finding.id.name) {
                guard let before, let line = finding.location?.line else { continue }
                let after = try PolicyAnswers(sketch.text(without: [line - sketch.firstRule]), moment: Self.moment)
                found[finding.id.name, default: 0] += 1
                if after?.allowed() != before { Issue.record("seed \(seed): \(finding.text)\n\(sketch.text())") }
            }
        }
        #expect(found["covered-rule", default: 0] > 20 && found["expired-rule", default: 0] > 20, "\(found)")
    }

    @Test
    func `a rule is found to allow nothing exactly when it does, but for services and sets that it names besides`()
        throws
    {
        let start = SeededRandom.start(1, for: "rules that allow nothing")
        var (idle, busy) = (0, 0)
        for seed in start..<start + 150 {
            let sketch = PolicySketch(seed: seed)
            for rule in sketch.rules.indices
            where !sketch.rules[rule].contains("until") && !sketch.rules[rule].contains("[x") {
                // The rule alone, with nothing else that could open its ports.
                let others = Set(sketch.rules.indices).subtracting([rule])
                let text = sketch.text(without: others).replacing("rescue: ", with: "except: ")
                    .replacing(", port: 4/tcp}", with: ", to: all, ports: 4/tcp, reason: r}")
                guard let answers = try? PolicyAnswers(text, moment: nil) else { continue }
                let findings = try MeshPipeline.check(text).findings.filter { $0.location?.line == sketch.firstRule }
                let isFound = findings.contains { ["empty-set", "unmatched-rule"].contains($0.id.name) }
                let allowed = answers.allowed()
                if allowed.isEmpty { idle += 1 } else { busy += 1 }
                if allowed.isEmpty != isFound {
                    Issue.record("seed \(seed): \(allowed.count) flows, \(findings.map(\.message))\n\(text)")
                }
            }
        }
        #expect(idle > 20 && busy > 50, "\(idle) \(busy)")
    }

    @Test func `bits are a set`() {
        var random = SeededRandom(seed: 7)
        for capacity in [0, 1, 63, 64, 65, 200] {
            let (a, b) = (
                Set((0..<capacity).filter { _ in random.chance(40) }),
                Set((0..<capacity).filter { _ in random.chance(60) })
            )
            let (x, y) = (
                PeerBits(capacity: capacity) { a.contains($0) }, PeerBits(capacity: capacity) { b.contains($0) }
            )
            #expect(x.indices == a.sorted() && x.count == a.count && x.isEmpty == a.isEmpty)
            #expect(
                x.union(y).indices == a.union(b).sorted() && x.intersection(y).indices == a.intersection(b).sorted())
            #expect(x.subtracting(y).indices == a.subtracting(b).sorted() && x.isSubset(of: y) == a.isSubset(of: b))
            #expect(
                x.only == (a.count == 1 ? a.first : nil)
                    && (0..<capacity).allSatisfy { x.contains($0) == a.contains($0) })
        }
    }

    @Test func `5,000 peers with 400 rules are checked in seconds`() throws {
        var lines = [
            "mesh: big", "prefixes: [10.0.0.0/12]",
            "groups: {\((0..<100).map { "g\($0): {}" }.joined(separator: ", "))}",
        ]
        lines.append(
            "services:\n"
                + (0..<100).map { "  s\($0): {ports: [\(1000 + $0)/tcp], expose: {g\($0): private}}" }.joined(
                    separator: "\n"))
        lines.append(
            "allow:\n"
                + (0..<400).map { "  - {from: g\($0 / 4), to: g\(($0 * 7) % 100), service: s\(($0 * 7) % 100)}" }
                .joined(separator: "\n"))
        lines.append("tests: [{from: all, to: all, deny: [1/tcp]}]\npeers:")
        lines += (0..<5_000).map { "  p\($0): {groups: [g\($0 % 100)], public: 192.0.\($0 / 250).\($0 % 250 + 1)}" }
        let clock = ContinuousClock()
        let taken = try clock.measure {
            let check = try MeshPipeline.check(lines.joined(separator: "\n"), at: Self.moment)
            #expect(!check.isRefused, "\(check.findings.prefix(3).map(\.text))")
        }
        // A debug build on a busy machine; peers times peers times rules would take hours.
        #expect(taken < .seconds(300), "\(taken)")
        print("5,000 peers with 400 rules: \(taken)")
    }
}

extension PolicyAnswers {
    func verdicts(_ from: Int, _ to: Int, _ ports: [String]) -> Set<Verdict> {
        Set(
            ports.compactMap { ServicePorts($0) }.map {
                verdict(.overlay, from, to, .port($0.transport, $0.range.lower))
            })
    }
}
