import CNamespaces
import Glibc

/// One packet to send, as bytes.
struct CraftedPacket {
    enum Hook: String { case input, output, forward }

    let id: UInt32
    let hook: Hook
    /// Interfaces; `-` for none.
    let incoming: String
    let outgoing: String
    let source: [UInt8]
    let destination: [UInt8]
    private(set) var wire: [UInt8]

    static let magic: [UInt8] = Array("HBRK".utf8)
    private static let errorMagic: [UInt8] = Array("HBRE".utf8)

    /// The numbers that IP gives to protocols (IANA).
    enum Number {
        static let icmp: UInt8 = 1
        static let tcp: UInt8 = 6
        static let udp: UInt8 = 17
        static let icmp6: UInt8 = 58
        static let sctp: UInt8 = 132
    }

    init(_ words: [String]) throws {
        guard words.count == 11, let id = UInt32(words[1]), let hook = Hook(rawValue: words[2]),
            let source = Self.address(words[6]), let destination = Self.address(words[8]),
            source.count == destination.count, let from = UInt16(words[7]), let to = UInt16(words[9])
        else { throw BenchError("no packet: \(words.joined(separator: " "))") }
        self.id = id
        self.hook = hook
        incoming = words[3]
        outgoing = words[4]
        self.source = source
        self.destination = destination
        let payload = Self.magic + Self.big(id)
        let isSix = source.count == 16
        let content: (UInt8, [UInt8])
        switch words[5] {
        case "tcp": content = (Number.tcp, Self.tcp(from, to, id, words[10], payload))
        case "udp":
            content = (
                Number.udp, Self.big(from) + Self.big(to) + Self.big(UInt16(8 + payload.count)) + [0, 0] + payload
            )
        case "echo":
            content = (
                isSix ? Number.icmp6 : Number.icmp,
                [isSix ? 128 : 8, 0, 0, 0] + Self.big(UInt16(id & 0xffff)) + [0, 1] + payload
            )
        case "sctp": content = (Number.sctp, Self.sctp(from, to, id))
        case "error": content = try Self.error(words[10], id)
        case "solicit", "far-solicit": content = (Number.icmp6, [135, 0, 0, 0, 0, 0, 0, 0] + destination + payload)
        default: throw BenchError("no protocol \(words[5])")
        }
        wire = Self.wrap(content.1, content.0, source, destination, tos: Self.typeOfService(outgoing))
        if words[5] == "solicit" { wire[7] = 255 }
    }

    /// "Too big" (RFC 792, RFC 4443) about a packet that is described as `PROTOCOL,SOURCE,PORT,DESTINATION,PORT`.
    private static func error(_ text: String, _ id: UInt32) throws -> (UInt8, [UInt8]) {
        let words = text.split(separator: ",").map(String.init)
        guard words.count == 5, let source = address(words[1]), let destination = address(words[3]),
            let from = UInt16(words[2]), let to = UInt16(words[4])
        else { throw BenchError("no packet to complain of: \(text)") }
        // Its own mark: the host's own errors quote packets of ours too, and are nothing that was sent.
        let payload = errorMagic + big(id)
        let ports = big(from) + big(to)
        let inner: [UInt8]
        let number = words[0] == "tcp" ? Number.tcp : Number.udp
        if number == Number.tcp {
            inner = ports + big(UInt32(1_000)) + big(UInt32(0)) + [0x50, 2, 0x40, 0, 0, 0, 0, 0] + payload
        } else {
            inner = ports + big(UInt16(8 + payload.count)) + [0, 0] + payload
        }
        let quoted = wrap(inner, number, source, destination, tos: 0)
        let isSix = source.count == 16
        let head: [UInt8] = isSix ? [2, 0, 0, 0] + big(UInt32(1_400)) : [3, 4, 0, 0, 0, 0] + big(UInt16(1_400))
        return (isSix ? Number.icmp6 : Number.icmp, head + quoted)
    }

    /// How the host under test is told by which interface to forward: a rule of its routing policy each.
    static func typeOfService(_ interface: String) -> UInt8 {
        guard let index = Bench.order.firstIndex(of: interface) else { return 0 }
        return UInt8(4 * (index + 1))
    }

