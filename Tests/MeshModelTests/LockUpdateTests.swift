import Addresses
import Diagnostics
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

@Suite struct LockUpdateTests {
    private static let head = "mesh: test\nprefixes: [10.88.0.0/24, 'fd88::/48']\n"
    private static let three = "peers: {a: {public: 192.0.2.1}, b: {public: 192.0.2.2}, c: {public: 192.0.2.3}}\n"
    private static let day: Int64 = 86_400

    private func allocate(
        _ text: String, _ lock: LockFile = MeshPipeline.emptyLock(), redrawing: Set<String> = [], day: Int64 = 0
    ) throws(Failure) -> LockUpdate {
        try MeshPipeline.allocate(
            text, from: lock, redrawing: redrawing, now: MeshPipeline.moment(1_700_000_000 + day * Self.day))
    }

    private func addresses(_ lock: LockFile, _ name: String) -> [String] {
        lock.peers[name]?.addresses.map(\.description) ?? []
    }

    @Test func `peers get the first addresses in the order that people count in`() throws {
        let peers = ["w-10", "w-2", "w-1"].map { "\($0): {public: 192.0.2.\($0.dropFirst(2))}" }.joined(separator: ", ")
        let update = try allocate(Self.head + "peers: {\(peers)}")
        #expect(addresses(update.lock, "w-1") == ["10.88.0.1", "fd88::1"])
        #expect(addresses(update.lock, "w-2") == ["10.88.0.2", "fd88::2"])
        #expect(addresses(update.lock, "w-10") == ["10.88.0.3", "fd88::3"])
        #expect(update.added == ["w-1", "w-10", "w-2"] && update.needingKeys == ["w-1", "w-10", "w-2"])
        #expect(update.lock.peers.values.allSatisfy { $0.epoch == 1 && $0.holder == .program })
    }

    @Test func `a removed peer's address rests until its quarantine is over`() throws {
        let first = try allocate(Self.head + Self.three).lock
        let without = "peers: {a: {public: 192.0.2.1}, c: {public: 192.0.2.3}}\n"
        let second = try allocate(Self.head + without, first, day: 1)
        #expect(second.removed == ["b"] && second.droppingKeys == ["b"] && second.lock.gone.map(\.name) == ["b"])
        let early = try allocate(Self.head + Self.three, second.lock, day: 30).lock
        #expect(addresses(early, "b") == ["10.88.0.4", "fd88::4"] && early.peers["b"]?.epoch == 2)
        let small = Self.head.replacing("10.88.0.0/24, 'fd88::/48'", with: "10.88.0.0/29")
        let text = small + "quarantine: 10d\npeers: {NAMES}\n"
        let names = { (count: Int) in (1...count).map { "p\($0): {public: 192.0.2.\($0)}" }.joined(separator: ", ") }
        let full = try allocate(text.replacing("NAMES", with: names(6))).lock
        let five = try allocate(text.replacing("NAMES", with: names(5)), full, day: 1).lock
        let again = text.replacing("NAMES", with: names(5) + ", q: {public: 192.0.2.9}")
        let failure = #expect(throws: Failure.self) { _ = try allocate(again, five, day: 10) }
        #expect(failure?.diagnostics.map(\.id) == [.prefixExhausted])
        let late = try allocate(again, five, day: 11).lock
        #expect(addresses(late, "q") == ["10.88.0.6"] && late.gone.isEmpty)
    }

    @Test func `a new address is asked for by name, and only that peer moves`() throws {
        let first = try allocate(Self.head + Self.three).lock
        let update = try allocate(Self.head + Self.three, first, redrawing: ["a"])
        #expect(update.readdressed == ["a"] && addresses(update.lock, "a") == ["10.88.0.4", "fd88::4"])
        #expect(update.lock.peers["b"] == first.peers["b"] && update.needingKeys.isEmpty)
        #expect(update.lock.gone.map(\.name) == ["a"] && update.lock.peers["a"]?.epoch == 1)
        let fixed = Self.three.replacing("a: {", with: "a: {address: 10.88.0.77, ")
        let moved = try allocate(Self.head + fixed, first)
        #expect(addresses(moved.lock, "a") == ["10.88.0.77", "fd88::1"] && moved.readdressed == ["a"])
        let back = try allocate(Self.head + Self.three, moved.lock)
        #expect(addresses(back.lock, "a") == ["10.88.0.77", "fd88::1"] && back.readdressed.isEmpty)
    }

