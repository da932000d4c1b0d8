import Addresses
import Testing

private let label63 = String(repeating: "a", count: 63)

private let refusedAddresses: [Refused] = [
    Refused(.address, "", .emptyAddress),
    Refused(.address, " 1.2.3.4", .unexpectedCharacter),
    Refused(.address, "1.2.3.4 ", .unexpectedCharacter),
    Refused(.address, "1.2.3.4\n", .unexpectedCharacter),
    Refused(.address, "1.2.3.4\u{0}", .unexpectedCharacter),
    Refused(.address, "1.2.3.٤", .unexpectedCharacter),
    Refused(.address, "0x7f.0.0.1", .unexpectedCharacter),
    Refused(.address, "+1.2.3.4", .unexpectedCharacter),
    Refused(.address, "host", .unexpectedCharacter),
    Refused(.address, "g::1", .unexpectedCharacter),
    Refused(.address, "1.2.3", .octetCount),
    Refused(.address, "16909060", .octetTooLarge),
    Refused(.address, "127", .octetCount),
    Refused(.address, "1.2.3.4.5", .octetCount),
    Refused(.address, "1..3.4", .emptyOctet),
    Refused(.address, "1.2.3.", .emptyOctet),
    Refused(.address, ".1.2.3", .emptyOctet),
    Refused(.address, "1.2.3.04", .octetLeadingZero),
    Refused(.address, "1.2.3.00", .octetLeadingZero),
    Refused(.address, "999.1.1.1", .octetTooLarge),
    Refused(.address, "1.2.3.256", .octetTooLarge),
    Refused(.address, "1.2.3.99999999999999999999999999", .octetTooLarge),
    Refused(.address, "fe80::1%eth0", .scopeID, "remove the % and what follows it"),
    Refused(.address, "[::1]", .bracketedAddress, "remove the brackets"),
    Refused(.address, "10.0.0.1/24", .addressWithLength, "write 10.0.0.1"),
    Refused(.address, "nonsense/24", .addressWithLength),
    Refused(.address, "12345::", .groupTooLong),
    Refused(.address, "00000::", .groupTooLong),
    Refused(.address, "1:2:3:4:5:6:7:8:9", .tooManyGroups),
    Refused(.address, "1:2:3:4::5:6:7:8", .tooManyGroups),
    Refused(.address, "1:2:3:4:5:6:7:1.2.3.4", .tooManyGroups),
    Refused(.address, "1:2:3:4:5:6:7", .tooFewGroups),
    Refused(.address, "1:2", .tooFewGroups),
    Refused(.address, "1::2::3", .repeatedCompression),
    Refused(.address, ":1:2:3:4:5:6:7", .strayColon),
    Refused(.address, "1:2:3:4:5:6:7:", .strayColon),
    Refused(.address, ":", .strayColon),
    Refused(.address, ":::", .strayColon),
    Refused(.address, "1:::2", .strayColon),
    Refused(.address, "::1.2.3.4:1", .misplacedIPv4),
    Refused(.address, "::1.2.3", .octetCount),
    Refused(.address, "::1.2.3.04", .octetLeadingZero),
    Refused(.address, "::ffff:1.2.3.400", .octetTooLarge),
]

