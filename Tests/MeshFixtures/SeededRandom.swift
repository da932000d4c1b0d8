import Glibc

/// SplitMix64: small, seeded, the same everywhere.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// The seed of `HAUBERK_SEED`, else the given one; printed, so that a failure can be replayed.
    package static func replayable(_ usual: UInt64, for test: String) -> SeededRandom {
        SeededRandom(seed: start(usual, for: test))
    }

    /// The seed alone, for tests that count on from it.
    package static func start(_ usual: UInt64, for test: String) -> UInt64 {
        let seed = getenv("HAUBERK_SEED").flatMap { UInt64(String(cString: $0)) } ?? usual
        print("\(test): replay with HAUBERK_SEED=\(seed)")
        return seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// True in so many of 100 cases.
    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// A few of the items, in random order.
    package mutating func some<Item>(_ items: [Item], at most: Int) -> [Item] {
        Array(items.shuffled(using: &self).prefix(Int.random(in: 0...most, using: &self)))
    }
}
