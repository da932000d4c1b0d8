import Addresses
import Testing

@Suite struct PrefixConflictTests {
    private func conflicts(_ list: [String], where matters: (Int, Int) -> Bool = { _, _ in true }) throws -> [String] {
        let entries = try list.enumerated().map { PrefixConflict.Entry(try prefix($1), $0) }
        return PrefixConflict.among(entries, where: matters).map { "\($0.earlier.label)-\($0.later.label)" }
    }

    @Test func `overlapping prefixes are reported once, in the order of the list`() throws {
        #expect(try conflicts([]) == [])
        #expect(try conflicts(["10.0.0.0/8", "11.0.0.0/8", "fd00::/8"]) == [])
        #expect(try conflicts(["10.1.0.0/16", "10.0.0.0/8", "10.1.2.0/24"]) == ["0-1", "0-2"])
        #expect(try conflicts(["10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"]) == ["0-1", "1-2"])
        #expect(try conflicts(["0.0.0.0/0", "::/0", "fd00::/8"]) == ["1-2"])
        #expect(try conflicts(["10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8"]) == ["0-2", "1-2"])
    }

    @Test func `pairs that do not matter are left out and hide no other`() throws {
        // 0 is the mesh; 1 and 2 are sites, which may share a network.
        let list = ["10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"]
        #expect(try conflicts(list) { $0 == 0 || $1 == 0 } == ["0-1", "0-2"])
    }

    @Test func `a random list has a conflict for exactly the prefixes that lie in another`() {
        var random = SeededRandom(seed: 77)
        for _ in 0..<200 {
            let list = (0..<12).compactMap { _ in
                IPPrefix(
                    containing: .v4(UInt32.random(in: 0...63, using: &random) << 26),
                    length: Int.random(in: 1...6, using: &random))
            }
            let found = PrefixConflict.among(list.enumerated().map { PrefixConflict.Entry($1, $0) })
            for conflict in found { #expect(conflict.earlier.prefix.overlaps(conflict.later.prefix)) }
            let named = Set(found.flatMap { [$0.earlier.label, $0.later.label] })
            for (index, one) in list.enumerated() {
                let isInAnother = list.enumerated().contains { $0 != index && $1.contains(one) }
                if isInAnother { #expect(named.contains(index)) }
            }
            #expect(found.count < list.count)
        }
    }
}
