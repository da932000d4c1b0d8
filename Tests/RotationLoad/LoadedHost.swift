import CNamespaces
import Glibc

enum Family: Int, CaseIterable {
    case four = 4
    case six = 6

    var domain: Int32 { self == .four ? AF_INET : AF_INET6 }
}

/// A host under load: its network and its sockets there.
final class LoadedHost {
    let name: String
    private let network: Int32
    private let addresses: [Family: [UInt8]]
    private(set) var receivers: [Family: Int32] = [:]
    private(set) var listeners: [Family: Int32] = [:]
    /// Sockets with a source port that is new each second.
    private(set) var senders: [Family: Int32] = [:]

    static let probePort: UInt16 = 7000
    static let streamPort: UInt16 = 7001

    /// - Parameter text: the name, a process whose network it is, and its two addresses, with commas between.
    init(parsing text: String) throws {
        let words = text.split(separator: ",").map(String.init)
        guard words.count == 4 else { throw LoadError("\(text) is not NAME,PROCESS,IPV4,IPV6") }
        name = words[0]
        network = open("/proc/\(words[1])/ns/net", O_RDONLY | O_CLOEXEC)
        guard network >= 0 else { throw LoadError(failed: "open the network of process \(words[1])") }
        addresses = [.four: try Self.bytes(words[2], .four), .six: try Self.bytes(words[3], .six)]
    }

    /// The present network.
    static func home() throws -> Int32 {
        let descriptor = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LoadError(failed: "open the present network") }
        return descriptor
    }

    private static func bytes(_ text: String, _ family: Family) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: family == .four ? 4 : 16)
        guard inet_pton(family.domain, text, &bytes) == 1 else { throw LoadError("\(text) is no address") }
        return bytes
    }

    func enter() throws {
        guard lab_enter_network(network) == 0 else { throw LoadError(failed: "enter the network of \(name)") }
    }

    /// Opens the sockets that receive; the calling thread is in the host's network.
    func listen() throws {
        for family in Family.allCases {
            receivers[family] = try Self.socket(family, SOCK_DGRAM, port: Self.probePort)
            let listener = try Self.socket(family, SOCK_STREAM, port: Self.streamPort)
            guard Glibc.listen(listener, 64) == 0 else { throw LoadError(failed: "listen on \(name)") }
            listeners[family] = listener
        }
    }

    /// Takes new source ports; the calling thread is in the host's network.
    func renewSenders() throws {
        for family in Family.allCases {
            if let former = senders[family] { close(former) }
            senders[family] = try Self.socket(family, SOCK_DGRAM, port: 0)
        }
    }

    /// A connection to the other host's listener; the calling thread is in this one's network.
    func connect(to other: LoadedHost, _ family: Family) throws -> (writer: Int32, reader: Int32) {
        let writer = Glibc.socket(family.domain, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(writer, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let status = other.withAddress(family, port: Self.streamPort) { Glibc.connect(writer, $0, $1) }
        guard writer >= 0, status == 0 else { throw LoadError(failed: "connect \(name) to \(other.name)") }
        guard let listener = other.listeners[family] else { throw LoadError("\(other.name) does not listen") }
        var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        poll(&wait, 1, 10_000)
        let reader = accept(listener, nil, nil)
        guard reader >= 0 else { throw LoadError(failed: "accept \(name) on \(other.name)") }
        var one: Int32 = 1
        setsockopt(writer, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        for descriptor in [writer, reader] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        return (writer, reader)
    }

    /// Sends a probe to the host; the number of bytes, or -1 with errno.
    func send(_ bytes: [UInt8], by socket: Int32, _ family: Family) -> Int {
        withAddress(family, port: Self.probePort) { sendto(socket, bytes, bytes.count, 0, $0, $1) }
    }

    /// How many datagrams the kernel had no room for in the sockets that receive (SK_MEMINFO_DROPS, linux/sock_diag.h).
    var receiverDrops: Int {
        let soMemoryInformation: Int32 = 55  // SO_MEMINFO, asm-generic/socket.h
        return receivers.values.reduce(0) { sum, receiver in
            var words = [UInt32](repeating: 0, count: 9)
            var size = socklen_t(words.count * 4)
            guard getsockopt(receiver, SOL_SOCKET, soMemoryInformation, &words, &size) == 0, size == 36 else {
                return sum
            }
            return sum + Int(words[8])
        }
    }

    /// A socket that is bound to a port of every address, and does not block.
    private static func socket(_ family: Family, _ kind: __socket_type, port: UInt16) throws -> Int32 {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family.domain, Int32(kind.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw LoadError(failed: "open a socket") }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        if family == .six {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var size: Int32 = 16 << 20
        if kind == SOCK_DGRAM {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let any = [UInt8](repeating: 0, count: family == .four ? 4 : 16)
        guard withSocketAddress(any, port: port, { bind(descriptor, $0, $1) }) == 0 else {
            throw LoadError(failed: "bind port \(port)")
        }
        return descriptor
    }

    private func withAddress<Result>(
        _ family: Family, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withSocketAddress(addresses[family] ?? [], port: port, body)
    }
}

/// - Parameter bytes: an address, of four bytes for IPv4.
private func withSocketAddress<Result>(
    _ bytes: [UInt8], port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var storage = sockaddr_storage()
    let length = bytes.count == 4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
    return withUnsafeMutableBytes(of: &storage) { raw in
        if bytes.count == 4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
            raw.storeBytes(of: address, as: sockaddr_in.self)
        } else {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            raw.storeBytes(of: address, as: sockaddr_in6.self)
        }
        return raw.withMemoryRebound(to: sockaddr.self) { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a socket address has bytes") }
            return body(UnsafePointer(base), socklen_t(length))
        }
    }
}