private let refusedPrefixes: [Refused] = [
    Refused(.prefix, "10.0.0.1", .missingLength, "write 10.0.0.1/32"),
    Refused(.prefix, "fd00::", .missingLength, "write fd00::/128"),
    Refused(.prefix, "10.0.0.0/", .lengthNotANumber),
    Refused(.prefix, "10.0.0.0/+8", .lengthNotANumber),
    Refused(.prefix, "10.0.0.0/8/8", .lengthNotANumber),
    Refused(.prefix, "10.0.0.0/255.0.255.0", .lengthNotANumber),
    Refused(.prefix, "10.0.0.0/08", .lengthLeadingZero),
    Refused(.prefix, "10.0.0.0/00", .lengthLeadingZero),
    Refused(.prefix, "10.0.0.0/33", .lengthTooLarge, "an IPv4 length is 0 to 32, an IPv6 length 0 to 128"),
    Refused(.prefix, "fd00::/129", .lengthTooLarge),
    Refused(.prefix, "fd00::/4294967296", .lengthTooLarge),
    Refused(.prefix, "10.1.2.3/255.255.0.0", .netmask, "write 10.1.0.0/16"),
    Refused(.prefix, "10.1.2.3/0.0.0.0", .netmask, "write 0.0.0.0/0"),
    Refused(.prefix, "10.0.0.7/24", .hostBitsSet, "write 10.0.0.0/24"),
    Refused(.prefix, "fd00::1/64", .hostBitsSet, "write fd00::/64"),
    Refused(.prefix, "1.2.3.4/0", .hostBitsSet, "write 0.0.0.0/0"),
    Refused(.prefix, "999.0.0.0/8", .octetTooLarge),
    Refused(.prefix, "/8", .emptyAddress),
    Refused(.interfaceAddress, "10.0.0.7", .missingLength, "write 10.0.0.7/32"),
    Refused(.interfaceAddress, "10.0.0.7/33", .lengthTooLarge),
]

private let refusedPorts: [Refused] = [
    Refused(.port, "", .emptyPort),
    Refused(.port, "http", .portNotANumber),
    Refused(.port, "+80", .portNotANumber),
    Refused(.port, "-80", .portNotANumber),
    Refused(.port, "080", .portLeadingZero),
    Refused(.port, "0", .portZero),
    Refused(.port, "65536", .portTooLarge),
    Refused(.port, "99999", .portTooLarge),
    Refused(.port, "18446744073709551617", .portTooLarge),
    Refused(.portRange, "90-80", .portRangeReversed, "write 80-90"),
    Refused(.portRange, "80-", .emptyPort),
    Refused(.portRange, "-80", .emptyPort),
    Refused(.portRange, "1-2-3", .portNotANumber),
    Refused(.portRange, "0-10", .portZero),
]

private let refusedNames: [Refused] = [
    Refused(.hostName, "", .emptyHostName),
    Refused(.hostName, [label63, label63, label63, label63].joined(separator: "."), .hostNameTooLong),
    Refused(.hostName, "example.com.", .trailingDot, "remove the last dot"),
    Refused(.hostName, ".", .emptyLabel),
    Refused(.hostName, "a..b", .emptyLabel),
    Refused(.hostName, label63 + "a.b", .labelTooLong),
    Refused(.hostName, "a_b.example", .labelCharacter),
    Refused(.hostName, "a b", .labelCharacter),
    Refused(.hostName, "bücher.example", .labelCharacter),
    Refused(.hostName, "a\nPostUp = x", .labelCharacter),
    Refused(.hostName, "-a.example", .labelHyphen),
    Refused(.hostName, "a-.example", .labelHyphen),
    Refused(.hostName, "1.2.3.4", .numericLastLabel),
    Refused(.hostName, "0x7f000001", .numericLastLabel),
    Refused(.hostName, "a.0X", .numericLastLabel),
    Refused(.host, "1.2.3", .octetCount),
    Refused(.host, "[::1]", .bracketedAddress),
    Refused(.endpoint, "1.2.3.4", .missingPort, "write 1.2.3.4:51820"),
    Refused(.endpoint, "vpn.example.com", .missingPort, "write vpn.example.com:51820"),
    Refused(.endpoint, "[::1]", .missingPort, "add the port, such as :51820"),
    Refused(.endpoint, "[::1]51820", .missingPort),
    Refused(.endpoint, "fd00::1:51820", .unbracketedIPv6, "write [address]:port"),
    Refused(.endpoint, "1:2:3:4:5:6:7:8", .unbracketedIPv6, "write [1:2:3:4:5:6:7:8]:51820"),
    Refused(.endpoint, "[::1:51820", .unclosedBracket),
    Refused(.endpoint, "[", .unclosedBracket),
    Refused(.endpoint, "[1.2.3.4]:51820", .bracketedOther, "remove the brackets"),
    Refused(.endpoint, "[]:51820", .bracketedOther),
    Refused(.endpoint, "[fe80::1%eth0]:51820", .scopeID),
    Refused(.endpoint, "1.2.3.4:", .emptyPort),
    Refused(.endpoint, "1.2.3.4:0", .portZero),
    Refused(.endpoint, ":51820", .emptyHostName),
    Refused(.endpoint, "", .emptyHostName),
    Refused(.interfaceName, "", .emptyInterfaceName),
    Refused(.interfaceName, "a234567890123456", .interfaceNameTooLong),
    Refused(.interfaceName, "wg 0", .interfaceNameCharacter),
    Refused(.interfaceName, "wg/0", .interfaceNameCharacter),
    Refused(.interfaceName, "wg%d", .interfaceNameCharacter),
    Refused(.interfaceName, ".", .interfaceNameDots),
    Refused(.interfaceName, "..", .interfaceNameDots),
    Refused(.interfaceName, "-wg0", .interfaceNameHyphen),
    Refused(.interfaceName, "wg+", .interfaceNamePlus),
    Refused(.interfaceName, "all", .interfaceNameReserved, "take another name, such as wg0"),
    Refused(.interfaceName, "interfaces", .interfaceNameReserved),
    Refused(.interfaceName, "default", .interfaceNameReserved),
    Refused(.interfaceName, "lo", .interfaceNameReserved),
]

