import Addresses
import Testing

private let days90: Int64 = 90 * 86_400
private let now = AllocationTime(now: 1_800_000_000, quarantine: days90)

private func book(_ prefixes: String...) throws -> AddressBook { AddressBook(prefixes: try prefixes.map(prefix)) }

extension AddressBook {
    /// Allocates until nothing is left and gives the addresses back as text.
    fileprivate mutating func drain(group: String?, family: IPFamily, at time: AllocationTime = now) -> [String] {
        var found: [String] = []
        while found.count < 1000,
            let next = try? allocate(for: "p\(found.count)", group: group, family: family, at: time)
        {
            found.append(next.description)
        }
        return found
    }
}

@Suite struct AddressBookTests {
    @Test(arguments: [
        ("10.0.0.0/29", (1...6).map { "10.0.0.\($0)" }), ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.4/31", ["10.0.0.4", "10.0.0.5"]), ("10.0.0.7/32", ["10.0.0.7"]),
        (
            "fd00::10/124",
            ["11", "12", "13", "14", "15", "16", "17", "18", "19", "1a", "1b", "1c", "1d", "1e", "1f"].map {
                "fd00::\($0)"
            }
        ),
        ("fd00::2/127", ["fd00::2", "fd00::3"]), ("fd00::9/128", ["fd00::9"]),
        ("255.255.255.248/29", (249...254).map { "255.255.255.\($0)" }),
    ])
    func `a tiny pool gives every usable address once, lowest first`(_ text: String, _ expected: [String]) throws {
        let net = try prefix(text)
        var ungrouped = try book(text)
        #expect(ungrouped.drain(group: nil, family: net.family) == expected)
        var grouped = try book(text)
        try grouped.reserve(block: net, for: "g")
        #expect(grouped.drain(group: "g", family: net.family) == expected)
        #expect(grouped.drain(group: nil, family: net.family) == [])
    }

    @Test func `peers without a group get addresses outside of every block`() throws {
        var book = try book("10.0.0.0/28")
        try book.reserve(block: prefix("10.0.0.4/30"), for: "a")
        try book.reserve(block: prefix("10.0.0.0/31"), for: "b")
        try book.hold(address("10.0.0.9"), for: "static")
        #expect(book.drain(group: nil, family: .v4) == [2, 3, 8, 10, 11, 12, 13, 14].map { "10.0.0.\($0)" })
        #expect(book.drain(group: "a", family: .v4) == ["10.0.0.5", "10.0.0.6"])
        #expect(book.drain(group: "b", family: .v4) == ["10.0.0.1"])
    }

    @Test func `several prefixes of one family are used in the order given`() throws {
        var book = try book("10.9.0.0/30", "fd00::/64", "10.8.0.0/30")
        #expect(book.drain(group: nil, family: .v4) == ["10.9.0.1", "10.9.0.2", "10.8.0.1", "10.8.0.2"])
        #expect(try book.allocate(for: "x", group: nil, family: .v6, at: now).description == "fd00::1")
    }