    private static func tcp(_ from: UInt16, _ to: UInt16, _ id: UInt32, _ flags: String, _ payload: [UInt8]) -> [UInt8]
    {
        let isAnswer = flags == "reply"
        // SYN with FIN is of no connection, and connection tracking calls it invalid.
        // The answer's sequence is the acknowledged one's own; the number of the first is the id of the packet answered.
        return big(from) + big(to) + big(UInt32(isAnswer ? 7 : 1_000))
            + big(UInt32(isAnswer ? 1_001 + payload.count : 0))
            + [0x50, isAnswer ? 0x12 : flags == "invalid" ? 0x03 : 0x02, 0x40, 0, 0, 0, 0, 0] + payload
    }

    /// An INIT (RFC 9260 section 3.3.2) with the mark as its tag and the id as its window.
    private static func sctp(_ from: UInt16, _ to: UInt16, _ id: UInt32) -> [UInt8] {
        let chunk: [UInt8] = [1, 0, 0, 20] + magic + big(id) + [0, 1, 0, 1] + big(id)
        var bytes = big(from) + big(to) + [0, 0, 0, 0, 0, 0, 0, 0] + chunk
        let sum = castagnoli(bytes)
        for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(index))) }
        return bytes
    }

    /// CRC32c (RFC 9260 appendix A).
    private static func castagnoli(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
        }
        return ~crc
    }

    /// The IP header around it, and the checksums that connection tracking looks at.
    private static func wrap(
        _ content: [UInt8], _ number: UInt8, _ source: [UInt8], _ destination: [UInt8], tos: UInt8
    ) -> [UInt8] {
        var content = content
        let pseudo: [UInt8] =
            source + destination + big(UInt32(content.count)) + [0, 0, 0, number]
        let offset: Int? = [Number.tcp: 16, Number.udp: 6, Number.icmp: 2, Number.icmp6: 2][number]
        if let offset {
            let sum = checksum(number == Number.icmp ? content : pseudo + content)
            content.replaceSubrange(offset..<offset + 2, with: big(sum))
        }
        if source.count == 16 {
            return [0x60 | tos >> 4, tos << 4, 0, 0] + big(UInt16(content.count)) + [number, 64] + source + destination
                + content
        }
        var header: [UInt8] =
            [0x45, tos] + big(UInt16(20 + content.count)) + [0, 1, 0x40, 0, 64, number, 0, 0] + source + destination
        header.replaceSubrange(10..<12, with: big(checksum(header)))
        return header + content
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += UInt32(byte) << (index % 2 == 0 ? 8 : 0) }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

    static func big(_ number: UInt32) -> [UInt8] { big(UInt16(number >> 16)) + big(UInt16(number & 0xffff)) }

    static func address(_ text: String) -> [UInt8]? {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }

    /// The id in an IP packet of ours; nil for any other, also for an error that quotes one.
    static func id(inPacket bytes: ArraySlice<UInt8>) -> UInt32? {
        let bytes = Array(bytes)
        guard let first = bytes.first else { return nil }
        if first >> 4 == 4, bytes.count >= 20 { return id(inContent: bytes[20...], of: bytes[9]) }
        if first >> 4 == 6, bytes.count >= 40 { return id(inContent: bytes[40...], of: bytes[6]) }
        return nil
    }

    private static func id(quotedIn bytes: ArraySlice<UInt8>) -> UInt32? {
        let bytes = Array(bytes)
        guard let first = bytes.first else { return nil }
        let header = first >> 4 == 4 ? 20 : 40
        guard bytes.count > header else { return nil }
        let isTCP = bytes[header == 20 ? 9 : 6] == Number.tcp
        let payload = bytes.dropFirst(header + (isTCP ? 20 : 8))
        guard payload.count >= 8, Array(payload.prefix(4)) == errorMagic else { return nil }
        return payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func id(inContent content: ArraySlice<UInt8>, of number: UInt8) -> UInt32? {
        let offset: Int
        switch number {
        case Number.tcp: offset = content.count >= 13 ? Int(content[content.startIndex + 12] >> 4) * 4 : 20
        case Number.udp: offset = 8
        case Number.icmp, Number.icmp6:
            guard let kind = content.first else { return nil }
            if kind == 3 || kind == 2 { return id(quotedIn: content.dropFirst(8)) }
            guard kind == 8 || kind == 128 || kind == 135 else { return nil }
            offset = kind == 135 ? 24 : 8
        case Number.sctp: offset = 16
        default: return nil
        }
        let payload = content.dropFirst(offset)
        guard payload.count >= 8, Array(payload.prefix(4)) == magic else { return nil }
        return payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
