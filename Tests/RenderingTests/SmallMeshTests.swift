import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// All meshes of up to three hosts: site, private and public address of each, relays, topology.
@Suite struct SmallMeshTests {
    /// A host's site (0 for none), and whether it has a private and a public address.
    private struct Place: Sendable {
        let site: Int
        let isPrivate: Bool
        let isPublic: Bool
    }

    private static let places: [Place] = [0, 1, 2].flatMap { site in
        [false, true].flatMap { isPrivate in
            (isPrivate && site == 0 ? [] : [false, true]).map { Place(site: site, isPrivate: isPrivate, isPublic: $0) }
        }
    }

    private static let topologies: [MeshSketch.Topology] = {
        let names = ["a", "b", "c"]
        let pairs = [["a", "b"], ["a", "c"], ["c", "b"]]
        return [.mesh] + (1..<8).map { .hub(chosen($0, of: names)) } + (1..<8).map { .custom(chosen($0, of: pairs)) }
    }()

    private static func chosen<Item>(_ bits: Int, of items: [Item]) -> [Item] {
        items.indices.filter { bits >> $0 & 1 == 1 }.map { items[$0] }
    }

    private static let targets = TargetSet.builtInTargets.filter { $0.name == "wg-quick" }

    private func sketch(_ places: [Place], _ topology: MeshSketch.Topology, relays: Int) -> MeshSketch {
        var sketch = MeshSketch()
        sketch.topology = topology
        sketch.sites = [("s1", []), ("s2", [])]
        for (index, place) in places.enumerated() {
            var peer = PeerSketch(["a", "b", "c"][index])
            if place.site > 0 { peer.site = "s\(place.site)" }
            if place.isPrivate { peer.privates = ["172.16.\(place.site).\(index + 1)"] }
            if place.isPublic { peer.publics = ["203.0.113.\(index + 1)"] }
            sketch.peers.append(peer)
        }
        sketch.relays = Self.chosen(relays, of: sketch.peers.map(\.name))
        return sketch
    }

    /// Checks the mesh, and its rendering when it is one; what is wrong, in words.
    private func problems(_ sketch: MeshSketch, _ lock: LockFile) throws -> [String] {
        let check = try MeshPipeline.check(sketch.text, lock: lock)
        guard ReachOracle(sketch).isPossible else {
            return check.findings.contains { $0.id == .unreachablePair } && check.mesh == nil ? [] : ["accepted"]
        }
        guard let mesh = check.mesh else { return ["refused: \(check.findings.map(\.message))"] }
        let rendered = RenderedMesh(mesh, Self.targets)
        return RenderedCheck(sketch, rendered, target: "wg-quick")?.problems ?? ["not readable"]
    }

    @Test func `meshes of no, one and two hosts`() throws {
        var count = 0
        for size in 0...2 {
            let names = Array(["a", "b", "c"].prefix(size))
            let lock = try Self.lock(names)
            for places in sequences(size) {
                for relays in 0..<(1 << size) {
                    for topology in [.mesh, .hub(names), .custom([names])] as [MeshSketch.Topology] {
                        if size < 2, case .custom = topology { continue }
                        if size == 0, case .hub = topology { continue }
                        let sketch = sketch(places, topology, relays: relays)
                        let problems = try problems(sketch, lock)
                        #expect(problems.isEmpty, "\(sketch.text)")
                        count += 1
                    }
                }
            }
        }
        #expect(count > 1_000)
    }

    @Test(arguments: SmallMeshTests.topologies.indices)
    func `meshes of three hosts`(_ topology: Int) throws {
        let lock = try Self.lock(["a", "b", "c"])
        var count = 0
        for places in Self.triples {
            for relays in 0..<8 {
                let sketch = sketch(places, Self.topologies[topology], relays: relays)
                let problems = try problems(sketch, lock)
                if !problems.isEmpty { Issue.record("\(problems)\n\(sketch.text)") }
                count += 1
            }
        }
        #expect(count >= 800)
    }

    /// What is allocated does not depend on where hosts are.
    private static func lock(_ names: [String]) throws -> LockFile {
        var sketch = MeshSketch()
        sketch.peers = names.map { name in
            var peer = PeerSketch(name)
            peer.publics = ["192.0.2.\(Int(name.utf8.first ?? 0) - 96)"]
            return peer
        }
        return try MeshPipeline.allocate(sketch.text).lock
    }

    private func sequences(_ size: Int) -> [[Place]] {
        (0..<size).reduce([[]]) { sequences, _ in sequences.flatMap { head in Self.places.map { head + [$0] } } }
    }

    /// Every choice of three places: the order of hosts does not count, since all relays and topologies are tried with
    /// each, and site 2 is not named before site 1.
    private static let triples: [[Place]] = places.indices.flatMap { a in
        places.indices[a...].flatMap { b in places.indices[b...].map { [places[a], places[b], places[$0]] } }
    }.filter { $0.first { $0.site > 0 }?.site ?? 1 == 1 }
}
