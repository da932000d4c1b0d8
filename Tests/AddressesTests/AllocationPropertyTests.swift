import Addresses
import Glibc
import Testing

/// A naive second book, which the real one is compared with after every step.
private struct Oracle {
    var held: [IPAddress: String] = [:]
    var retired: [IPAddress: Int64] = [:]
    var blocks: [String: IPPrefix] = [:]

    func isEdge(_ address: IPAddress, _ prefix: IPPrefix) -> Bool {
        if prefix.length > prefix.family.bits - 2 { return false }
        return address == prefix.first || (prefix.family == .v4 && address == prefix.last)
    }

    /// Looks at every address of the mesh; only for tiny ones.
    func expected(_ mesh: IPPrefix, group: String?, at time: AllocationTime) -> IPAddress? {
        var aged: (time: Int64, address: IPAddress)?
        for offset in 0...mesh.lastOffset {
            guard let candidate = mesh.first.advanced(by: Int128(offset)), held[candidate] == nil else { continue }
            if isEdge(candidate, mesh) { continue }
            if let group {
                guard let block = blocks[group], block.contains(candidate), !isEdge(candidate, block) else { continue }
            } else if blocks.values.contains(where: { $0.contains(candidate) }) {
                continue
            }
            guard let retirement = retired[candidate] else { return candidate }
            if retirement + time.quarantine > time.now { continue }
            if aged == nil || retirement < (aged?.time ?? 0) { aged = (retirement, candidate) }
        }
        return aged?.address
    }
}

@Suite struct AllocationPropertyTests {
    @Test(arguments: ["10.0.0.0/29", "10.0.0.0/26", "10.0.0.128/25", "fd00::40/122", "fd00::/124"])
    func `random sequences agree with a naive book at every step`(_ text: String) throws {
        var random = SeededRandom(seed: 4193)
        let mesh = try prefix(text)
        for _ in 0..<60 {
            var book = AddressBook(prefixes: [mesh])
            var oracle = Oracle()
            for step in 0..<120 {
                let time = AllocationTime(now: Int64(step), quarantine: 20)
                try change(&book, &oracle, time, &random)
                for (address, peer) in oracle.held { #expect(book.holder(of: address) == peer) }
                #expect(book.holders(in: mesh).count == oracle.held.count)
            }
        }
    }

    /// One random step on both books: an allocation, a removal, a new block or a wider one.
    private func change(
        _ book: inout AddressBook, _ oracle: inout Oracle, _ time: AllocationTime, _ random: inout SeededRandom
    ) throws {
        let mesh = book.prefixes[0]
        let group = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let before = book.blocks.map(\.prefix)
            guard let block = try? book.allocateBlock(for: group, family: mesh.family, members: 2) else { return }
            if oracle.blocks[group] == nil {
                #expect(mesh.contains(block) && block.first != mesh.first)
                #expect(!before.contains { $0.overlaps(block) })
                let isEmpty = !(Array(oracle.held.keys) + oracle.retired.keys).contains { block.contains($0) }
                #expect(isEmpty)
            }
            oracle.blocks[group] = block
        case 1:
            guard let block = try? book.widenBlock(of: group, family: mesh.family) else { return }
            let old = try #require(oracle.blocks[group])
            #expect(block.contains(old) && block.length == old.length - 1)
            #expect(!oracle.blocks.contains { $0.key != group && $0.value.overlaps(block) })
            oracle.blocks[group] = block
        case 2...4:
            guard let address = oracle.held.keys.sorted().randomElement(using: &random) else { return }
            book.release(address, at: time.now)
            oracle.held[address] = nil
            oracle.retired[address] = time.now
        default:
            let pool = Bool.random(using: &random) && oracle.blocks[group] != nil ? group : nil
            let expected = oracle.expected(mesh, group: pool, at: time)
            let peer = "p\(time.now)"
            let found = try? book.allocate(for: peer, group: pool, family: mesh.family, at: time)
            #expect(found == expected)
            guard let found else { return }
            oracle.held[found] = peer
            oracle.retired[found] = nil
        }
    }

    @Test func `enlarging a prefix keeps every address and goes on after them`() throws {
        var random = SeededRandom(seed: 9)
        var small = AddressBook(prefixes: [try prefix("10.88.0.0/26")])
        let time = AllocationTime(now: 0, quarantine: 1)
        var held: [IPAddress] = []
        for index in 0..<Int.random(in: 20...60, using: &random) {
            held.append(try small.allocate(for: "p\(index)", group: nil, family: .v4, at: time))
        }
        var large = AddressBook(prefixes: [try prefix("10.88.0.0/16")])
        for (index, address) in held.enumerated() { try large.hold(address, for: "p\(index)") }
        let next = try large.allocate(for: "next", group: nil, family: .v4, at: time)
        #expect(next == held.max()?.advanced(by: 1))
    }

    @Test func `ten thousand peers in two families never share an address`() throws {
        var book = AddressBook(prefixes: [try prefix("10.0.0.0/16"), try prefix("fd00::/48")], capacity: 20_000)
        let time = AllocationTime(now: 0, quarantine: 1)
        for group in 0..<10 {
            for family in IPFamily.allCases {
                _ = try book.allocateBlock(for: "g\(group)", family: family, members: 500)
            }
        }
        var seen: Set<IPAddress> = []
        for index in 0..<10_000 {
            let group = index % 2 == 0 ? nil : "g\(index % 10)"
            for family in IPFamily.allCases {
                let address = try book.allocate(for: "p\(index)", group: group, family: family, at: time)
                #expect(seen.insert(address).inserted)
                #expect(book.group(at: address) == group)
            }
        }
        #expect(seen.count == 20_000)
    }

    @Test(arguments: [("10.0.0.0/16", "g"), ("10.0.0.0/16", nil), ("fd00::/48", "g"), ("fd00::/48", nil)])
    func `ten thousand addresses in a row cost no more than their number`(_ text: String, _ group: String?) throws {
        #if DEBUG
            let limit: Int64 = 800
        #else
            let limit: Int64 = 20
        #endif
        var book = AddressBook(prefixes: [try prefix(text)])
        let family = book.prefixes[0].family
        if let group { _ = try book.allocateBlock(for: group, family: family, members: 8_000) }
        let time = AllocationTime(now: 0, quarantine: 1)
        let start = threadMilliseconds()
        for _ in 0..<10_000 { _ = try book.allocate(for: "p", group: group, family: family, at: time) }
        #expect(threadMilliseconds() - start < limit)
    }
}

/// The CPU time that this thread has used.
private func threadMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}
