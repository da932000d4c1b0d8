import Addresses
import Glibc
import Testing

@Suite struct AcceptedTextTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.88.1.9", "10.88.1.9"),
        ("100.200.10.99", "100.200.10.99"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("FD5A:3C71:9E00::1", "fd5a:3c71:9e00::1"), ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("0:0:1::", "0:0:1::"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"), ("::ffff:102:304", "::ffff:1.2.3.4"),
        ("::ffff:0:0", "::ffff:0.0.0.0"), ("::1.2.3.4", "::102:304"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("::ffff:0:1.2.3.4", "::ffff:0:102:304"),
    ])
    func `an address prints in its canonical form`(_ text: String, _ canonical: String) throws {
        let value = try address(text)
        #expect(value.description == canonical)
        #expect(try address(canonical) == value)
        var bytes = Array("x".utf8)
        value.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "x" + canonical)
    }

    @Test(arguments: [
        ("0.0.0.0/0", "0.0.0.0/0"), ("10.88.0.0/16", "10.88.0.0/16"), ("1.2.3.4/32", "1.2.3.4/32"), ("::/0", "::/0"),
        ("FD5A:3c71:9e00:0::/64", "fd5a:3c71:9e00::/64"), ("::1/128", "::1/128"),
    ])
    func `a prefix prints in its canonical form`(_ text: String, _ canonical: String) throws {
        let value = try prefix(text)
        #expect(value.description == canonical)
        var bytes: [UInt8] = []
        value.append(to: &bytes)
        #expect(bytes == Array(canonical.utf8))
    }

    @Test(arguments: ["10.88.1.7/16", "10.0.0.0/8", "fd00::7/64"])
    func `an interface address may have host bits`(_ text: String) throws {
        let value = try InterfaceAddress(parsing: text)
        #expect(value.description == text)
        #expect(value.prefix.contains(value.address))
        #expect(value.prefix.length == value.length)
    }

    @Test(arguments: [
        ("1.2.3.4:51820", "1.2.3.4:51820"), ("[FD00::1]:51820", "[fd00::1]:51820"), ("[::]:1", "[::]:1"),
        ("[::ffff:1.2.3.4]:65535", "[::ffff:1.2.3.4]:65535"), ("VPN.Example.com:80", "vpn.example.com:80"),
        ("localhost:1", "localhost:1"), ("1password.com:443", "1password.com:443"), ("3.2.1a:9", "3.2.1a:9"),
    ])
    func `an endpoint prints in its canonical form`(_ text: String, _ canonical: String) throws {
        let value = try Endpoint(parsing: text)
        #expect(value.description == canonical)
        #expect(try Endpoint(parsing: canonical) == value)
    }

    @Test func `names and ports at their limits are accepted`() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try HostName(parsing: "\(label).\(label).\(label).\(label.dropLast(2))").name.utf8.count == 253)
        #expect(try InterfaceName(parsing: "wg-App_1=+.x234").name == "wg-App_1=+.x234")
        #expect(try Port(parsing: "65535").number == 65_535)
        #expect(Port(0) == nil)
        #expect(Port(65_536) == nil)
        let range = try PortRange(parsing: "49152-49160")
        #expect(range.count == 9)
        #expect(range.description == "49152-49160")
        #expect(try PortRange(parsing: "80-80").description == "80")
        #expect(try range.contains(Port(parsing: "49160")))
        #expect(try !range.overlaps(PortRange(parsing: "49161-49162")))
        #expect(try range.overlaps(PortRange(parsing: "1-49152")))
        #expect(try PortRange(from: Port(parsing: "2"), through: Port(parsing: "1")) == nil)
    }

    @Test func `ten thousand random addresses survive printing and parsing as glibc sees them`() throws {
        var random = SeededRandom(seed: 5952)
        for _ in 0..<10_000 {
            let value = randomAddress(&random)
            let text = value.description
            #expect(try address(text) == value)
            #expect(pton(text, value.family) == value)
            // Glibc also prints the deprecated ::1.2.3.4 in mixed notation, which RFC 5952 does not ask for.
            if value.family == .v4 || value.bits >> 32 != 0 { #expect(ntop(value) == text) }
        }
    }

    @Test func `random mixtures of address characters are judged as glibc judges them`() {
        var random = SeededRandom(seed: 4291)
        let pieces = ["0", "1", "ff", "10", "255", "256", "01", "abcd", ":", ":", "::", ".", ".", "1.2.3.4"]
        var accepted = 0
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 1...15, using: &random))
                .compactMap { _ in pieces.randomElement(using: &random) }.joined()
            let family: IPFamily = text.utf8.contains(0x3a) ? .v6 : .v4
            let ours = try? IPAddress(parsing: text)
            #expect(ours == pton(text, family), "\(text)")
            accepted += ours == nil ? 0 : 1
        }
        #expect(accepted > 500)
    }
}

private func randomAddress(_ random: inout SeededRandom) -> IPAddress {
    if Bool.random(using: &random) { return .v4(UInt32.random(in: 0...UInt32.max, using: &random)) }
    var bits: UInt128 = 0
    // Half of the groups are zero, so that runs of zeros of every length and place turn up.
    for _ in 0..<8 {
        let isZero = Bool.random(using: &random)
        bits = bits << 16 | (isZero ? 0 : UInt128(UInt16.random(in: 0...UInt16.max, using: &random)))
    }
    return .v6(Int.random(in: 0..<10, using: &random) == 0 ? bits & 0xffff_ffff | 0xffff_0000_0000 : bits)
}

private func pton(_ text: String, _ family: IPFamily) -> IPAddress? {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(family == .v4 ? AF_INET : AF_INET6, text, &bytes) == 1 else { return nil }
    if family == .v4 { return .v4(bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }) }
    return .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
}

private func ntop(_ address: IPAddress) -> String? {
    let count = address.family.bits / 8
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: address.bits >> ((count - 1 - $0) * 8)) }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let length = socklen_t(text.count)
    guard inet_ntop(address.family == .v4 ? AF_INET : AF_INET6, bytes, &text, length) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
