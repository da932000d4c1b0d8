import Addresses
import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// Random edits of a mesh, each checked and allocated as a command would: addresses stay where they are.
@Suite struct StickyAddressTests {
    /// A mesh under edit, with its past for undoing.
    private struct Desk {
        var sketch = MeshSketch()
        var lock = MeshPipeline.emptyLock()
        var now: Int64 = 1_700_000_000
        var next = 0
        var redrawing: Set<String> = []
        var past: [MeshSketch] = []
    }

    private static let quarantine: Int64 = 90 * 86_400

    @Test(arguments: 0..<4)
    func `an address changes only when somebody asks for it`(_ part: UInt64) throws {
        var random = SeededRandom.replayable(101 + part, for: "sticky")
        var committed = 0
        for _ in 0..<250 {
            var desk = Desk()
            desk.sketch.prefixes = random.chance(50) ? ["10.88.0.0/24", "fd5a:3c71:9e00::/48"] : ["10.88.0.0/24"]
            desk.sketch.groups = [("app", []), ("db", [])]
            for _ in 0..<3 { add(&desk, &random) }
            for _ in 0..<6 {
                let before = desk
                edit(&desk, &random)
                if try commit(&desk, from: before) { committed += 1 } else { desk = before }
            }
        }
        #expect(committed > 900)
    }

    private func add(_ desk: inout Desk, _ random: inout SeededRandom) {
        desk.next += 1
        var peer = PeerSketch("p\(desk.next)")
        peer.publics = ["203.0.113.\(desk.next)"]
        peer.groups = random.some(["app", "db"], at: 1)
        desk.sketch.peers.append(peer)
    }

    private func edit(_ desk: inout Desk, _ random: inout SeededRandom) {
        desk.now += Int64.random(in: 0..<40, using: &random) * 86_400
        desk.redrawing = []
        let past = desk.past.last
        desk.past.append(desk.sketch)
        guard let index = desk.sketch.peers.indices.randomElement(using: &random) else {
            return add(&desk, &random)
        }
        switch Int.random(in: 0..<11, using: &random) {
        case 0, 1, 2: add(&desk, &random)
        case 3, 4: desk.sketch.peers.remove(at: index)
        case 5: rename(index, &desk)
        case 6: desk.sketch.peers[index].groups = random.some(["app", "db"], at: 2)
        case 7: desk.sketch.peers[index].isDisabled.toggle()
        case 8: setAddress(index, &desk, &random)
        case 9: desk.sketch.prefixes[0] = desk.sketch.prefixes[0] == "10.88.0.0/24" ? "10.88.0.0/20" : "10.88.0.0/16"
        default: if let past { desk.sketch = past }
        }
    }

    private func rename(_ index: Int, _ desk: inout Desk) {
        desk.next += 1
        let (old, new) = (desk.sketch.peers[index].name, "r\(desk.next)")
        desk.sketch.peers[index].name = new
        desk.lock.rename(old, to: new)
    }

    private func setAddress(_ index: Int, _ desk: inout Desk, _ random: inout SeededRandom) {
        if random.chance(50) {
            desk.sketch.peers[index].addresses = []
            desk.redrawing = [desk.sketch.peers[index].name]
        } else {
            desk.sketch.peers[index].addresses = ["10.88.0.\(Int.random(in: 1..<60, using: &random))"]
        }
    }

    /// Takes the edit as a command would: false when the checker or the allocator refuses it.
    private func commit(_ desk: inout Desk, from before: Desk) throws -> Bool {
        guard
            let update = try? MeshPipeline.allocate(
                desk.sketch.text, from: desk.lock, redrawing: desk.redrawing, now: MeshPipeline.moment(desk.now))
        else { return false }
        let problems = problems(desk, update.lock)
        #expect(problems.isEmpty, "\(desk.sketch.text)\n\(String(decoding: desk.lock.text, as: UTF8.self))")
        let mesh = try? MeshPipeline.mesh(desk.sketch.text, lock: update.lock)
        #expect(mesh != nil, "what was allocated does not pass the checks\n\(desk.sketch.text)")
        desk.lock = update.lock
        return true
    }

    private func problems(_ desk: Desk, _ lock: LockFile) -> [String] {
        var problems: [String] = []
        var owners: [IPAddress: String] = [:]
        for (name, peer) in lock.peers.sorted(by: { $0.key < $1.key }) {
            for address in peer.addresses {
                if let other = owners.updateValue(name, forKey: address) {
                    problems.append("\(name) shares with \(other)")
                }
            }
            let declared = desk.sketch.peers.first { $0.name == name }?.addresses ?? []
            let old = desk.lock.peers[name]?.addresses ?? []
            for address in peer.addresses where !old.contains(address) && !declared.contains("\(address)") {
                if isResting(address, desk) { problems.append("\(name) has \(address) from quarantine") }
            }
            for address in old where !peer.addresses.contains(address) {
                let isAsked = desk.redrawing.contains(name) || !declared.isEmpty && address.family == .v4
                if !isAsked { problems.append("\(name) lost \(address)") }
            }
        }
        return problems
    }

    /// Whether somebody gave the address up within the quarantine.
    private func isResting(_ address: IPAddress, _ desk: Desk) -> Bool {
        desk.lock.gone.contains { gone in
            gone.peer.addresses.contains(address) && gone.removed.seconds + Self.quarantine > desk.now
        }
    }
}
