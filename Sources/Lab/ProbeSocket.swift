import CNamespaces
import Glibc

/// A UDP socket of one machine of the lab, bound to one of its addresses: asks, answers and hears itself.
struct ProbeSocket: Sendable {
    let descriptor: Int32
    let node: Int
    let address: NumericAddress

    /// Opens the socket in the node's network; the descriptor lives until the process ends.
    init(node: Int, of list: [LabNode], address: NumericAddress, port: UInt16) throws(PosixError) {
        self.node = node
        self.address = address
        descriptor = try LabNetwork.inside(list[node].namespace) { () throws(PosixError) in
            let fd = socket(address.socketFamily, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard fd >= 0 else { throw PosixError("open a socket") }
            guard lab_ask_arrival(fd, address.socketFamily) == 0,
                address.withSocketAddress(port: port, { bind(fd, $0, $1) }) == 0
            else {
                let error = PosixError("bind to \(address)")
                close(fd)
                throw error
            }
            return fd
        }
    }

    /// Sends; the result is 0 or errno.
    func send(_ packet: ProbePacket, to target: NumericAddress, port: UInt16) -> Int32 {
        let bytes = packet.bytes
        return target.withSocketAddress(port: port) { address, length in
            sendto(descriptor, bytes, bytes.count, 0, address, length) < 0 ? errno : 0
        }
    }

    /// A packet as it came.
    struct Arrival {
        var packet: ProbePacket
        let sender: NumericAddress
        let hopLimit: Int
        let interface: UInt32
    }

    /// The next packet of the lab that waits; nil when none does.
    func receive() -> Arrival? {
        var buffer = [UInt8](repeating: 0, count: 64)
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t()
            var hopLimit: Int32 = 0
            var interface: UInt32 = 0
            let count = lab_receive(descriptor, &buffer, buffer.count, &storage, &length, &hopLimit, &interface)
            if count < 0 {
                // A queued ICMP error is read once and cleared; then the queue goes on.
                if errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF { return nil }
                continue
            }
            let sender = withUnsafePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { NumericAddress($0) }
            }
            guard let sender, let packet = ProbePacket(buffer[..<count]) else { continue }
            return Arrival(packet: packet, sender: sender, hopLimit: Int(hopLimit), interface: interface)
        }
    }
}