    @Test func `prefixes come, go and grow, and every other address stays`() throws {
        let first = try allocate(Self.head + Self.three).lock
        let onlyV4 = "mesh: test\nprefixes: [10.88.0.0/20]\n" + Self.three
        let without = try allocate(onlyV4, first)
        #expect(addresses(without.lock, "a") == ["10.88.0.1"] && without.readdressed == ["a", "b", "c"])
        #expect(without.lock.gone.count == 3)
        _ = try MeshPipeline.mesh(onlyV4, lock: without.lock)
        let with = try allocate(Self.head.replacing("/24", with: "/16") + Self.three, without.lock)
        #expect(addresses(with.lock, "a").first == "10.88.0.1" && with.lock.peers["a"]?.v6?.description == "fd88::4")
        let elsewhere = "mesh: test\nprefixes: [10.77.0.0/16, 'fd88::/48']\n" + Self.three
        let failure = #expect(throws: Failure.self) { _ = try allocate(elsewhere, first) }
        #expect(failure?.diagnostics.map(\.id) == [.addressOutsideMesh, .addressOutsideMesh, .addressOutsideMesh])
    }

    @Test func `prefixes of one family are filled one after the other`() throws {
        let peers = (1...9).map { "p\($0): {public: 192.0.2.\($0)}" }.joined(separator: ", ")
        let lock = try allocate("mesh: test\nprefixes: [10.88.0.0/29, 10.77.0.0/24]\npeers: {\(peers)}").lock
        let expected = (1...6).map { "10.88.0.\($0)" } + (1...3).map { "10.77.0.\($0)" }
        #expect((1...9).flatMap { addresses(lock, "p\($0)") } == expected)
    }

    @Test func `groups own blocks in both families, which are kept and widened in place`() throws {
        let text = "mesh: test\nprefixes: [10.88.0.0/26, 'fd88::/48']\ngroups: {f: {}, g: {}}\npeers: {NAMES}"
        let names = { (count: Int) in
            (1...count).map { "p\($0): {groups: [g], public: 192.0.2.\($0)}" }.joined(separator: ", ")
        }
        let small = try allocate(text.replacing("NAMES", with: names(2))).lock
        let block = try #require(small.groups["g"]?.v4)
        #expect(
            small.groups["g"]?.v6 != nil
                && small.peers.values.allSatisfy { $0.addresses.allSatisfy { small.isInBlock("g", $0) } })
        let large = try allocate(text.replacing("NAMES", with: names(16)), small).lock
        let wide = try #require(large.groups["g"]?.v4)
        #expect(wide.contains(block) && wide.length < block.length)
        #expect(addresses(large, "p1") == addresses(small, "p1"))
        let fixed = text.replacing("g: {}", with: "g: {prefix: 10.88.0.32/29}")
        let failure = #expect(throws: Failure.self) { _ = try allocate(fixed.replacing("NAMES", with: names(7))) }
        #expect(failure?.diagnostics.map(\.id) == [.prefixExhausted])
    }

    @Test func `a peer's own key comes and goes with epochs that count on`() throws {
        let key = FakeKeys.key("own")
        let first = try allocate(Self.head + Self.three).lock
        let own = Self.three.replacing("a: {", with: "a: {public-key: \(key), ")
        let taken = try allocate(Self.head + own, first)
        #expect(taken.lock.peers["a"]?.publicKey == key && taken.lock.peers["a"]?.holder == .peer)
        #expect(taken.lock.peers["a"]?.epoch == 2 && taken.droppingKeys == ["a"] && taken.needingKeys.isEmpty)
        let other = try allocate(Self.head + own.replacing(key, with: FakeKeys.key("new")), taken.lock)
        #expect(other.lock.peers["a"]?.epoch == 3 && other.droppingKeys.isEmpty && other.needingKeys.isEmpty)
        let back = try allocate(Self.head + Self.three, other.lock)
        #expect(
            back.lock.peers["a"]?.epoch == 4 && back.needingKeys == ["a"] && back.lock.peers["a"]?.holder == .program)
        let gone = try allocate(Self.head + "peers: {b: {public: 192.0.2.2}}", back.lock, day: 1).lock
        #expect(try allocate(Self.head + Self.three, gone, day: 2).lock.peers["a"]?.epoch == 5)
    }

    @Test func `a mesh is complete when files agree`() throws {
        let lock = try allocate(Self.head + Self.three).lock
        #expect(try MeshPipeline.check(Self.head + Self.three, lock: lock).mesh != nil)
        #expect(try MeshPipeline.check(Self.head + Self.three).mesh == nil)
        var other = lock
        other.name = "another"
        #expect(try MeshPipeline.check(Self.head + Self.three, lock: other).mesh == nil)
        var less = lock
        less.peers["a"]?.v6 = nil
        #expect(try MeshPipeline.check(Self.head + Self.three, lock: less).mesh == nil)
    }

    @Test func `a fixed address in a group that has no block yet is refused before it is too late`() throws {
        let text = Self.head + "groups: {g: {}}\npeers: {a: {groups: [g], address: 10.88.0.200}}"
        let failure = #expect(throws: Failure.self) { _ = try allocate(text) }
        #expect(failure?.diagnostics.map(\.id) == [.addressOutsideGroup])
    }
}

extension LockFile {
    fileprivate func isInBlock(_ group: String, _ address: IPAddress) -> Bool {
        (address.family == .v4 ? groups[group]?.v4 : groups[group]?.v6)?.contains(address) ?? false
    }
}
