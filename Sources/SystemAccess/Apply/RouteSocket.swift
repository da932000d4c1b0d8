internal import CLinux
internal import Glibc

/// A conversation with the kernel's routing half (netlink(7), rtnetlink(7)).
struct RouteSocket: ~Copyable {
    private let raw: Int32

    /// netlink.h: NETLINK_ROUTE, and the option after which the kernel filters dumps (Linux 4.20).
    private static let route: Int32 = 0
    private static let strictCheck: Int32 = 12
    private static let netlinkLevel: Int32 = 270

    init() throws(SystemError) {
        raw = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Self.route)
        guard raw >= 0 else { throw SystemError("open", "a netlink socket", errno) }
        var one: Int32 = 1
        // Without it there is more to read, and the same outcome.
        _ = setsockopt(raw, Self.netlinkLevel, Self.strictCheck, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(raw) }

    /// Bytes; nil if there is no such interface (netdevice(7), SIOCGIFMTU).
    func mtu(of interface: String) throws(SystemError) -> Int32? {
        // A `struct ifreq`: 16 bytes of name, then a union whose first four bytes are the answer.
        var request = [UInt8](repeating: 0, count: 40)
        guard interface.utf8.count < 16 else { return nil }
        for (place, byte) in interface.utf8.enumerated() { request[place] = byte }
        guard ioctl(raw, 0x8921, &request) == 0 else {
            if errno == ENODEV { return nil }
            throw SystemError("look at", interface, errno)
        }
        return request.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
    }

    /// The lines that `add` makes of all that the kernel answers; asked again when that changed meanwhile.
    func dump<Header>(
        _ kind: UInt16, _ question: [UInt8], _ add: (RouteMessage<Header>, inout String) -> Void
    ) throws(SystemError) -> String {
        for _ in 1...10 {
            try ask(kind, question)
            var text = ""
            if try hear({ add($0, &text) }) { return text }
        }
        throw SystemError("read", "the kernel's network", EAGAIN)
    }

    private func ask(_ kind: UInt16, _ question: [UInt8]) throws(SystemError) {
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + question.count)
        header.nlmsg_type = kind
        // NLM_F_REQUEST, NLM_F_ROOT and NLM_F_MATCH: a dump.
        header.nlmsg_flags = 0x301
        let bytes = withUnsafeBytes(of: header) { Array($0) } + question
        while send(raw, bytes, bytes.count, 0) < 0 {
            guard errno == EINTR else { throw SystemError("ask", "the kernel's network", errno) }
        }
    }

    /// False when what was dumped changed meanwhile.
    private func hear<Header>(_ take: (RouteMessage<Header>) -> Void) throws(SystemError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var isWhole = true
        while true {
            let count = recv(raw, &buffer, buffer.count, Int32(MSG_TRUNC))
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read", "the kernel's network", errno)
            }
            guard count <= buffer.count else { throw SystemError("read", "the kernel's network", EMSGSIZE) }
            let size = MemoryLayout<nlmsghdr>.size
            var (isOver, problem, place) = (false, Int32(0), 0)
            buffer.withUnsafeBytes { bytes in
                while place + size <= count {
                    let header = bytes.loadUnaligned(fromByteOffset: place, as: nlmsghdr.self)
                    let length = Int(header.nlmsg_len)
                    guard length >= size, place + length <= count else { break }
                    let body = UnsafeRawBufferPointer(rebasing: bytes[(place + size)..<(place + length)])
                    // NLM_F_DUMP_INTR
                    if header.nlmsg_flags & 0x10 != 0 { isWhole = false }
                    switch header.nlmsg_type {
                    // NLMSG_ERROR and NLMSG_DONE: both begin with a number, negative for an error.
                    case 2, 3:
                        isOver = true
                        if body.count >= 4 { problem = -body.loadUnaligned(as: Int32.self) }
                    default: if let message = RouteMessage<Header>(body) { take(message) }
                    }
                    place += (length + 3) & ~3
                }
            }
            if problem > 0 { throw SystemError("read", "the kernel's network", problem) }
            if isOver { return isWhole }
        }
    }
}

/// One message of a dump: a fixed header and attributes. Its bytes are the socket's, for as long as it is looked at.
struct RouteMessage<Header> {
    let header: Header
    private let rest: UnsafeRawBufferPointer

    fileprivate init?(_ body: UnsafeRawBufferPointer) {
        guard body.count >= MemoryLayout<Header>.size else { return nil }
        header = body.loadUnaligned(as: Header.self)
        rest = UnsafeRawBufferPointer(rebasing: body[((MemoryLayout<Header>.size + 3) & ~3)...])
    }

    func attributes(_ take: (Int, UnsafeRawBufferPointer) -> Void) {
        var place = 0
        while place + 4 <= rest.count {
            let length = Int(rest.loadUnaligned(fromByteOffset: place, as: UInt16.self))
            guard length >= 4, place + length <= rest.count else { return }
            // Two flags are above the kind (NLA_TYPE_MASK).
            let kind = Int(rest.loadUnaligned(fromByteOffset: place + 2, as: UInt16.self) & 0x3fff)
            take(kind, UnsafeRawBufferPointer(rebasing: rest[(place + 4)..<(place + length)]))
            place += (length + 3) & ~3
        }
    }
}
