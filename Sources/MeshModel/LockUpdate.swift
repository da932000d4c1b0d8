import Addresses
package import Diagnostics
package import MeshFiles

/// The step from what was allocated to what the mesh file now asks for.
///
/// A value: nothing is written. Peers in ``needingKeys`` have no key yet; ``complete(with:)`` gives them theirs.
package struct LockUpdate: Sendable {
    /// The new allocation; peers in ``needingKeys`` have an empty public key.
    package private(set) var lock: LockFile
    package private(set) var added: [String] = []
    package private(set) var removed: [String] = []
    /// Peers whose addresses changed, with those given up.
    package private(set) var readdressed: [String] = []
    /// Peers for which the program is to make a key pair, in the order of the lock file.
    package private(set) var needingKeys: [String] = []
    /// Peers whose private key the keyring is to drop.
    package private(set) var droppingKeys: [String] = []
    /// How the preshared keys change with the peers that are gone; nil when they need not.
    package private(set) var presharedRenewal: PresharedRenewal?
    private var book: AddressBook
    private let now: UTCTime
    /// The last epoch of each name that is gone.
    private var lastEpochs: [String: UInt32] = [:]

    /// Brings addresses, blocks, keys and tombstones up to date.
    ///
    /// - Parameters:
    ///   - redrawing: peers that give up their allocated addresses for new ones.
    ///   - now: the moment that quarantine counts from.
    /// - Throws: what cannot be allocated, all of it, with the place of the prefix to enlarge.
    package static func plan(
        _ mesh: DeclaredMesh, from lock: LockFile, redrawing: Set<String> = [], now: UTCTime
    ) throws(Failure) -> LockUpdate {
        var update = LockUpdate(lock: lock, book: AddressBook(prefixes: mesh.prefixes.map(\.value)), now: now)
        update.lock.name = mesh.name
        var findings: [Diagnostic] = []
        update.bury(mesh)
        update.keep(mesh, redrawing, &findings)
        update.blocks(mesh, &findings)
        findings += update.strays(in: mesh)
        update.fill(mesh, &findings)
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
        update.renewPresharedKeys(mesh)
        return update
    }

    /// Who is gone has known the one preshared key of the mesh. A pair's key was known to the pair alone, and the secret
    /// that all come from to no peer.
    private mutating func renewPresharedKeys(_ mesh: DeclaredMesh) {
        guard !removed.isEmpty, mesh.wireGuard.presharedKeys == .mesh else { return }
        var step = RotationStep(mesh, lock, at: now)
        presharedRenewal = step.renewPresharedKeys(mesh.rotation)
        lock = step.lock
    }

    private init(lock: LockFile, book: AddressBook, now: UTCTime) {
        self.lock = lock
        self.book = book
        self.now = now
    }

    /// Gives the peers in ``needingKeys`` their public keys, in that order.
    package mutating func complete(with publicKeys: [String]) {
        for (name, key) in zip(needingKeys, publicKeys) { lock.peers[name]?.publicKey = key }
    }

    /// Moves peers that the mesh file no longer has to the tombstones.
    private mutating func bury(_ mesh: DeclaredMesh) {
        let declared = Set(mesh.peers.map(\.name))
        for (name, peer) in lock.peers.lazy.filter({ !declared.contains($0.key) }).sorted(by: { $0.key < $1.key }) {
            lock.gone.append(LockedGone(name: name, peer: peer.tombstone, removed: now))
            lock.peers[name] = nil
            removed.append(name)
            if !peer.isHeldByPeer { droppingKeys.append(name) }
        }
        for gone in lock.gone {
            lastEpochs[gone.name] = max(lastEpochs[gone.name] ?? 0, gone.peer.epoch)
            for address in gone.peer.addresses { book.retire(address, at: gone.removed.seconds) }
        }
    }

    /// Holds every address that a peer keeps: the declared ones, and of the rest those allocated before.
    private mutating func keep(_ mesh: DeclaredMesh, _ redrawing: Set<String>, _ findings: inout [Diagnostic]) {
        for peer in mesh.peers {
            var entry = lock.peers[peer.name]
            let before = entry?.addresses ?? []
            let families = Set(peer.addresses.map(\.value.family))
            let sticky =
                redrawing.contains(peer.name) ? [] : before.filter { !families.contains($0.family) && inside($0, mesh) }
            let kept = peer.addresses.map(\.value) + sticky
            for address in kept { hold(address, for: peer, &findings) }
            let givenUp = before.filter { !kept.contains($0) }
            if let old = entry, !givenUp.isEmpty {
                var tomb = old.tombstone
                tomb.addresses = givenUp
                lock.gone.append(LockedGone(name: peer.name, peer: tomb, removed: now))
                for address in givenUp { book.retire(address, at: now.seconds) }
                readdressed.append(peer.name)
            }
            if entry == nil { added.append(peer.name) }
            settleKey(&entry, of: peer, in: mesh)
            entry?.addresses = kept.sorted()
            lock.peers[peer.name] = entry
        }
    }

    private func inside(_ address: IPAddress, _ mesh: DeclaredMesh) -> Bool {
        mesh.prefixes.contains { $0.value.family == address.family }
    }

    private mutating func hold(_ address: IPAddress, for peer: DeclaredPeer, _ findings: inout [Diagnostic]) {
        do throws(AllocationError) {
            try book.hold(address, for: peer.name)
        } catch {
            findings.append(
                Diagnostic(
                    .overlappingAddress, at: peer.location, error.message,
                    hint: "run `hauberk set \(peer.name) --address auto`"))
        }
    }

    /// A declared key is the peer's own; without one the mesh makes a pair. Each change begins an epoch.
    private mutating func settleKey(
        _ entry: inout LockedPeer?, of peer: DeclaredPeer, in mesh: DeclaredMesh
    ) {
        defer { entry?.settleProgress(of: peer, in: lock.rotation?.running) }
        if let entry, entry.agrees(with: peer) { return }
        defer { entry?.since = mesh.rotation == nil ? nil : now }
        // A name that comes back goes on counting, so that no key of its former life fits.
        let epoch = (entry?.tombstone.epoch ?? lastEpochs[peer.name] ?? 0) + 1
        if let entry, !entry.isHeldByPeer { droppingKeys.append(peer.name) }
        if let key = peer.publicKey?.value {
            entry = LockedPeer(v4: entry?.v4, v6: entry?.v6, publicKey: key, epoch: epoch, holder: .peer)
        } else {
            entry = LockedPeer(v4: entry?.v4, v6: entry?.v6, publicKey: "", epoch: epoch, holder: .program)
            needingKeys.append(peer.name)
        }
    }

    /// Reserves the declared blocks, keeps the allocated ones, and chooses those that are missing.
    private mutating func blocks(_ mesh: DeclaredMesh, _ findings: inout [Diagnostic]) {
        var blocks: [String: [IPPrefix]] = [:]
        for group in mesh.groups {
            let declared = group.prefixes.map(\.value)
            let families = Set(declared.map(\.family))
            let kept = (lock.groups[group.name]?.blocks ?? []).filter { block in
                !families.contains(block.family) && mesh.prefixes.contains { $0.value.contains(block) }
            }
            blocks[group.name] = declared + kept
        }
        for group in mesh.groups {
            for block in blocks[group.name] ?? [] { reserve(block, for: group, &findings) }
        }
        for (index, group) in mesh.groups.enumerated() {
            let members = mesh.peers.filter { $0.groups.first == index }
            for family in families(of: mesh) where !(blocks[group.name] ?? []).contains(where: { $0.family == family })
            {
                if let block = inherited(family, by: members, in: mesh) {
                    reserve(block, for: group, &findings)
                    blocks[group.name, default: []].append(block)
                } else {
                    choose(family, for: group, members: members.count, &blocks, &findings)
                }
            }
        }
        lock.groups = blocks.mapValues { blocks in
            var locked = LockedGroup(v4: nil, v6: nil)
            locked.blocks = blocks
            return locked
        }
    }

    /// The block of a group that is gone, when all the addresses that the members have lie in it: the group has been
    /// renamed.
    private func inherited(_ family: IPFamily, by members: [DeclaredPeer], in mesh: DeclaredMesh) -> IPPrefix? {
        let addresses = members.compactMap { lock.peers[$0.name]?.address(of: family) }
        guard !addresses.isEmpty else { return nil }
        let present = Set(mesh.groups.map(\.name))
        let free = lock.groups.filter { !present.contains($0.key) }.flatMap { $0.value.blocks }
        return free.first { block in addresses.allSatisfy(block.contains) && book.group(at: block.first) == nil }
    }

    private func families(of mesh: DeclaredMesh) -> [IPFamily] {
        Set(mesh.prefixes.map(\.value.family)).sorted()
    }

    private mutating func reserve(_ block: IPPrefix, for group: Group, _ findings: inout [Diagnostic]) {
        do throws(AllocationError) {
            try book.reserve(block: block, for: group.name)
        } catch {
            findings.append(Diagnostic(.overlappingPrefix, at: group.location, error.message, hint: error.hint))
        }
    }

    private mutating func choose(
        _ family: IPFamily, for group: Group, members: Int, _ blocks: inout [String: [IPPrefix]],
        _ findings: inout [Diagnostic]
    ) {
        do throws(AllocationError) {
            blocks[group.name, default: []].append(
                try book.allocateBlock(for: group.name, family: family, members: members))
        } catch {
            findings.append(Diagnostic(.prefixExhausted, at: group.location, error.message, hint: error.hint))
        }
    }

    /// Allocates what is missing, in the order that people count in.
    private mutating func fill(_ mesh: DeclaredMesh, _ findings: inout [Diagnostic]) {
        guard findings.isEmpty else { return }
        let families = families(of: mesh)
        let lacking = mesh.peers.filter { (lock.peers[$0.name]?.addresses.count ?? 0) < families.count }
        for peer in lacking.sorted(by: { NaturalOrder.precedes($0.name, $1.name) }) {
            for family in families
            where !(lock.peers[peer.name]?.addresses ?? []).contains(where: { $0.family == family }) {
                do throws(AllocationError) {
                    let address = try allocate(family, for: peer, mesh)
                    lock.peers[peer.name]?.addresses.append(address)
                } catch {
                    findings.append(
                        Diagnostic(
                            .prefixExhausted,
                            at: peer.groups.first.map { mesh.groups[$0].location } ?? mesh.prefixesLocation,
                            error.message, hint: error.hint))
                    return
                }
            }
        }
        forgetReused()
    }

    /// The next address of the peer's block, which is widened in place when it is full and was not declared.
    private mutating func allocate(
        _ family: IPFamily, for peer: DeclaredPeer, _ mesh: DeclaredMesh
    ) throws(AllocationError) -> IPAddress {
        let group = peer.groups.first.map { mesh.groups[$0] }
        while true {
            do throws(AllocationError) {
                return try book.allocate(
                    for: peer.name, group: group?.name, family: family,
                    at: AllocationTime(now: now.seconds, quarantine: mesh.quarantine))
            } catch {
                guard let group, !group.prefixes.contains(where: { $0.value.family == family }),
                    let wider = try? book.widenBlock(of: group.name, family: family)
                else { throw error }
                lock.groups[group.name]?.blocks.removeAll { $0.family == family }
                lock.groups[group.name]?.blocks.append(wider)
            }
        }
    }

    /// Drops the tombstones of addresses that have an owner again.
    private mutating func forgetReused() {
        let used = Set(lock.peers.values.lazy.flatMap(\.addresses))
        for index in lock.gone.indices { lock.gone[index].peer.addresses.removeAll(where: used.contains) }
        lock.gone.removeAll { $0.peer.addresses.isEmpty }
    }
}
