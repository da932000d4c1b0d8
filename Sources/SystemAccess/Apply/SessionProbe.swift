internal import Delivery
internal import Glibc

/// Asks peers for a sign of life: an echo request that goes into the tunnel past the firewall's output, so that
/// WireGuard at the other end answers even where ICMP is refused (a keepalive, after ten seconds).
enum SessionProbe {
    /// Sends one packet to each peer. What cannot be sent is no mistake: then nobody answers.
    static func send(_ interface: String, _ observed: ObservedInterface, to peers: Set<String>) {
        let index = if_nametoindex(interface)
        guard index != 0 else { return }
        // packet(7): SOCK_DGRAM leaves the link's header to the kernel; a tunnel has none.
        let descriptor = socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        for request in EchoRequest.all(observed, to: peers) {
            let address = link(index, request.protocolNumber)
            address.withUnsafeBytes { raw in
                guard let base = raw.baseAddress else { return }
                _ = sendto(
                    descriptor, request.bytes, request.bytes.count, Int32(MSG_DONTWAIT),
                    base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
        }
    }

    /// A `struct sockaddr_ll` (packet(7)), which Glibc's module does not have: 20 bytes.
    private static func link(_ index: UInt32, _ kind: UInt16) -> [UInt8] {
        withUnsafeBytes(of: UInt16(AF_PACKET)) { Array($0) } + withUnsafeBytes(of: kind.bigEndian) { Array($0) }
            + withUnsafeBytes(of: index) { Array($0) } + [UInt8](repeating: 0, count: 12)
    }
}
