/// 16 bytes of any hash: FNV-1a, 64 bits, twice.
func testDigest(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for seed: UInt64 in [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15] {
        let hash = bytes.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        result += (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
    }
    return result
}