private let allRefused = refusedAddresses + refusedPrefixes + refusedPorts + refusedNames

@Suite struct RefusedTextTests {
    @Test(arguments: allRefused)
    func `a bad text is refused for its own reason, quoted and with its hint`(_ refused: Refused) {
        let error = #expect(throws: AddressError.self) { _ = try refused.kind.type.init(parsing: refused.text) }
        #expect(error?.reason == refused.reason)
        if let hint = refused.hint { #expect(error?.hint == hint) }
        #expect(error?.message.hasPrefix("\"") == true)
        #expect(error?.message.hasSuffix(".") == false)
        #expect(error?.message.utf8.contains { $0 < 0x20 } == false)
        let bytes = #expect(throws: AddressError.self) {
            _ = try refused.kind.type.init(parsing: Array(refused.text.utf8))
        }
        #expect(bytes == error)
    }

    @Test func `every reason has a text that is refused for it`() {
        let seen = Set(allRefused.map(\.reason))
        #expect(AddressError.Reason.allCases.filter { !seen.contains($0) }.isEmpty)
    }

    @Test func `the error of host bits carries the mended prefix`() throws {
        let error = #expect(throws: AddressError.self) { try IPPrefix(parsing: "10.88.7.1/16") }
        #expect(try error?.mended == prefix("10.88.0.0/16"))
        #expect(error?.message == "\"10.88.7.1/16\" is not a valid prefix: it has bits set after the prefix length")
        #expect(error?.hint == "write 10.88.0.0/16")
    }

    @Test func `a huge text is cut in the message`() {
        let error = #expect(throws: AddressError.self) {
            try IPAddress(parsing: String(repeating: "9", count: 5_000_000))
        }
        #expect(error?.quotedValue == "\"" + String(repeating: "9", count: 64) + "…\"")
    }

    @Test func `control characters and broken UTF-8 do not reach the message`() {
        let error = #expect(throws: AddressError.self) {
            try HostName(parsing: [0x61, 0x1b, 0x5b, 0xff, 0x0a] as [UInt8])
        }
        #expect(error?.quotedValue == "\"a\\u{1B}[\u{fffd}\\n\"")
    }

    @Test func `random bytes never trap`() {
        var random = SeededRandom(seed: 20_261_121)
        let alphabet = Array("0123456789abcdefx:.[]/%-+ \u{0}ü".utf8)
        let kinds: [Refused.Kind] = [
            .address, .prefix, .interfaceAddress, .port, .portRange, .hostName, .host, .endpoint, .interfaceName,
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).compactMap { _ in
                alphabet.randomElement(using: &random)
            }
            for kind in kinds {
                guard let value = try? kind.type.init(parsing: bytes) else { continue }
                accepted += 1
                #expect((try? kind.type.init(parsing: value.description))?.description == value.description)
            }
        }
        #expect(accepted > 100)
    }
}
