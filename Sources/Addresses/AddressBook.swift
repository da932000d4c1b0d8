/// Who has which address of the mesh, and which are free: the allocator, a pure value.
///
/// It is filled each time from the mesh file and the lock file, in any order: `reserve` the groups' blocks, `hold` the
/// static and the sticky addresses, `retire` the tombstones; then blocks and addresses are allocated. The same state
/// and the same calls give the same answers. Invariants: no address has two holders; blocks of groups never overlap
/// and lie inside the mesh's prefixes; an address in quarantine is not given out. IPv6 pools are never enumerated: the
/// work of a call grows with the addresses in use, never with the size of a prefix.
package struct AddressBook: Sendable {
    /// The mesh's prefixes as given; those of one family are tried in this order.
    package let prefixes: [IPPrefix]

    var holders: [IPAddress: String] = [:]
    var tombstones: [IPAddress: Int64] = [:]
    /// Each group's blocks, with the place where the search for a free address goes on.
    var groups: [String: GroupBlocks] = [:]
    /// All blocks, sorted; they do not overlap.
    var layout = BlockLayout()
    /// Every address that was ever held or retired.
    var occupied = OccupiedAddresses()
    /// Where the search for the ungrouped peers goes on, a pool for each mesh prefix.
    var ungrouped: [AddressPool]
    /// The tombstones of a pool, by age; made when a pool has no fresh address left, dropped when anything changes.
    var queues: [TombstoneQueue.Key: TombstoneQueue] = [:]

    /// An empty book; `capacity` is the number of addresses to make room for.
    package init(prefixes: [IPPrefix], capacity: Int = 0) {
        self.prefixes = prefixes
        ungrouped = prefixes.map { AddressPool(prefix: $0) }
        holders.reserveCapacity(capacity)
    }

    /// Gives an address to a peer, as the mesh file or the lock file says.
    ///
    /// The same peer may hold it twice. It may be in quarantine (whoever names an address gets it) and inside or
    /// outside of any block; it is refused outside the mesh, as the network or broadcast address of a mesh prefix, and
    /// when another peer has it.
    package mutating func hold(_ address: IPAddress, for peer: String) throws(AllocationError) {
        if let holder = holders[address] {
            if holder == peer { return }
            throw AllocationError(.addressTaken(address, peer: peer, holder: holder))
        }
        var isInside = false
        for prefix in prefixes where prefix.contains(address) {
            if prefix.isEdge(address) {
                throw AllocationError(.unusableAddress(address, peer: peer, prefix: prefix))
            }
            isInside = true
        }
        if !isInside { throw AllocationError(.addressOutsideMesh(address, peer: peer)) }
        if tombstones.removeValue(forKey: address) != nil { queues.removeAll() }
        holders[address] = peer
        occupied.insert(address)
    }

    /// Notes that the address was given back at that time (unix seconds), so that its quarantine begins then.
    ///
    /// Ignored while a peer holds it (the tombstone is older than the peer), so that the order of calls does not
    /// matter; of two tombstones the later counts. An address outside the mesh is kept, for prefixes that come back.
    package mutating func retire(_ address: IPAddress, at time: Int64) {
        if holders[address] != nil { return }
        tombstones[address] = max(tombstones[address] ?? time, time)
        occupied.insert(address)
        queues.removeAll()
    }

    /// Takes the address from whoever holds it and retires it.
    package mutating func release(_ address: IPAddress, at time: Int64) {
        holders[address] = nil
        retire(address, at: time)
    }

    /// The peer that holds the address; nil when it is free or in quarantine.
    package func holder(of address: IPAddress) -> String? { holders[address] }

    /// When the address was retired, in unix seconds; nil when it is held or was never used.
    package func retirement(of address: IPAddress) -> Int64? { tombstones[address] }

    /// The group's block of that family; nil when it has none.
    package func block(of group: String, family: IPFamily) -> IPPrefix? { groups[group]?[family]?.prefix }

    /// The group whose block contains the address; nil outside of every block.
    package func group(at address: IPAddress) -> String? { layout.block(at: address)?.group }

    /// All blocks, sorted by prefix.
    package var blocks: [(prefix: IPPrefix, group: String)] { layout.blocks.map { ($0.prefix, $0.group) } }

    /// The held addresses inside a prefix, sorted: to find strangers in a block that a mesh file names.
    package func holders(in prefix: IPPrefix) -> [(address: IPAddress, peer: String)] {
        holders.filter { prefix.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
