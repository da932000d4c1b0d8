import Addresses
import Testing

@Suite struct ArithmeticTests {
    @Test func `addresses sort by family and number, and never wrap around`() throws {
        #expect(try address("255.255.255.255") < address("::"))
        #expect(try address("9.0.0.0") < address("10.0.0.0"))
        #expect(try address("10.0.0.255").advanced(by: 1) == address("10.0.1.0"))
        #expect(try address("10.0.1.0").advanced(by: -1) == address("10.0.0.255"))
        #expect(try address("255.255.255.255").advanced(by: 1) == nil)
        #expect(try address("0.0.0.0").advanced(by: -1) == nil)
        #expect(IPAddress.v6(.max).advanced(by: 1) == nil)
        #expect(IPAddress.v6(0).advanced(by: -1) == nil)
        #expect(IPAddress.v4(0).advanced(by: .max) == nil)
        #expect(IPAddress.v4(.max).advanced(by: .min) == nil)
    }

    @Test(arguments: [
        ("127.1.2.3", "loopback"), ("::1", "loopback"), ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"), ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"), ("febf::1", "link-local"), ("10.1.1.1", "private"), ("172.16.0.1", "private"),
        ("172.31.255.255", "private"), ("192.168.1.1", "private"), ("fd00::1", "private"), ("fc00::1", "private"),
        ("8.8.8.8", ""), ("172.15.0.1", ""), ("172.32.0.1", ""), ("240.0.0.1", ""), ("fec0::1", ""),
        ("2001:db8::1", ""),
        ("::ffff:10.0.0.1", "mapped"), ("126.255.255.255", ""), ("169.253.0.1", ""), ("fe00::1", ""),
    ])
    func `an address is of at most one special kind`(_ text: String, _ kind: String) throws {
        let value = try address(text)
        let kinds = [
            value.isLoopback ? "loopback" : nil, value.isMulticast ? "multicast" : nil,
            value.isUnspecified ? "unspecified" : nil, value.isLinkLocal ? "link-local" : nil,
            value.isPrivate ? "private" : nil, value.isIPv4Mapped ? "mapped" : nil,
        ]
        #expect(kinds.compactMap { $0 }.joined(separator: " ") == kind)
    }

    @Test func `a prefix knows its ends and what is inside`() throws {
        let net = try prefix("10.88.0.0/16")
        #expect(net.first.description == "10.88.0.0")
        #expect(net.last.description == "10.88.255.255")
        #expect(net.lastOffset == 65_535)
        #expect(try net.contains(address("10.88.255.255")))
        #expect(try !net.contains(address("10.89.0.0")))
        #expect(try !net.contains(address("::10.88.0.1")))
        #expect(try net.contains(prefix("10.88.4.0/24")))
        #expect(try !net.contains(prefix("10.0.0.0/8")))
        #expect(try net.overlaps(prefix("10.0.0.0/8")))
        #expect(try !prefix("0.0.0.0/0").overlaps(prefix("::/0")))
        #expect(try prefix("::/0").contains(prefix("fd00::/8")))
        #expect(try prefix("::/0").last == .v6(.max))
        #expect(try prefix("0.0.0.0/0").last == .v4(.max))
        #expect(try net.widened(by: 8) == prefix("10.0.0.0/8"))
        #expect(net.widened(by: 17) == nil)
        #expect(try IPPrefix.host(address("10.88.0.1")) == prefix("10.88.0.1/32"))
        #expect(try IPPrefix.host(address("fd00::1")) == prefix("fd00::1/128"))
        #expect(try IPPrefix(containing: address("10.88.7.9"), length: 33) == nil)
        #expect(try prefix("10.0.0.0/8") < prefix("10.0.0.0/9"))
        #expect(try prefix("10.0.0.0/9") < prefix("10.1.0.0/8".replacing("10.1", with: "11.0")))
        #expect(try prefix("255.0.0.0/8") < prefix("::/0"))
    }

    @Test func `a unique local prefix is made of five random bytes`() throws {
        let ula = try #require(UniqueLocalPrefix(globalID: [0x5a, 0x3c, 0x71, 0x9e, 0x00]))
        #expect(ula.description == "fd5a:3c71:9e00::/48")
        #expect(ula.subnet(2).description == "fd5a:3c71:9e00:2::/64")
        #expect(ula.prefix.network.isPrivate)
        #expect(UniqueLocalPrefix(globalID: [1, 2, 3, 4]) == nil)
        #expect(UniqueLocalPrefix(globalID: [1, 2, 3, 4, 5, 6]) == nil)
    }

    @Test(arguments: [
        ("172.17.0.0/24", ["172.17.0.0/16 (Docker's default bridge (docker0))"]),
        ("172.31.5.0/24", ["172.24.0.0/13 (Docker's default address pools)"]),
        ("10.100.0.0/16", ["10.96.0.0/12 (Kubernetes' default service network (kubeadm))"]),
        (
            "10.244.7.0/24",
            [
                "10.244.0.0/16 (DigitalOcean's internal use)",
                "10.244.0.0/16 (Kubernetes' default pod network with flannel)",
            ]
        ),
        ("10.246.1.0/24", []), ("10.88.0.0/16", []), ("172.16.0.0/16", []), ("fd5a:3c71:9e00::/48", []),
        ("100.64.0.0/24", ["100.64.0.0/10 (carrier-grade NAT and Tailscale)"]),
        ("fd7a:115c:a1e0:7::/64", ["fd7a:115c:a1e0::/48 (Tailscale)"]),
        ("203.0.113.0/24", ["203.0.113.0/24 (documentation (RFC 5737, RFC 3849, RFC 9637))"]),
    ])
    func `a reserved range is found with its owner`(_ text: String, _ owners: [String]) throws {
        #expect(try ReservedRange.overlapping(prefix(text)).map(\.description) == owners)
    }

    @Test func `the whole table of reserved ranges is there`() throws {
        #expect(ReservedRange.all.count == 22)
        #expect(try ReservedRange.overlapping(prefix("0.0.0.0/0")).count == 18)
        #expect(try ReservedRange.overlapping(prefix("10.0.0.0/8")).count == 7)
    }
}
