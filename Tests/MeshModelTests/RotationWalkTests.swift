import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// Rotations as careless operators take them, hosts delivered to in any order: nobody ever sends what does not arrive.
@Suite struct RotationWalkTests {
    @Test func `whatever is done, each host's way to each other ends at an interface that has it`() throws {
        var random = SeededRandom.replayable(7, for: "rotation walks")
        var finished = 0
        for _ in 0..<60 {
            var walk = try RotationWalk()
            for _ in 0..<500 { try walk.go(&random) }
            finished += walk.finished
        }
        #expect(finished > 100, "the walks hardly finish a rotation: \(finished)")
    }
}

/// A mesh, its lock file, and what each host was last delivered.
private struct RotationWalk {
    private static let names = ["a", "b", "c", "d"]
    private static let text =
        "mesh: test\nprefixes: [10.88.0.0/24]\nrotation: {}\npeers:\n"
        + names.enumerated().map { "  \($1): {public: 192.0.2.\($0 + 1)}\n" }.joined()

    /// One interface of a host.
    private struct Way {
        var key: String
        /// By peer: its key, as this host knows it.
        var keys: [String: String]
        var preshared: UInt32
        /// Whether packets take it by themselves.
        var isPreferred: Bool
        var kept: Set<String>
    }

    private struct Host {
        var ways: [MeshTunnel: Way] = [:]
        /// The stage's number that it was delivered in.
        var stage = -1
        var isAway = false

        func tunnel(to peer: String) -> MeshTunnel? {
            if let kept = ways.first(where: { $0.value.kept.contains(peer) }) { return kept.key }
            return ways.first { $0.value.isPreferred }?.key
        }
    }

    private let declared: DeclaredMesh
    private var lock: LockFile
    private var hosts: [String: Host] = [:]
    /// By pairs that were cut by decision: who of the two was not delivered to since.
    private var cut: [Set<String>: Set<String>] = [:]
    private var stage = 0
    private var drawn = 0
    /// The key that each peer has had of an epoch.
    private var had: [String: String] = [:]
    private var log: [String] = []
    private(set) var finished = 0

    init() throws {
        declared = try #require(try MeshPipeline.check(Self.text).declared)
        lock = try MeshPipeline.allocate(Self.text).lock
        for name in Self.names {
            hosts[name] = Host()
            try deliver(name)
        }
    }

    private func step() throws -> RotationStep { RotationStep(declared, lock, at: MeshPipeline.moment()) }

    mutating func go(_ random: inout SeededRandom) throws {
        let name = Self.names[Int.random(in: 0..<Self.names.count, using: &random)]
        switch Int.random(in: 0..<20, using: &random) {
        case 0 where random.chance(50): hosts[name]?.isAway = true
        case 0...2: hosts[name]?.isAway = false
        case 3...9: if hosts[name]?.isAway == false { try deliver(name) }
        case 10, 11: try acknowledge(name)
        case 12, 13: for name in Self.names { try acknowledge(name) }
        case 14 where random.chance(20): try abort()
        case 15 where random.chance(20): try advance { try $0.advance(dropping: true) }
        case 16:
            let away = try step().waitedFor.filter { hosts[$0]?.isAway ?? false }
            try advance { try $0.advance(leaving: away) }
        case 17: try begin(&random)
        default: try advance { try $0.advance() }
        }
        try check()
    }

    private mutating func begin(_ random: inout SeededRandom) throws {
        drawn += 1
        var keys: [String: String] = [:]
        for name in random.some(Self.names, at: 4) { keys[name] = FakeKeys.key("\(name) \(drawn)") }
        let presharedKeys = random.chance(50)
        try take("begin \(keys.keys.sorted())") {
            try $0.begin(keys: keys, presharedKeys: presharedKeys, deadline: 60)
        }
    }

