import HostPlans
import Keys

/// Keeps each pair's key from the first of its two hosts until the second is rendered, so that it is derived once.
///
/// Hosts come in ascending order. A ring of slots bounds the memory, which is taken when the first key comes: a key
/// is kept when its two hosts are less than the ring's size apart. What is not kept is derived again.
final class PairKeyExchange {
    private static let keyLength = SecretRef.textLength
    /// 512 slots of 512 keys of 44 bytes: 11.5 MB.
    private static let slotLimit = 512
    private let slots: Int
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// For each slot and place, the pair whose key is there, as receiver and sender; -1 for none.
    private var pairs: [Int64] = []

    init(peerCount: Int) {
        slots = min(peerCount, Self.slotLimit)
    }

    deinit {
        if memory.count > 0 { Sodium.wipe(memory) }
        memory.deallocate()
    }

    /// Leaves a key for a host that comes later.
    func leave(for receiver: Int, by sender: Int, _ key: UnsafeRawPointer) {
        guard receiver > sender, receiver - sender < slots else { return }
        if pairs.isEmpty {
            pairs = [Int64](repeating: -1, count: slots * slots)
            memory = .allocate(byteCount: slots * slots * Self.keyLength, alignment: 16)
        }
        let place = place(receiver, sender)
        pairs[place] = Self.name(receiver, sender)
        bytes(at: place).copyMemory(from: UnsafeRawBufferPointer(start: key, count: Self.keyLength))
    }

    /// Takes the key that an earlier host left; false when there is none.
    func take(_ receiver: Int, _ sender: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard !pairs.isEmpty, sender < receiver, receiver - sender < slots else { return false }
        let place = place(receiver, sender)
        guard pairs[place] == Self.name(receiver, sender) else { return false }
        UnsafeMutableRawBufferPointer(start: target, count: Self.keyLength)
            .copyMemory(from: UnsafeRawBufferPointer(bytes(at: place)))
        return true
    }

    private func place(_ receiver: Int, _ sender: Int) -> Int { (receiver % slots) * slots + sender % slots }

    private func bytes(at place: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[place * Self.keyLength..<(place + 1) * Self.keyLength])
    }

    private static func name(_ receiver: Int, _ sender: Int) -> Int64 { Int64(receiver) << 32 | Int64(sender) }
}
