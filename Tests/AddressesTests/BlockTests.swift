import Addresses
import Testing

private let now = AllocationTime(now: 1_800_000_000, quarantine: 7_776_000)

@Suite struct BlockTests {
    @Test(arguments: [
        ("10.88.0.0/16", 0, "10.88.1.0/24"), ("10.88.0.0/16", 127, "10.88.1.0/24"),
        ("10.88.0.0/16", 128, "10.88.2.0/23"),
        ("10.88.0.0/16", 1_000, "10.88.8.0/21"), ("10.88.0.0/16", 100_000, nil), ("10.88.0.0/22", 5, "10.88.1.0/24"),
        ("10.88.0.0/24", 5, "10.88.0.64/26"), ("10.88.0.0/24", 60, "10.88.0.64/26"), ("10.88.0.0/24", 63, nil),
        ("10.0.0.0/29", 1, "10.0.0.2/31"), ("10.0.0.0/29", 2, "10.0.0.2/31"), ("10.0.0.0/30", 1, "10.0.0.1/32"),
        ("10.0.0.0/30", 2, nil), ("10.0.0.0/32", 0, nil), ("fd00::/48", 3, "fd00:0:0:1::/64"),
        ("fd00::/60", 3, "fd00:0:0:1::/64"), ("fd00::/64", 3, "fd00::1000:0:0:0/68"), ("fd00::/120", 3, "fd00::10/124"),
        ("fd00::/120", 20, "fd00::40/122"), ("fd00::/124", 1, "fd00::4/126"), ("fd00::/124", 0, "fd00::4/126"),
        ("fd00::/8", 3, "fd00:0:0:1::/64"),
    ])
    func `a block is as large as its members and its mesh ask`(_ mesh: String, _ members: Int, _ block: String?) throws
    {
        var book = AddressBook(prefixes: [try prefix(mesh)])
        let found = try? book.allocateBlock(for: "g", family: prefix(mesh).family, members: members)
        #expect(found?.description == block)
        if let found {
            #expect(try book.allocateBlock(for: "g", family: prefix(mesh).family, members: members) == found)
        }
    }

    @Test func `a block keeps clear of blocks and of held and retired addresses`() throws {
        var book = AddressBook(prefixes: [try prefix("10.88.0.0/16")])
        try book.reserve(block: prefix("10.88.1.0/24"), for: "a")
        try book.reserve(block: prefix("10.88.4.0/22"), for: "b")
        try book.reserve(block: prefix("10.88.8.128/25"), for: "c")
        try book.hold(address("10.88.2.7"), for: "static")
        book.retire(try address("10.88.3.9"), at: 1)
        #expect(try book.allocateBlock(for: "d", family: .v4, members: 3) == prefix("10.88.9.0/24"))
        #expect(book.blocks.map(\.group) == ["a", "b", "c", "d"])
    }

    @Test func `blocks shrink to fit when a mesh fills, and then say what to enlarge`() throws {
        var book = AddressBook(prefixes: [try prefix("10.0.0.0/24")])
        var found: [String] = []
        for index in 0..<4 {
            guard let block = try? book.allocateBlock(for: "g\(index)", family: .v4, members: 2) else { break }
            found.append(block.description)
        }
        // The size follows the members: a /29 holds twice two and the two edges.
        #expect(found == ["10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"])
        let error = #expect(throws: AllocationError.self) {
            try book.allocateBlock(for: "more", family: .v4, members: 2)
        }
        #expect(error?.message == "no free IPv4 block is left for group \"more\" with 2 members")
        #expect(error?.hint?.contains("10.0.0.0/23") == true)
    }

    @Test func `a partly taken mesh gives a smaller block`() throws {
        var book = AddressBook(prefixes: [try prefix("10.0.0.0/24")])
        for last in [70, 130, 195] { try book.hold(address("10.0.0.\(last)"), for: "p\(last)") }
        #expect(try book.allocateBlock(for: "g", family: .v4, members: 5) == prefix("10.0.0.96/27"))
    }

    @Test func `widening keeps the block's addresses and gives the new half`() throws {
        var book = AddressBook(prefixes: [try prefix("10.88.0.0/16"), try prefix("fd00::/48")])
        try book.reserve(block: prefix("10.88.2.0/29"), for: "g")
        let before = try (0..<6).map { try book.allocate(for: "p\($0)", group: "g", family: .v4, at: now) }
        #expect(try book.widenBlock(of: "g", family: .v4) == prefix("10.88.2.0/28"))
        for (index, address) in before.enumerated() { #expect(book.holder(of: address) == "p\(index)") }
        #expect(try book.allocate(for: "n", group: "g", family: .v4, at: now) == address("10.88.2.7"))
        #expect(book.blocks.map(\.prefix.description) == ["10.88.2.0/28"])
    }

    @Test func `a block that cannot double says why and where there is room`() throws {
        var book = AddressBook(prefixes: [try prefix("10.88.0.0/16")])
        try book.reserve(block: prefix("10.88.1.0/24"), for: "first")
        try book.reserve(block: prefix("10.88.2.0/24"), for: "left")
        try book.reserve(block: prefix("10.88.3.0/24"), for: "right")
        try book.reserve(block: prefix("10.88.4.0/24"), for: "held")
        try book.hold(address("10.88.5.1"), for: "p")
        try book.reserve(block: prefix("10.88.128.0/17"), for: "half")
        let expected: [(String, AllocationError.Obstacle)] = [
            ("first", .ungroupedPeers), ("left", .group("right")), ("right", .group("left")),
            ("held", .address(try address("10.88.5.1"))), ("half", .meshEdge),
        ]
        for (group, obstacle) in expected {
            let error = #expect(throws: AllocationError.self) { try book.widenBlock(of: group, family: .v4) }
            guard case .cannotWiden(_, _, let found, let free) = error?.reason else {
                Issue.record("\(group): \(String(describing: error))")
                continue
            }
            #expect(found == obstacle)
            #expect(try free == (group == "half" ? nil : prefix("10.88.6.0/23")))
        }
        #expect(throws: AllocationError.self) { try book.widenBlock(of: "none", family: .v4) }
    }
}
