/// A frame that no firewall for IP looks at; what was sent before it, by the same wire, is done when it arrives.
struct BarrierFrame {
    enum Direction: UInt8, CaseIterable {
        /// To the host under test.
        case inward = 1
        /// From it; after the other, what it passes on is done too.
        case outward = 2
    }

    let direction: Direction
    let bytes: [UInt8]

    /// The EtherType is that of local experiments (IEEE 802).
    init(_ direction: Direction, number: UInt32) {
        self.direction = direction
        bytes =
            Bench.hardwareAddress + [2, 0, 0, 0, 0, 9, 0x88, 0xb5, direction.rawValue] + CraftedPacket.big(number)
            + [UInt8](repeating: 0, count: 41)
    }

    static func == (frame: BarrierFrame, received: ArraySlice<UInt8>) -> Bool {
        received.count >= 19 && received.prefix(19).elementsEqual(frame.bytes.prefix(19))
    }
}
