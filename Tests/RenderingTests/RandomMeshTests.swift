import Diagnostics
import HostPlans
import MeshFiles
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// Random meshes on the whole way from text to configurations, judged by an oracle that knows nothing of the program.
@Suite struct RandomMeshTests {
    private static let targets = TargetSet.builtInTargets

    /// A mesh of which the oracle says that every declared pair can meet, with its lock file.
    private func possible(
        _ random: inout SeededRandom, peers: Int = 12
    ) throws -> (sketch: MeshSketch, lock: LockFile, mesh: Mesh) {
        while true {
            var sketch = RandomMesh.draw(&random, peers: peers)
            guard ReachOracle(sketch).isPossible else { continue }
            if random.chance(50) { RandomMesh.addGateways(&sketch, &random) }
            let lock = try MeshPipeline.allocate(sketch.text).lock
            return (sketch, lock, try MeshPipeline.mesh(sketch.text, lock: lock))
        }
    }

    @Test(arguments: 0..<4)
    func `a mesh is refused exactly when a declared pair cannot meet`(_ part: UInt64) throws {
        var random = SeededRandom.replayable(71 + part, for: "refusal")
        var (refused, accepted) = (0, 0)
        for _ in 0..<60 {
            let sketch = RandomMesh.draw(&random)
            let ids = MeshPipeline.findings(sketch.text).map { $0.prefix { $0 != " " } }
            let isPossible = ReachOracle(sketch).isPossible
            let errors = Set(ids).subtracting(["empty-selector", "duplicate-link"])
            #expect(errors == (isPossible ? [] : ["unreachable-pair"]), "\(sketch.text)")
            if isPossible { accepted += 1 } else { refused += 1 }
        }
        #expect(refused > 5 && accepted > 5)
    }

    @Test(arguments: 0..<4)
    func `every host knows its neighbours, and every declared pair has a way`(_ part: UInt64) throws {
        var random = SeededRandom.replayable(11 + part, for: "ways")
        for _ in 0..<40 {
            let (sketch, _, mesh) = try possible(&random)
            let rendered = RenderedMesh(mesh, Self.targets)
            for target in ["wg-quick", "wg-setconf"] {
                let check = try #require(RenderedCheck(sketch, rendered, target: target), "\(sketch.text)")
                let problems = check.problems.filter { target == "wg-quick" || !$0.contains(" does not reach ") }
                #expect(problems.isEmpty, "\(sketch.text)")
            }
        }
    }

    @Test func `what is rendered says what was planned`() throws {
        var random = SeededRandom.replayable(23, for: "plan")
        for _ in 0..<80 {
            let (sketch, _, mesh) = try possible(&random)
            let rendered = RenderedMesh(mesh, Self.targets)
            for host in rendered.hosts {
                let check = PlanCheck(host, in: rendered)
                let (quick, mistakes) = WireGuardConfig.parse(rendered.text(of: host.host, "wg-quick"), file: "q")
                let (set, more) = WireGuardConfig.parse(rendered.text(of: host.host, "wg-setconf"), file: "s")
                #expect(mistakes.isEmpty && more.isEmpty)
                #expect(check.problems(quick).isEmpty && check.setconfProblems(set).isEmpty, "\(sketch.text)")
            }
        }
    }

    @Test func `the same mesh gives the same bytes, in whatever order it is written`() throws {
        var random = SeededRandom.replayable(31, for: "determinism")
        for _ in 0..<30 {
            let (sketch, lock, mesh) = try possible(&random)
            let first = tree(mesh)
            #expect(tree(mesh) == first)
            for _ in 0..<2 {
                let text = sketch.yaml.shuffled(using: &random).document
                let update = try MeshPipeline.allocate(text)
                #expect(update.lock == lock, "\(text)")
                #expect(tree(try MeshPipeline.mesh(text, lock: lock)) == first, "\(text)")
            }
        }
    }

    private func tree(_ mesh: Mesh) -> [String: [UInt8]] {
        let rendered = RenderedMesh(mesh, Self.targets)
        return Self.targets.reduce(into: [:]) { $0.merge(rendered.tree(of: $1.name)) { first, _ in first } }
    }

    @Test func `a lock file reads back as it was printed, and allocating again changes nothing`() throws {
        var random = SeededRandom.replayable(43, for: "lock")
        for _ in 0..<60 {
            let (sketch, lock, _) = try possible(&random)
            var lock2 = lock
            for peer in sketch.peers where random.chance(30) {
                guard let entry = lock2.peers.removeValue(forKey: peer.name) else { continue }
                lock2.gone.append(
                    LockedGone(
                        name: peer.name, peer: entry,
                        removed: MeshPipeline.moment(Int64.random(in: 0...2_000_000_000, using: &random))))
            }
            for lock in [lock, lock2] {
                let parsed = try LockFile(parsing: lock.text, file: "mesh.lock")
                #expect(parsed.text == lock.text)
            }
            #expect(try LockFile(parsing: lock.text, file: "mesh.lock") == lock)
            let again = try MeshPipeline.allocate(sketch.text, from: lock)
            #expect(again.lock == lock && again.added.isEmpty && again.readdressed.isEmpty)
        }
    }

    @Test func `preshared keys of a pair are the same secret on both sides`() throws {
        var random = SeededRandom.replayable(53, for: "secrets")
        for _ in 0..<30 {
            let (_, _, mesh) = try possible(&random)
            let rendered = RenderedMesh(mesh, Self.targets)
            for a in mesh.peers.indices {
                for b in mesh.peers.indices where a < b && mesh.topology[a, b] == .direct {
                    let (left, right) = (secrets(rendered, a), secrets(rendered, b))
                    let isWanted = mesh.wireGuard.presharedKeys != .off
                    #expect(left.contains("\(a) \(b)") == isWanted && right.contains("\(a) \(b)") == isWanted)
                }
            }
        }
    }

    private func secrets(_ rendered: RenderedMesh, _ host: Int) -> Set<String> {
        var found: Set<String> = []
        for artifact in rendered.artifacts(of: host, "wg-quick") {
            _ = artifact.bytes { secret in
                if case .presharedKey(let a, let b) = secret { found.insert("\(min(a, b)) \(max(a, b))") }
                return ""
            }
        }
        return found
    }
}
