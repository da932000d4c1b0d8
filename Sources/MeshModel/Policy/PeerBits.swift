/// Some of a mesh's enabled peers, a bit each, by their index among them.
package struct PeerBits: Hashable, Sendable {
    private var words: [UInt64]
    /// How many peers the mesh has.
    private let capacity: Int

    /// Nobody.
    package init(capacity: Int) {
        self.capacity = capacity
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    /// Those for which the condition holds.
    package init(capacity: Int, _ holds: (Int) -> Bool) {
        self.init(capacity: capacity)
        for index in 0..<capacity where holds(index) { insert(index) }
    }

    package mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }

    package func contains(_ index: Int) -> Bool { words[index / 64] >> UInt64(index % 64) & 1 == 1 }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Ascending.
    package var indices: [Int] {
        var result: [Int] = []
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                result.append(64 * place + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return result
    }

    /// The only one; nil for nobody and for several.
    package var only: Int? { count == 1 ? indices.first : nil }

    package func isSubset(of other: PeerBits) -> Bool {
        zip(words, other.words).allSatisfy { $0 & ~$1 == 0 }
    }

    package func union(_ other: PeerBits) -> PeerBits { joined(other, |) }

    package func intersection(_ other: PeerBits) -> PeerBits { joined(other, &) }

    package func subtracting(_ other: PeerBits) -> PeerBits { joined(other) { $0 & ~$1 } }

    private func joined(_ other: PeerBits, _ join: (UInt64, UInt64) -> UInt64) -> PeerBits {
        var result = self
        for index in words.indices { result.words[index] = join(words[index], other.words[index]) }
        return result
    }
}
