/// The time of an allocation, on which quarantines depend.
package struct AllocationTime: Hashable, Sendable {
    /// Unix seconds.
    package let now: Int64
    /// For how many seconds a retired address is not given out.
    package let quarantine: Int64

    /// Both in seconds; a quarantine of 0 frees at once.
    package init(now: Int64, quarantine: Int64) {
        self.now = now
        self.quarantine = quarantine
    }

    /// When an address retired at that time gets free, in unix seconds; the last second of all when that is too far.
    func release(of retired: Int64) -> Int64 {
        let (sum, overflow) = retired.addingReportingOverflow(quarantine)
        return overflow ? (quarantine > 0 ? Int64.max : Int64.min) : sum
    }
}

extension AddressBook {
    /// Gives the peer the lowest never-used address of its group's block (or, without a group, of the mesh's prefixes
    /// outside of every block); when none is left, the address that was retired first, if its quarantine has passed.
    ///
    /// Network, broadcast and subnet-router anycast addresses of mesh prefixes and blocks are skipped. Throws
    /// `groupExhausted` or `meshExhausted`, `noBlock` for a group without a block, `noMeshPrefix`.
    package mutating func allocate(
        for peer: String, group: String?, family: IPFamily, at time: AllocationTime
    ) throws(AllocationError) -> IPAddress {
        guard prefixes.contains(where: { $0.family == family }) else { throw AllocationError(.noMeshPrefix(family)) }
        if let group, groups[group]?[family] == nil {
            throw AllocationError(.noBlock(group: group, family: family))
        }
        let fresh = group.map { freshAddress(inGroup: $0, family) } ?? freshUngroupedAddress(family)
        guard let address = fresh ?? agedAddress(TombstoneQueue.Key(group: group, family: family), time) else {
            throw exhaustion(TombstoneQueue.Key(group: group, family: family), time)
        }
        holders[address] = peer
        occupied.insert(address)
        return address
    }

    private mutating func freshAddress(inGroup group: String, _ family: IPFamily) -> IPAddress? {
        guard var pool = groups[group]?[family] else { return nil }
        defer { groups[group]?[family] = pool }
        while let candidate = pool.next {
            pool.skip(past: candidate)
            if isFresh(candidate), !pool.prefix.isEdge(candidate) { return candidate }
        }
        return nil
    }

    private mutating func freshUngroupedAddress(_ family: IPFamily) -> IPAddress? {
        for index in ungrouped.indices where ungrouped[index].prefix.family == family {
            while let candidate = ungrouped[index].next {
                if let block = layout.block(at: candidate) {
                    ungrouped[index].skip(past: block.prefix.last)
                    continue
                }
                ungrouped[index].skip(past: candidate)
                if isFresh(candidate) { return candidate }
            }
        }
        return nil
    }

    /// Whether nobody ever had the address and no mesh prefix forbids it.
    private func isFresh(_ address: IPAddress) -> Bool {
        holders[address] == nil && tombstones[address] == nil && !prefixes.contains { $0.isEdge(address) }
    }

    private mutating func agedAddress(_ key: TombstoneQueue.Key, _ time: AllocationTime) -> IPAddress? {
        if queues[key] == nil { queues[key] = TombstoneQueue(tombstones(of: key)) }
        guard let oldest = queues[key]?.oldest, time.release(of: oldest.time) <= time.now else { return nil }
        queues[key]?.removeOldest()
        tombstones[oldest.address] = nil
        return oldest.address
    }

    /// The tombstones that a pool may give out one day.
    private func tombstones(of key: TombstoneQueue.Key) -> [(time: Int64, address: IPAddress)] {
        let block = key.group.flatMap { groups[$0]?[key.family]?.prefix }
        var found: [(time: Int64, address: IPAddress)] = []
        for (address, time) in tombstones where address.family == key.family {
            let isInside =
                block.map { $0.contains(address) && !$0.isEdge(address) }
                ?? (prefixes.contains { $0.contains(address) } && layout.block(at: address) == nil)
            if isInside, !prefixes.contains(where: { $0.isEdge(address) }) { found.append((time, address)) }
        }
        return found
    }

    private func exhaustion(_ key: TombstoneQueue.Key, _ time: AllocationTime) -> AllocationError {
        let queue = queues[key] ?? TombstoneQueue(tombstones(of: key))
        let usage = AllocationError.Usage(
            addresses: capacity(of: key), quarantined: queue.count,
            nextFree: queue.oldest.map { time.release(of: $0.time) })
        if let group = key.group, let block = groups[group]?[key.family]?.prefix {
            return AllocationError(.groupExhausted(group: group, block: block, usage))
        }
        guard let last = prefixes.last(where: { $0.family == key.family }) else {
            return AllocationError(.noMeshPrefix(key.family))
        }
        return AllocationError(.meshExhausted(last: last, usage))
    }

    /// How many addresses the pool can give to peers at all.
    private func capacity(of key: TombstoneQueue.Key) -> UInt128 {
        if let block = key.group.flatMap({ groups[$0]?[key.family]?.prefix }) { return usableCount(of: block) }
        var count: UInt128 = 0
        for prefix in prefixes where prefix.family == key.family {
            count &+= prefix.usableCount
            for block in layout.overlaps(prefix) { count &-= usableCount(of: block.prefix, edges: .counted) }
        }
        return count
    }
}
