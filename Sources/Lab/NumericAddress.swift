// sockaddr_storage is named by whichever of the two modules the compiler reads first.
import CNamespaces
import Glibc

/// An IPv4 or IPv6 address as the kernel's calls want it; the lab's own, because its input is text.
struct NumericAddress: Hashable, Sendable {
    /// 4 or 16, network order.
    let bytes: [UInt8]

    var family: LabFamily { bytes.count == 4 ? .ipv4 : .ipv6 }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// An address with or without `/length`; nil when it is none.
    init?(_ text: some StringProtocol) {
        let address = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, String(address), &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, String(address), &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    /// The address in a socket address; nil for other families.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
        default:
            return nil
        }
    }

    /// fe80::/10, or 169.254.0.0/16.
    var isLinkLocal: Bool {
        bytes.count == 16 ? bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 : bytes[0] == 169 && bytes[1] == 254
    }

    /// The family's number for socket(2), and for IPv6 whether it is one.
    var socketFamily: Int32 { bytes.count == 4 ? AF_INET : AF_INET6 }

    /// Calls `body` with the socket address of this address and port.
    func withSocketAddress<R>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { raw -> Int in
            let start = raw.baseAddress
            if bytes.count == 4 {
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
                withUnsafeBytes(of: address) { raw.copyBytes(from: $0) }
                return start == nil ? 0 : MemoryLayout<sockaddr_in>.size
            }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            withUnsafeBytes(of: address) { raw.copyBytes(from: $0) }
            return start == nil ? 0 : MemoryLayout<sockaddr_in6>.size
        }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}

extension NumericAddress: CustomStringConvertible {
    var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let found = bytes.withUnsafeBytes { inet_ntop(socketFamily, $0.baseAddress, &buffer, socklen_t(buffer.count)) }
        return found == nil
            ? "?" : String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A prefix; host bits do not matter to ``contains(_:)``.
struct NumericPrefix: Hashable, Sendable {
    let address: NumericAddress
    let length: Int

    /// `address/length`; without a length, the whole address.
    init?(_ text: some StringProtocol) {
        guard let address = NumericAddress(text) else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1)
        let length = parts.count == 2 ? Int(parts[1]) : address.bytes.count * 8
        guard let length, (0...address.bytes.count * 8).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    func contains(_ other: NumericAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        for (index, pair) in zip(address.bytes, other.bytes).enumerated() {
            let bits = min(8, max(0, length - index * 8))
            if bits > 0, (pair.0 ^ pair.1) >> UInt8(8 - bits) != 0 { return false }
        }
        return true
    }
}