    private mutating func abort() throws {
        // Who came back meanwhile without saying so is on the way that is taken back.
        let unsaid = try step().absent.filter { hosts[$0]?.stage == stage }
        guard try take("abort", { try $0.abort() }) else { return }
        unsaid.forEach { cut($0) }
    }

    private mutating func acknowledge(_ name: String) throws {
        guard hosts[name]?.stage == stage, hosts[name]?.isAway == false else { return }
        try take("acknowledge \(name)") { try $0.acknowledge([name]) }
    }

    private mutating func advance(_ work: (inout RotationStep) throws -> Void) throws {
        let before = try step()
        guard try take("advance", work) else { return }
        let after = try step()
        if after.running == nil {
            finished += 1
        }
        // When a rotation is taken back, who is left behind may be on either way.
        if before.running?.isAborting ?? false { after.absent.forEach { cut($0) } }
    }

    /// Takes a step if it is one that can be taken; false if it is refused.
    @discardableResult
    private mutating func take(_ what: String, _ work: (inout RotationStep) throws -> Void) throws -> Bool {
        var next = try step()
        do {
            try work(&next)
        } catch is Failure {
            #expect(next.lock == lock || !next.hosts.isEmpty)
            return false
        }
        let before = lock.rotation?.running
        lock = next.lock
        next.cut.forEach { cut($0) }
        log.append("\(what) -> \(lock.rotation.map { "\($0)" } ?? "")")
        let after = lock.rotation?.running
        if before?.stage != after?.stage || before?.isAborting != after?.isAborting || !next.returned.isEmpty {
            stage += 1
            // Those that came back are where this stage wants them, and the others are not.
            for name in next.returned { hosts[name]?.stage = stage }
        }
        return true
    }

    private mutating func deliver(_ name: String) throws {
        let mesh = try #require(try MeshPipeline.check(Self.text, lock: lock).mesh)
        let index = try #require(mesh.index(of: name))
        var ways: [MeshTunnel: Way] = [:]
        for part in [mesh, mesh.next].compactMap(\.self) {
            guard let role = part.role(of: index) else { continue }
            let members = part.peers.indices.filter { $0 != index && role.members?.contains($0) ?? true }
            ways[part.tunnel] = Way(
                key: part.peers[index].publicKey,
                keys: Dictionary(uniqueKeysWithValues: members.map { (part.peers[$0].name, part.peers[$0].publicKey) }),
                preshared: part.presharedEpoch, isPreferred: role.metric == nil,
                kept: Set(role.kept.map { part.peers[$0].name }))
        }
        hosts[name]?.ways = ways
        hosts[name]?.stage = stage
        for (pair, waiting) in cut {
            let rest = waiting.subtracting([name])
            cut[pair] = rest.isEmpty ? nil : rest
        }
        log.append("deliver \(name)")
    }

    private mutating func cut(_ name: String) {
        for other in Self.names where other != name { cut[[name, other]] = [name, other] }
    }

    private mutating func check() throws {
        for (name, peer) in lock.peers {
            for (epoch, key) in [(peer.epoch, peer.publicKey), (peer.nextEpoch, peer.next)] {
                guard let key else { continue }
                let former = had.updateValue(key, forKey: "\(name) \(epoch)") ?? key
                #expect(former == key, "\(name) has two keys of epoch \(epoch)")
            }
        }
        for (from, sender) in hosts {
            for (to, receiver) in hosts where to != from && cut[[from, to]] == nil {
                guard let tunnel = sender.tunnel(to: to), let there = sender.ways[tunnel],
                    let here = receiver.ways[tunnel], there.keys[to] == here.key, here.keys[from] == there.key,
                    there.preshared == here.preshared
                else {
                    let story = log.suffix(40).joined(separator: "\n")
                    Issue.record("\(from) sends to \(to) into the void\n\(story)\n\(sender)\n\(receiver)")
                    throw Lost()
                }
            }
        }
    }

    private struct Lost: Error {}
}
