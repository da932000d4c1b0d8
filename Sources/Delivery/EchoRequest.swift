import Addresses

/// A packet that makes a peer's WireGuard answer: an echo request, to be sent into the tunnel past the firewall.
package struct EchoRequest: Sendable {
    package let bytes: [UInt8]
    /// Of Ethernet (IEEE 802): 0x0800 or 0x86dd.
    package let protocolNumber: UInt16

    /// To a first address of each of the peers; those without a host's address get none.
    package static func all(_ observed: ObservedInterface, to peers: Set<String>) -> [EchoRequest] {
        observed.peers.filter { peers.contains($0.key) }.compactMap { _, peer in
            let hosts = peer.settings.allowedIPs.sorted().filter { $0.first == $0.last }
            for target in hosts {
                let own = observed.addresses.map(\.address).sorted().first { $0.family == target.family }
                if let own { return EchoRequest(own, target.first) }
            }
            return nil
        }
    }

    private init(_ source: IPAddress, _ target: IPAddress) {
        let isFour = target.family == .v4
        protocolNumber = isFour ? 0x0800 : 0x86dd
        bytes =
            isFour
            ? Self.four(UInt32(source.bits), UInt32(target.bits)) : Self.six(source.bits, target.bits)
    }

    /// RFC 791 and 792.
    private static func four(_ source: UInt32, _ target: UInt32) -> [UInt8] {
        let echo = checked([8, 0, 0, 0, 0x48, 0x42, 0, 1], at: 2, with: [])
        let head: [UInt8] = [0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0] + bytes(of: source) + bytes(of: target)
        return checked(head, at: 10, with: []) + echo
    }

    /// RFC 8200 and 4443.
    private static func six(_ source: UInt128, _ target: UInt128) -> [UInt8] {
        let ends = bytes(of: source) + bytes(of: target)
        let echo = checked([128, 0, 0, 0, 0x48, 0x42, 0, 1], at: 2, with: ends + [0, 0, 0, 8, 0, 0, 0, 58])
        return [0x60, 0, 0, 0, 0, 8, 58, 64] + ends + echo
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// The bytes with the checksum of RFC 1071 in their place.
    private static func checked(_ bytes: [UInt8], at place: Int, with pseudo: [UInt8]) -> [UInt8] {
        let all = pseudo + bytes
        var sum = 0
        for index in stride(from: 0, to: all.count, by: 2) { sum += Int(all[index]) << 8 | Int(all[index + 1]) }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        var result = bytes
        result[place] = UInt8(~sum >> 8 & 0xff)
        result[place + 1] = UInt8(~sum & 0xff)
        return result
    }
}
