extension AddressBook {
    /// Whether the edges of a block itself count as usable.
    enum EdgeCount { case counted, skipped }

    /// Gives a block to a group, as the mesh file or the lock file says; the same block twice is once.
    ///
    /// Held addresses inside it are no error here: see `holders(in:)`. Throws `blockOutsideMesh`, `blocksOverlap`,
    /// `secondBlock` (of the same family).
    package mutating func reserve(block: IPPrefix, for group: String) throws(AllocationError) {
        if let first = groups[group]?[block.family]?.prefix {
            if first == block { return }
            throw AllocationError(.secondBlock(block, group: group, first: first))
        }
        guard prefixes.contains(where: { $0.contains(block) }) else {
            throw AllocationError(.blockOutsideMesh(block, group: group))
        }
        if let other = layout.lastOverlap(block) {
            throw AllocationError(
                .blocksOverlap(block, group: group, other: other.prefix, otherGroup: other.group))
        }
        place(block, for: group)
    }

    /// Chooses a block for a group, which keeps it from then on; a group that has one gets the same again.
    ///
    /// It is aligned, overlaps no block and no held or retired address, and is never the first block of its size, where
    /// the peers without a group live. IPv4: a /24 or what holds twice the members, but at most a quarter of the mesh
    /// prefix. IPv6: a /64 in a /60 or shorter, else a sixteenth of the mesh prefix or what the members need, at most a
    /// quarter. Where no such block is free, smaller ones are tried as long as all members fit. Throws `noMeshPrefix`
    /// and `noRoomForBlock`.
    package mutating func allocateBlock(
        for group: String, family: IPFamily, members: Int
    ) throws(AllocationError) -> IPPrefix {
        if let block = block(of: group, family: family) { return block }
        let candidates = prefixes.filter { $0.family == family }
        guard let widest = candidates.min(by: { $0.length < $1.length }) else {
            throw AllocationError(.noMeshPrefix(family))
        }
        for shrink in 0...family.bits {
            for prefix in candidates {
                let wanted = BlockSize(in: prefix, members: members)
                guard let block = freeBlock(in: prefix, wanted, shrink: shrink) else { continue }
                place(block, for: group)
                return block
            }
        }
        throw AllocationError(.noRoomForBlock(group: group, family: family, members: members, widest: widest))
    }

    /// Doubles the group's block in place, so that every address in it is kept, and gives the new block back.
    ///
    /// Throws `noBlock`; `cannotWiden` when the other half is outside the mesh, has the first block of the mesh, or an
    /// address or a block in it is taken.
    package mutating func widenBlock(of group: String, family: IPFamily) throws(AllocationError) -> IPPrefix {
        guard let block = block(of: group, family: family) else {
            throw AllocationError(.noBlock(group: group, family: family))
        }
        if let obstacle = obstacle(toWidening: block) {
            let free = blockElsewhere(length: block.length - 1, family)
            throw AllocationError(.cannotWiden(block, group: group, obstacle: obstacle, free: free))
        }
        let wide = block.widened(by: 1) ?? block
        layout.remove(block)
        place(wide, for: group)
        return wide
    }

    private mutating func place(_ block: IPPrefix, for group: String) {
        layout.insert(block, group: group)
        var blocks = groups[group] ?? GroupBlocks()
        blocks[block.family] = AddressPool(prefix: block)
        groups[group] = blocks
        queues.removeAll()
    }

    private mutating func obstacle(toWidening block: IPPrefix) -> AllocationError.Obstacle? {
        guard let wide = block.widened(by: 1),
            let mesh = prefixes.first(where: { $0.contains(wide) }), wide != mesh
        else { return .meshEdge }
        let isUpper = wide.first != block.first
        if isUpper, wide.first == mesh.first { return .ungroupedPeers }
        let buddyStart = isUpper ? wide.first : block.last.advanced(by: 1) ?? wide.first
        guard let buddy = IPPrefix(containing: buddyStart, length: block.length) else { return .meshEdge }
        if let other = layout.lastOverlap(buddy) { return .group(other.group) }
        return occupied.first(in: buddy).map { .address($0) }
    }

    private mutating func blockElsewhere(length: Int, _ family: IPFamily) -> IPPrefix? {
        for prefix in prefixes where prefix.family == family && length >= prefix.length + 2 {
            let size = BlockSize(length: length, members: 1)
            if let block = freeBlock(in: prefix, size, shrink: 0) { return block }
        }
        return nil
    }

    /// The first free aligned block of the wanted size made `shrink` bits smaller; nil when none is free or the
    /// members would not fit. Jumps over what is taken: the steps are as many as the blocks and addresses in use.
    private mutating func freeBlock(in mesh: IPPrefix, _ wanted: BlockSize, shrink: Int) -> IPPrefix? {
        let length = wanted.length + shrink
        guard let zero = IPPrefix(containing: mesh.first, length: wanted.length), zero.length > mesh.length else {
            return nil
        }
        var start = zero.last.advanced(by: 1)
        while let first = start, mesh.contains(first),
            let block = IPPrefix(containing: first, length: length)
        {
            if let other = layout.lastOverlap(block) {
                start = IPPrefix(containing: other.prefix.last, length: min(length, other.prefix.length))?
                    .last.advanced(by: 1)
            } else if occupied.first(in: block) != nil {
                start = block.last.advanced(by: 1)
            } else {
                // Free blocks of one size differ only at the end of the mesh prefix, and that one is the last.
                return usableCount(of: block) >= UInt128(wanted.members) ? block : nil
            }
        }
        return nil
    }

    /// How many addresses of a block peers may have, edges of mesh prefixes left out.
    func usableCount(of block: IPPrefix, edges: EdgeCount = .skipped) -> UInt128 {
        var count = edges == .skipped ? block.usableCount : block.lastOffset &+ 1
        for mesh in prefixes where mesh.contains(block) {
            for edge in Set([mesh.first, mesh.last]) where mesh.isEdge(edge) && block.contains(edge) {
                if edges == .counted || !block.isEdge(edge) { count &-= 1 }
            }
        }
        return count
    }
}

/// The size of a new block in a mesh prefix.
struct BlockSize {
    /// The length of the prefix to look for.
    let length: Int
    /// How many peers must fit, one at least.
    let members: Int

    init(length: Int, members: Int) {
        self.length = length
        self.members = members
    }

    /// The wanted size; `AddressBook.allocateBlock` says how it is chosen.
    init(in mesh: IPPrefix, members: Int) {
        self.members = max(members, 1)
        let bits = mesh.family.bits
        // Twice the members, and the network and the broadcast address.
        let needed = UInt128(self.members) * 2 + (mesh.family == .v4 ? 2 : 1)
        let neededLength = bits - (128 - (needed - 1).leadingZeroBitCount)
        let usual = mesh.family == .v4 ? 24 : mesh.length <= 60 ? 64 : mesh.length + 4
        length = max(min(usual, neededLength), min(mesh.length + 2, bits))
    }
}