    @Test func `a tombstone is not given out before its quarantine is over, then the oldest first`() throws {
        var book = try book("10.0.0.0/29")
        for (last, time) in [(3, 300), (5, 100), (1, 200), (6, 100)] {
            book.retire(try address("10.0.0.\(last)"), at: Int64(time))
        }
        #expect(
            book.drain(group: nil, family: .v4, at: AllocationTime(now: 150, quarantine: 60)) == [
                "10.0.0.2", "10.0.0.4",
            ])
        let error = #expect(throws: AllocationError.self) {
            try book.allocate(for: "late", group: nil, family: .v4, at: AllocationTime(now: 159, quarantine: 60))
        }
        let usage = AllocationError.Usage(addresses: 6, quarantined: 4, nextFree: 160)
        #expect(try error?.reason == .meshExhausted(last: prefix("10.0.0.0/29"), usage))
        #expect(
            error?.message == "no IPv4 address is left in the mesh for peers without a group: "
                + "it has 6 addresses, 4 of them in quarantine, the next free at unix time 160")
        #expect(
            error?.hint == "enlarge the prefix 10.0.0.0/29 under prefixes in mesh.yaml, to 10.0.0.0/28 or shorter: "
                + "every address is kept")
        let later = AllocationTime(now: 260, quarantine: 60)
        #expect(book.drain(group: nil, family: .v4, at: later) == ["10.0.0.5", "10.0.0.6", "10.0.0.1"])
        #expect(try book.retirement(of: address("10.0.0.5")) == nil)
        #expect(try book.retirement(of: address("10.0.0.3")) == 300)
    }

    @Test func `a quarantine beyond the end of time traps nothing`() throws {
        var book = try book("10.0.0.0/32")
        book.retire(try address("10.0.0.0"), at: .max)
        #expect(book.drain(group: nil, family: .v4, at: AllocationTime(now: .max - 1, quarantine: .max)) == [])
        #expect(book.drain(group: nil, family: .v4, at: AllocationTime(now: .max, quarantine: .min)) == ["10.0.0.0"])
    }

    @Test func `holding and retiring give the same book in any order`() throws {
        var first = try book("10.0.0.0/29")
        try first.hold(address("10.0.0.1"), for: "a")
        first.retire(try address("10.0.0.1"), at: 5)
        var second = try book("10.0.0.0/29")
        second.retire(try address("10.0.0.1"), at: 5)
        try second.hold(address("10.0.0.1"), for: "a")
        for book in [first, second] {
            #expect(try book.holder(of: address("10.0.0.1")) == "a")
            #expect(try book.retirement(of: address("10.0.0.1")) == nil)
        }
        first.release(try address("10.0.0.1"), at: 7)
        #expect(try first.holder(of: address("10.0.0.1")) == nil)
        #expect(try first.retirement(of: address("10.0.0.1")) == 7)
        first.retire(try address("10.0.0.1"), at: 6)
        #expect(try first.retirement(of: address("10.0.0.1")) == 7)
    }

    @Test func `what cannot be held or reserved says why`() throws {
        var book = try book("10.0.0.0/24", "fd00::/64")
        try book.hold(address("10.0.0.5"), for: "a")
        try book.hold(address("10.0.0.5"), for: "a")
        func reason(_ body: () throws -> Void) -> String? {
            #expect(throws: AllocationError.self) { try body() }?.message
        }
        #expect(reason { try book.hold(address("10.0.0.5"), for: "b") } == "peer \"b\" and peer \"a\" share 10.0.0.5")
        #expect(
            reason { try book.hold(address("10.0.0.0"), for: "b") }
                == "the address 10.0.0.0 of peer \"b\" is the network address of 10.0.0.0/24")
        #expect(
            reason { try book.hold(address("10.0.0.255"), for: "b") }
                == "the address 10.0.0.255 of peer \"b\" is the broadcast address of 10.0.0.0/24")
        #expect(
            reason { try book.hold(address("fd00::"), for: "b") }
                == "the address fd00:: of peer \"b\" is the subnet-router anycast address of fd00::/64")
        #expect(
            reason { try book.hold(address("10.0.1.1"), for: "b") }
                == "the address 10.0.1.1 of peer \"b\" is not inside a prefix of the mesh")
        try book.reserve(block: prefix("10.0.0.64/26"), for: "g")
        try book.reserve(block: prefix("10.0.0.64/26"), for: "g")
        #expect(
            reason { try book.reserve(block: prefix("10.0.0.128/26"), for: "g") }
                == "group \"g\" has two IPv4 prefixes, 10.0.0.64/26 and 10.0.0.128/26")
        #expect(
            reason { try book.reserve(block: prefix("10.0.0.0/25"), for: "h") }
                == "the prefix 10.0.0.0/25 of group \"h\" overlaps 10.0.0.64/26 of group \"g\"")
        #expect(
            reason { try book.reserve(block: prefix("10.0.0.0/23"), for: "h") }
                == "the prefix 10.0.0.0/23 of group \"h\" is not inside a prefix of the mesh")
        #expect(
            reason { _ = try book.allocate(for: "b", group: "no", family: .v4, at: now) }
                == "group \"no\" has no IPv4 block")
        var single = AddressBook(prefixes: [try prefix("10.0.0.0/24")])
        #expect(
            reason { _ = try single.allocate(for: "b", group: nil, family: .v6, at: now) }
                == "the mesh has no IPv6 prefix")
        #expect(try book.holders(in: prefix("10.0.0.0/24")).map(\.peer) == ["a"])
        #expect(try book.group(at: address("10.0.0.70")) == "g")
    }

    @Test func `an exhausted group names its block and the doubled one`() throws {
        var book = try book("10.0.0.0/24")
        try book.reserve(block: prefix("10.0.0.8/29"), for: "app")
        #expect(book.drain(group: "app", family: .v4).count == 6)
        let error = #expect(throws: AllocationError.self) {
            try book.allocate(for: "x", group: "app", family: .v4, at: now)
        }
        #expect(error?.message == "no address is left in 10.0.0.8/29 of group \"app\": it has 6 addresses, all in use")
        #expect(error?.hint == "enlarge the prefix of group \"app\", to 10.0.0.0/28 if that is free")
    }
}
