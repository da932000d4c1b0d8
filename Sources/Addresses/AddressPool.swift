/// A prefix that addresses are taken from, lowest first.
struct AddressPool: Sendable {
    var prefix: IPPrefix
    /// The lowest address that was not looked at yet: every one below it is used, or may not be; nil at the end.
    var next: IPAddress?

    init(prefix: IPPrefix) {
        self.prefix = prefix
        next = prefix.first
    }

    /// Goes on after the address, which may lie beyond the next one.
    mutating func skip(past address: IPAddress) {
        next = address >= prefix.last ? nil : address.advanced(by: 1)
    }
}

/// A group's blocks, at most one of each family.
struct GroupBlocks: Sendable {
    private var v4: AddressPool?
    private var v6: AddressPool?

    subscript(family: IPFamily) -> AddressPool? {
        get { family == .v4 ? v4 : v6 }
        set {
            if family == .v4 { v4 = newValue } else { v6 = newValue }
        }
    }
}

extension IPPrefix {
    /// Whether the address is one that no peer may have: the network or broadcast address of an IPv4 network of /30 or
    /// shorter (RFC 3021 frees those of a /31), or the subnet-router anycast address of an IPv6 network of /126 or
    /// shorter (RFC 4291, section 2.6.1; RFC 6164 frees that of a /127).
    func isEdge(_ address: IPAddress) -> Bool {
        if length + 2 > family.bits { return false }
        return address == first || (family == .v4 && address == last)
    }

    /// How many addresses peers may have; at most 2^128 - 1.
    var usableCount: UInt128 {
        if length + 2 > family.bits { return lastOffset + 1 }
        return family == .v4 ? lastOffset - 1 : lastOffset
    }
}

/// The blocks of all groups, sorted and not overlapping.
struct BlockLayout: Sendable {
    struct Block: Sendable {
        var prefix: IPPrefix
        let group: String
    }

    private(set) var blocks: [Block] = []

    /// The number of blocks that begin at or before the address.
    private func rank(_ address: IPAddress) -> Int {
        blocks.partitionPoint { $0.prefix.first > address }
    }

    /// The block that contains the address.
    func block(at address: IPAddress) -> Block? {
        let rank = rank(address)
        guard rank > 0, blocks[rank - 1].prefix.contains(address) else { return nil }
        return blocks[rank - 1]
    }

    /// The last of the blocks which overlap the prefix; nil when it is free of them.
    func lastOverlap(_ prefix: IPPrefix) -> Block? {
        let rank = rank(prefix.last)
        guard rank > 0, blocks[rank - 1].prefix.overlaps(prefix) else { return nil }
        return blocks[rank - 1]
    }

    /// The blocks which overlap the prefix, in order.
    func overlaps(_ prefix: IPPrefix) -> [Block] {
        let end = rank(prefix.last)
        var start = end
        while start > 0, blocks[start - 1].prefix.overlaps(prefix) { start -= 1 }
        return Array(blocks[start..<end])
    }

    /// Adds a block that overlaps no other.
    mutating func insert(_ prefix: IPPrefix, group: String) {
        blocks.insert(Block(prefix: prefix, group: group), at: rank(prefix.first))
    }

    /// Takes the group's block away.
    mutating func remove(_ prefix: IPPrefix) {
        let rank = rank(prefix.first)
        if rank > 0, blocks[rank - 1].prefix == prefix { blocks.remove(at: rank - 1) }
    }
}

/// A growing set of addresses that is asked for the first one of a range; sorted only when it is asked.
struct OccupiedAddresses: Sendable {
    private var sorted: [IPAddress] = []
    private var unsorted: [IPAddress] = []

    mutating func insert(_ address: IPAddress) { unsorted.append(address) }

    /// The lowest address inside the prefix; nil when there is none.
    mutating func first(in prefix: IPPrefix) -> IPAddress? {
        merge()
        let rank = sorted.partitionPoint { $0 >= prefix.first }
        guard rank < sorted.count, prefix.contains(sorted[rank]) else { return nil }
        return sorted[rank]
    }

    /// Sorts what is new and merges it from the back, so that one more address costs a search and a move.
    private mutating func merge() {
        if unsorted.isEmpty { return }
        unsorted.sort()
        var merged: [IPAddress] = []
        merged.reserveCapacity(sorted.count + unsorted.count)
        var rest = sorted[...]
        for address in unsorted {
            let count = rest.partitionPoint { $0 >= address }
            merged.append(contentsOf: rest.prefix(count))
            rest = rest.dropFirst(count)
            merged.append(address)
        }
        merged.append(contentsOf: rest)
        sorted = merged
        unsorted.removeAll(keepingCapacity: true)
    }
}

extension RandomAccessCollection where Index == Int {
    /// How many elements come before the first one that is true, in a collection where the true ones are last.
    func partitionPoint(_ isSecond: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low - startIndex
    }
}

/// The retired addresses of one pool, the oldest first out.
struct TombstoneQueue: Sendable {
    /// Which pool: a group's block, or with nil what is outside of all blocks.
    struct Key: Hashable, Sendable {
        let group: String?
        let family: IPFamily
    }

    private var youngestFirst: [(time: Int64, address: IPAddress)]

    init(_ tombstones: [(time: Int64, address: IPAddress)]) {
        youngestFirst = tombstones.sorted { ($0.time, $0.address) > ($1.time, $1.address) }
    }

    var count: Int { youngestFirst.count }

    /// The tombstone that was retired first, of several the one with the lowest address.
    var oldest: (time: Int64, address: IPAddress)? { youngestFirst.last }

    mutating func removeOldest() { _ = youngestFirst.popLast() }
}
