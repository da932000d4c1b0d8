import CNamespaces
import Glibc

/// The host under test, the wires to it, and the sockets at both ends.
struct Bench {
    var packets: [CraftedPacket] = []
    private var interfaces: [String] = []
    /// By interface: at the far end, and on the host before its rules.
    private var far: [String: Int32] = [:]
    private var taps: [String: Int32] = [:]
    /// Raw sockets of the host: what passed the input arrives there.
    private var arrivals: [(descriptor: Int32, number: UInt8, isSix: Bool)] = []
    private var senders: [String: (four: Int32, six: Int32)] = [:]
    private var barriers: UInt32 = 0
    private let home: Int32
    private let away: Int32

    /// The interfaces in the order that routing rules count them by.
    nonisolated(unsafe) static var order: [String] = []

    /// Of every interface of the host.
    static let hardwareAddress: [UInt8] = [2, 0, 0, 0, 0, 1]

    init() throws {
        try Self.shell(
            """
            mount -t tmpfs none /run && ip netns add far && ip link set lo up &&
            sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1 \
            net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 net.ipv4.icmp_ratelimit=0 \
            net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1
            # On a slow machine what is asked now may be answered late.
            sysctl -qe -w net.netfilter.nf_conntrack_udp_timeout=600
            """)
        home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
        away = open("/run/netns/far", O_RDONLY | O_CLOEXEC)
        guard home >= 0, away >= 0 else { throw BenchError(failed: "open the namespaces") }
        for (isSix, family) in [(false, AF_INET), (true, AF_INET6)] {
            let ping = isSix ? CraftedPacket.Number.icmp6 : CraftedPacket.Number.icmp
            for number in [CraftedPacket.Number.tcp, CraftedPacket.Number.udp, CraftedPacket.Number.sctp, ping] {
                let descriptor = socket(family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue), Int32(number))
                guard descriptor >= 0 else { throw BenchError(failed: "open a raw socket") }
                Self.enlarge(descriptor)
                arrivals.append((descriptor, number, isSix))
            }
        }
        senders["lo"] = (try Self.sender(AF_INET, "lo"), try Self.sender(AF_INET6, "lo"))
    }

    /// Output of the command goes to standard error.
    static func shell(_ command: String) throws {
        let status = system("set -e; { \(command)\n} >&2")
        if status != 0 { throw BenchError("\(command) ended with \(status >> 8)") }
    }

    func prepare(_ command: String) throws { try Self.shell(command) }

    mutating func add(interface name: String, addresses: [String]) throws {
        Self.order.append(name)
        interfaces.append(name)
        let table = 100 + Self.order.count
        let tos = CraftedPacket.typeOfService(name)
        var lines = [
            "link add \(name) address 02:00:00:00:00:01 type veth peer name \(name) netns far",
            "link set \(name) arp off up",
        ]
        for address in addresses {
            lines.append("address add \(address)/\(address.contains(":") ? "128 nodad" : "32") dev \(name)")
        }
        for family in ["-4", "-6"] {
            let route = family == "-4" ? "0.0.0.0/0" : "::/0"
            lines.append("route add \(route) dev \(name) metric \(table)")
            lines.append("route add \(route) dev \(name) table \(table)")
        }
        let hexadecimal = String(tos, radix: 16)
        try Self.shell(
            """
            ip -batch - <<'.'
            \(lines.joined(separator: "\n"))
            .
            ip rule add tos 0x\(hexadecimal) lookup \(table) && ip -6 rule add tos 0x\(hexadecimal) lookup \(table) &&
            ip -n far link set \(name) arp off up &&
            sysctl -qw net.ipv6.conf.\(name).accept_ra=0 net.ipv4.conf.\(name).rp_filter=0
            """)
        taps[name] = try Self.capture(name)
        senders[name] = (
            try Self.sender(AF_INET, name), try Self.sender(AF_INET6, name)
        )
        guard lab_enter_network(away) == 0 else { throw BenchError(failed: "enter the far namespace") }
        far[name] = try Self.capture(name)
        guard lab_enter_network(home) == 0 else { throw BenchError(failed: "come back") }
    }

    private static func enlarge(_ descriptor: Int32) {
        var size: Int32 = 16 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends whole packets by one interface; by routing alone when that is loopback, which IPv6 cannot be told to take.
    private static func sender(_ family: Int32, _ interface: String) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
        if descriptor >= 0, interface == "lo" { return descriptor }
        var name = Array(interface.utf8)
        guard descriptor >= 0,
            setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, &name, socklen_t(name.count)) == 0
        else { throw BenchError(failed: "open a raw socket on \(interface)") }
        return descriptor
    }

    /// Sees and sends whole frames (packet(7)).
    private static func capture(_ interface: String) throws -> Int32 {
        let everything = UInt16(0x0003)  // ETH_P_ALL, linux/if_ether.h
        let descriptor = socket(
            AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue), Int32(everything.bigEndian))
        // struct sockaddr_ll, which Swift's Glibc module leaves out: family, protocol, index, then 12 bytes unused.
        var address = [UInt8](repeating: 0, count: 20)
        withUnsafeBytes(of: (UInt16(AF_PACKET), everything.bigEndian, Int32(if_nametoindex(interface)))) {
            address.replaceSubrange(0..<8, with: $0)
        }
        let status = address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, 20) }
        }
        guard descriptor >= 0, status == 0 else { throw BenchError(failed: "capture on \(interface)") }
        enlarge(descriptor)
        return descriptor
    }

    // MARK: sending

    /// The ids of the packets that got through, ascending.
    mutating func run() throws -> [UInt32] {
        defer { packets = [] }
        var passed: Set<UInt32> = []
        var rest = packets[...]
        while !rest.isEmpty {
            let batch = rest.prefix(400)
            rest = rest.dropFirst(400)
            try run(Array(batch), &passed)
        }
        return passed.sorted()
    }

    /// Sends some packets, and looks at what arrived when everything that was under way has come to its end.
    private mutating func run(_ batch: [CraftedPacket], _ passed: inout Set<UInt32>) throws {
        drain { _ in }
        var pending: Set<UInt32> = []
        let hooks = Dictionary(batch.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        try Self.onOneProcessor {
            for packet in batch {
                // What goes to the host itself is there, or refused, before sending returns.
                if try send(packet), packet.outgoing != "lo" { pending.insert(packet.id) }
            }
            for direction in BarrierFrame.Direction.allCases {
                try pass(direction) { event in
                    guard let packet = hooks[event.id] else { return }
                    switch event.place {
                    case .tap: if packet.hook != .output { pending.remove(event.id) }
                    case .host:
                        if packet.hook == .input || packet.outgoing == "lo" {
                            passed.insert(event.id)
                            pending.remove(event.id)
                        }
                    case .far(let interface):
                        if packet.hook != .input, interface == packet.outgoing {
                            passed.insert(event.id)
                            pending.remove(event.id)
                        }
                    }
                }
            }
        }
        if !pending.isEmpty { throw BenchError("\(pending.count) packets never reached the host") }
    }

    /// Sends a barrier along every wire and waits until it is seen: by then, all before it is through the rules.
    private mutating func pass(
        _ direction: BarrierFrame.Direction, _ body: ((id: UInt32, place: Place)) -> Void
    ) throws {
        barriers += 1
        let frame = BarrierFrame(direction, number: barriers)
        for name in interfaces {
            guard let descriptor = direction == .inward ? far[name] : taps[name],
                write(descriptor, frame.bytes, frame.bytes.count) == frame.bytes.count
            else { throw BenchError(failed: "send a barrier by \(name)") }
        }
        var missing = Set(interfaces)
        let deadline = Self.now + 20_000
        while true {
            drain(body, frame) { missing.remove($0) }
            // Once more: one place was looked at before the other's barrier came.
            if missing.isEmpty { return drain(body, frame) { _ in } }
            if Self.now > deadline { throw BenchError("no barrier came by \(missing.sorted())") }
            poll(nil, 0, 1)
        }
    }

    /// Frames that one processor sends are handled in their order (a veth keeps a queue for each).
    private static func onOneProcessor(_ body: () throws -> Void) throws {
        guard lab_stay_on_processor() == 0 else { throw BenchError(failed: "stay on one processor") }
        defer { _ = lab_leave_processor() }
        try body()
    }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    /// False when the host's own rules refused it at once.
    private func send(_ packet: CraftedPacket) throws -> Bool {
        if packet.hook == .output {
            guard let pair = senders[packet.outgoing] else { throw BenchError("no interface \(packet.outgoing)") }
            let isSix = packet.destination.count == 16
            if Self.send(packet, on: isSix ? pair.six : pair.four) >= 0 { return true }
            if errno == EPERM || errno == EACCES || errno == EHOSTUNREACH { return false }
            throw BenchError(failed: "send packet \(packet.id) by \(packet.outgoing)")
        }
        guard let descriptor = far[packet.incoming] else { throw BenchError("no interface \(packet.incoming)") }
        let kind: [UInt8] = packet.source.count == 16 ? [0x86, 0xdd] : [0x08, 0x00]
        let frame = Self.hardwareAddress + [2, 0, 0, 0, 0, 9] + kind + packet.wire
        guard write(descriptor, frame, frame.count) == frame.count else {
            throw BenchError(failed: "send frame \(packet.id) by \(packet.incoming)")
        }
        return true
    }

    private static func send(_ packet: CraftedPacket, on descriptor: Int32) -> Int {
        let bytes = packet.wire
        if packet.destination.count == 4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: packet.destination) }
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: packet.destination) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    // MARK: seeing

    private enum Place { case tap, host, far(String) }

    private func drain(
        _ body: ((id: UInt32, place: Place)) -> Void, _ barrier: BarrierFrame? = nil,
        _ seen: (String) -> Void = { _ in }
    ) {
        var buffer = [UInt8](repeating: 0, count: 2_048)
        for (name, descriptor) in taps.sorted(by: { $0.key < $1.key }) {
            while let bytes = Self.receive(descriptor, &buffer) {
                if let barrier, barrier.direction == .inward, barrier == bytes { seen(name) }
                if let id = CraftedPacket.id(inPacket: bytes.dropFirst(14)) { body((id, .tap)) }
            }
            if let descriptor = far[name] {
                while let bytes = Self.receive(descriptor, &buffer) {
                    if let barrier, barrier.direction == .outward, barrier == bytes { seen(name) }
                    if let id = CraftedPacket.id(inPacket: bytes.dropFirst(14)) { body((id, .far(name))) }
                }
            }
        }
        for (descriptor, number, isSix) in arrivals {
            while let bytes = Self.receive(descriptor, &buffer) {
                let id =
                    isSix
                    ? CraftedPacket.id(inContent: bytes, of: number) : CraftedPacket.id(inPacket: bytes)
                if let id { body((id, .host)) }
            }
        }
    }

    private static func receive(_ descriptor: Int32, _ buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? buffer[..<count] : nil
    }
}
