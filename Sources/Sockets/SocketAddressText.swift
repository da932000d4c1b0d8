import Addresses

/// `ADDRESS:PORT` in the forms of ss(8) and netstat(8), old and new.
struct SocketAddressText {
    let bound: BoundAddress
    /// Nil for `*`: any port, as the other side of a listening socket has.
    let port: Port?

    /// Nil for what neither tool writes.
    ///
    /// Known are `0.0.0.0:80`, `*:80`, `[::]:80`, `:::80`, `[::1]:6379`, `::1:6379`, `127.0.0.53%lo:53`,
    /// `[fe80::1]%eth0:546`, `fe80::1%eth0:546`, `[::ffff:127.0.0.1]:8080`, and `*` for the port. `ss` writes `*` for an
    /// IPv6 socket that takes both families and `[::]` for one that does not (iproute2, `misc/ss.c`,
    /// inet_addr_print); netstat's `:::` and that of old ss can be either, and are taken as the kernel's default: both.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let portText = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        if portText == "*" {
            port = nil
        } else {
            guard let number = try? Port(parsing: portText) else { return nil }
            port = number
        }
        guard let bound = Self.bound(String(decoding: bytes[..<colon], as: UTF8.self)) else { return nil }
        self.bound = bound
    }

    private static func bound(_ text: String) -> BoundAddress? {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var interface: String?
        if parts.count == 2 {
            guard isInterface(parts[1]) else { return nil }
            interface = String(parts[1])
        }
        guard let host = host(String(parts[0])) else { return nil }
        return BoundAddress(host, on: interface)
    }

    private static func host(_ text: String) -> BoundAddress.Host? {
        if text == "*" || text == "::" { return .everyOfBoth }
        if text.hasPrefix("[") {
            guard text.hasSuffix("]"), let address = try? IPAddress(parsing: String(text.dropFirst().dropLast())),
                address.family == .v6
            else { return nil }
            return address.isUnspecified ? .every(.v6) : host(of: address)
        }
        guard let address = try? IPAddress(parsing: text) else { return nil }
        return host(of: address)
    }

    private static func host(of address: IPAddress) -> BoundAddress.Host {
        let plain = address.isIPv4Mapped ? IPAddress.v4(UInt32(truncatingIfNeeded: address.bits)) : address
        return plain.isUnspecified && plain.family == .v4 ? .every(.v4) : .one(plain)
    }

    /// The kernel takes nearly anything of 1 to 15 bytes (dev_valid_name); what could break a line or a word is not
    /// among it.
    private static func isInterface(_ text: Substring) -> Bool {
        (1...15).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "%") }
    }
}
