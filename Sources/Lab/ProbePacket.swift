/// What the probes carry: 32 bytes, numbers in network order.
struct ProbePacket: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        case question = 1
        case answer = 2
        /// From a socket to itself: proof that it hears.
        case control = 3
    }

    var kind: Kind
    /// The probe, or the socket of a control.
    let index: UInt32
    /// Random; an answer repeats its question's.
    let nonce: UInt64
    /// In an answer: who answers, the hop limit that the question came with, and the interface that it came by.
    var node: UInt32 = 0
    var hopLimit: UInt32 = 0
    var interface: UInt32 = 0

    static let size = 32
    private static let magic: UInt32 = 0x4842_4C42

    init(kind: Kind, index: Int, nonce: UInt64) {
        self.kind = kind
        self.index = UInt32(clamping: index)
        self.nonce = nonce
    }

    var bytes: [UInt8] {
        let words: [UInt32] = [
            ProbePacket.magic, UInt32(kind.rawValue), index, UInt32(truncatingIfNeeded: nonce >> 32),
            UInt32(truncatingIfNeeded: nonce), node, hopLimit, interface,
        ]
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    }

    /// Nil for anything that is not exactly a packet of the lab.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == ProbePacket.size else { return nil }
        let words = (0..<8).map { word in
            bytes.dropFirst(word * 4).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        guard words[0] == ProbePacket.magic, let kind = Kind(rawValue: UInt8(truncatingIfNeeded: words[1])) else {
            return nil
        }
        self.kind = kind
        index = words[2]
        nonce = UInt64(words[3]) << 32 | UInt64(words[4])
        node = words[5]
        hopLimit = words[6]
        interface = words[7]
    }
}
