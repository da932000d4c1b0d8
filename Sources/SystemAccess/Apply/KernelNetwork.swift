internal import CLinux
internal import Glibc

/// What the kernel says of one interface beside WireGuard, in the words of ip(8), without a run of it.
enum KernelNetwork {
    struct Report: Sendable, Equatable {
        /// `mtu BYTES`.
        var link: String
        /// A line for each address: `inet ADDRESS/LENGTH`, with a `peer` behind ADDRESS where there is one.
        var addresses: String
        /// Of IPv4 and of IPv6, a line for each route as `ip route show table all` begins it: type, prefix, table,
        /// `proto kernel` and metric, and nothing else.
        var routes: [String]
    }

    static func has(_ interface: String) -> Bool { if_nametoindex(interface) != 0 }

    /// Nil if there is no such interface.
    static func report(of interface: String) throws(SystemError) -> Report? {
        let index = if_nametoindex(interface)
        guard index != 0 else { return nil }
        let socket = try RouteSocket()
        guard let mtu = try socket.mtu(of: interface) else { return nil }
        return Report(
            link: "mtu \(mtu)", addresses: try addresses(index, socket),
            routes: [try routes(AF_INET, index, socket), try routes(AF_INET6, index, socket)])
    }

    private static func addresses(_ index: UInt32, _ socket: borrowing RouteSocket) throws(SystemError) -> String {
        var header = ifaddrmsg()
        header.ifa_index = index
        let question = withUnsafeBytes(of: header) { Array($0) }
        return try socket.dump(UInt16(RTM_GETADDR), question) { (message: RouteMessage<ifaddrmsg>, text) in
            let header = message.header
            guard header.ifa_index == index, let family = Family(header.ifa_family) else { return }
            // IFA_LOCAL is the address where it has a peer, which IFA_ADDRESS is then (if_addr.h).
            var (local, far): (String?, String?)
            message.attributes { kind, bytes in
                if kind == IFA_LOCAL { local = family.text(bytes) }
                if kind == IFA_ADDRESS { far = family.text(bytes) }
            }
            guard let own = local ?? far else { return }
            let peer = far.map { $0 == own ? "" : " peer \($0)" } ?? ""
            text += "\(family.word) \(own)\(peer)/\(header.ifa_prefixlen)\n"
        }
    }

    private static func routes(_ number: Int32, _ index: UInt32, _ socket: borrowing RouteSocket) throws(SystemError)
        -> String
    {
        var header = rtmsg()
        header.rtm_family = UInt8(number)
        var question = withUnsafeBytes(of: header) { Array($0) }
        // A kernel that filters returns the interface's alone; the others are left out here.
        let outlet = rtattr(rta_len: 8, rta_type: UInt16(RTA_OIF.rawValue))
        question += withUnsafeBytes(of: outlet) { Array($0) }
        question += withUnsafeBytes(of: index) { Array($0) }
        return try socket.dump(UInt16(RTM_GETROUTE), question) { (message: RouteMessage<rtmsg>, text) in
            let header = message.header
            guard header.rtm_family == UInt8(number), header.rtm_flags & cloned == 0,
                let family = Family(header.rtm_family), let type = types[Int32(header.rtm_type)]
            else { return }
            var route = (prefix: "default", table: UInt32(header.rtm_table), metric: UInt32(0), interface: UInt32(0))
            if header.rtm_dst_len > 0 { route.prefix = "\(family.unspecified)/\(header.rtm_dst_len)" }
            message.attributes { kind, bytes in
                switch UInt32(kind) {
                case RTA_DST.rawValue:
                    if let address = family.text(bytes) { route.prefix = "\(address)/\(header.rtm_dst_len)" }
                case RTA_TABLE.rawValue: route.table = bytes.number
                case RTA_PRIORITY.rawValue: route.metric = bytes.number
                case RTA_OIF.rawValue: route.interface = bytes.number
                default: break
                }
            }
            guard route.interface == index else { return }
            let name = TableNames.name(of: route.table)
            let table = name == "main" ? "" : " table \(name)"
            let kernel = Int32(header.rtm_protocol) == RTPROT_KERNEL ? " proto kernel" : ""
            let metric = route.metric == 0 ? "" : " metric \(route.metric)"
            text += "\(type)\(route.prefix)\(table)\(kernel)\(metric)\n"
        }
    }

    /// RTM_F_CLONED (rtnetlink.h): an entry of a cache.
    private static let cloned: UInt32 = 0x200

    /// The types of routes through an interface, as ip(8) writes them before the prefix.
    private static let types: [Int32: String] = [
        Int32(RTN_UNICAST): "", Int32(RTN_LOCAL): "local ", Int32(RTN_BROADCAST): "broadcast ",
        Int32(RTN_ANYCAST): "anycast ", Int32(RTN_MULTICAST): "multicast ",
    ]

    private struct Family {
        let number: Int32
        let word: String
        let unspecified: String

        init?(_ number: UInt8) {
            self.number = Int32(number)
            switch self.number {
            case AF_INET: (word, unspecified) = ("inet", "0.0.0.0")
            case AF_INET6: (word, unspecified) = ("inet6", "::")
            default: return nil
            }
        }

        /// Nil for bytes that are no address.
        func text(_ bytes: UnsafeRawBufferPointer) -> String? {
            guard bytes.count == (number == AF_INET ? 4 : 16) else { return nil }
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard inet_ntop(number, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The four bytes as a number in the machine's order; zero for fewer.
    fileprivate var number: UInt32 { count >= 4 ? loadUnaligned(as: UInt32.self) : 0 }
}

/// The names that ip(8) prints for routing tables.
enum TableNames {
    /// The files of iproute2, whose later lines win; those in /usr are of its version 6.5 and later.
    private static let files = [
        "/usr/lib/iproute2/rt_tables", "/usr/share/iproute2/rt_tables", "/etc/iproute2/rt_tables",
    ]

    /// The number where there is no name.
    static func name(of number: UInt32) -> String {
        switch number {
        case 253: "default"
        case 254: "main"
        case 255: "local"
        default: named(number) ?? "\(number)"
        }
    }

    private static func named(_ number: UInt32) -> String? {
        let disk = HostDisk(root: "", files: RealFileSystem())
        var found: String?
        for file in files {
            let more = ((try? disk.names("\(file).d")) ?? []).filter { $0.hasSuffix(".conf") }
            for path in [file] + more.map({ "\(file).d/\($0)" }) {
                let text = ((try? disk.text(path)) ?? nil) ?? ""
                if let name = Self.name(of: number, in: text) { found = name }
            }
        }
        return found
    }

    /// By lines of a number, decimal or hexadecimal, and a name.
    static func name(of number: UInt32, in text: String) -> String? {
        var found: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, !words[0].hasPrefix("#") else { continue }
            let isHexadecimal = words[0].hasPrefix("0x")
            if UInt32(isHexadecimal ? words[0].dropFirst(2) : words[0], radix: isHexadecimal ? 16 : 10) == number {
                found = String(words[1])
            }
        }
        return found
    }
}
