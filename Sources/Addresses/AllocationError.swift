/// Why an address or a block could not be held, reserved or allocated.
package struct AllocationError: Error, Hashable, Sendable {
    /// Everything that can go wrong, with what the message and the hint need.
    package enum Reason: Hashable, Sendable {
        /// The mesh has no prefix of this family.
        case noMeshPrefix(IPFamily)
        /// The group has no block of this family; `allocateBlock` or `reserve` comes first.
        case noBlock(group: String, family: IPFamily)
        case blockOutsideMesh(IPPrefix, group: String)
        case blocksOverlap(IPPrefix, group: String, other: IPPrefix, otherGroup: String)
        /// The group has another block of the same family already.
        case secondBlock(IPPrefix, group: String, first: IPPrefix)
        case addressOutsideMesh(IPAddress, peer: String)
        /// The network, broadcast or subnet-router anycast address of a mesh prefix.
        case unusableAddress(IPAddress, peer: String, prefix: IPPrefix)
        case addressTaken(IPAddress, peer: String, holder: String)
        /// No free aligned block is left for so many members.
        case noRoomForBlock(group: String, family: IPFamily, members: Int, widest: IPPrefix)
        /// The block cannot double in place; `free` is a block of the doubled size elsewhere, nil when there is none.
        case cannotWiden(IPPrefix, group: String, obstacle: Obstacle, free: IPPrefix?)
        /// Nothing is left in the group's block.
        case groupExhausted(group: String, block: IPPrefix, Usage)
        /// Nothing is left in the mesh's prefixes outside of the groups' blocks; `last` is the last of them.
        case meshExhausted(last: IPPrefix, Usage)
    }

    /// What keeps a block from doubling in place.
    package enum Obstacle: Hashable, Sendable {
        /// The mesh's prefix ends there, or is the block itself.
        case meshEdge
        /// The first block of the mesh prefix belongs to the peers without a group.
        case ungroupedPeers
        /// Another group's block.
        case group(String)
        /// A held or quarantined address.
        case address(IPAddress)
    }

    /// What a pool's addresses are used for.
    package struct Usage: Hashable, Sendable {
        /// How many addresses the pool can give to peers at all.
        package let addresses: UInt128
        /// How many are in quarantine.
        package let quarantined: Int
        /// When the next of them gets free, in unix seconds; nil when none is in quarantine.
        package let nextFree: Int64?

        /// The figures as they are; nothing is computed.
        package init(addresses: UInt128, quarantined: Int, nextFree: Int64?) {
            self.addresses = addresses
            self.quarantined = quarantined
            self.nextFree = nextFree
        }
    }

    /// What went wrong, with its figures.
    package let reason: Reason

    init(_ reason: Reason) { self.reason = reason }
}

extension AllocationError: CustomStringConvertible {
    /// The message.
    package var description: String { message }
}
