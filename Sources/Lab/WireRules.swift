/// The head of an IP packet in an Ethernet frame.
struct WirePacket: Sendable {
    let source: NumericAddress
    let target: NumericAddress
    /// 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6.
    let protocolNumber: UInt8
    /// 0 for protocols without ports.
    let sourcePort: UInt16
    let targetPort: UInt16

    /// Nil for everything but IPv4 and IPv6 (RFC 894, RFC 2464). Extension headers of IPv6 are not looked behind.
    init?(_ frame: ArraySlice<UInt8>) {
        let bytes = Array(frame.prefix(14 + 60 + 4))
        guard bytes.count >= 34 else { return nil }
        let kind = UInt16(bytes[12]) << 8 | UInt16(bytes[13])
        let head: Int
        switch kind {
        case 0x0800:
            source = NumericAddress(bytes: Array(bytes[26..<30]))
            target = NumericAddress(bytes: Array(bytes[30..<34]))
            protocolNumber = bytes[23]
            head = 14 + Int(bytes[14] & 15) * 4
        case 0x86dd where bytes.count >= 54:
            source = NumericAddress(bytes: Array(bytes[22..<38]))
            target = NumericAddress(bytes: Array(bytes[38..<54]))
            protocolNumber = bytes[20]
            head = 54
        default: return nil
        }
        let hasPorts = (protocolNumber == 6 || protocolNumber == 17) && bytes.count >= head + 4
        sourcePort = hasPorts ? UInt16(bytes[head]) << 8 | UInt16(bytes[head + 1]) : 0
        targetPort = hasPorts ? UInt16(bytes[head + 2]) << 8 | UInt16(bytes[head + 3]) : 0
    }
}

/// What hosts of the mesh may exchange on the underlay.
struct WireRules: Sendable {
    enum Verdict: Equatable {
        case tunnel
        case passed
        case strange(String)
    }

    private struct Opening: Hashable {
        let source: NumericAddress
        let target: NumericAddress
        let protocolNumber: UInt8
        let port: UInt16
    }

    private let guarding: LabGuard
    /// The host that has each underlay address.
    private var owners: [NumericAddress: Int] = [:]
    private var ports: [Int: Set<UInt16>] = [:]
    /// By host.
    private let meshes: [Set<String>]
    private var openings: Set<Opening> = []

    /// `ports` are WireGuard's own, by host.
    init(_ topology: LabTopology, ports: [Int: Set<UInt16>]) {
        guarding = topology.flows?.guarding ?? .off
        self.ports = ports
        meshes = topology.hosts.map { Set($0.meshes) }
        for (number, host) in topology.hosts.enumerated() {
            for text in host.privateAddresses + host.publicAddresses {
                if let address = NumericAddress(text) { owners[address] = number }
            }
        }
        for way in topology.flows?.ways ?? [] where way.plane == .underlay && way.sender == .own {
            open(way, topology.hosts.first { $0.name == way.from })
        }
    }

    private mutating func open(_ way: LabWay, _ host: LabHost?) {
        guard let target = NumericAddress(way.target), let source = NumericAddress(way.source) else { return }
        // Before its router hides it, a host has its own address.
        let isAnywhere = source.bytes.allSatisfy { $0 == 0 }
        let sources = isAnywhere ? (host?.privateAddresses ?? []).compactMap { NumericAddress($0) } : [source]
        for subject in way.subjects where subject.isAllowed && subject.transport != .echo {
            let number: UInt8 = subject.transport == .tcp ? 6 : 17
            for source in sources {
                openings.insert(
                    Opening(source: source, target: target, protocolNumber: number, port: subject.port))
            }
        }
    }

    /// Judges what is between two hosts of the mesh; all else passes.
    func judge(_ packet: WirePacket) -> Verdict {
        guard let from = owners[packet.source], let to = owners[packet.target], from != to,
            !meshes[from].isDisjoint(with: meshes[to])
        else { return .passed }
        let isTunnel =
            packet.protocolNumber == 17
            && (ports[from]?.contains(packet.sourcePort) == true || ports[to]?.contains(packet.targetPort) == true)
        if isTunnel { return .tunnel }
        if guarding != .reject || packet.protocolNumber == 1 || packet.protocolNumber == 58 { return .passed }
        let asked = Opening(
            source: packet.source, target: packet.target, protocolNumber: packet.protocolNumber,
            port: packet.targetPort)
        let answered = Opening(
            source: packet.target, target: packet.source, protocolNumber: packet.protocolNumber,
            port: packet.sourcePort)
        if openings.contains(asked) || openings.contains(answered) { return .passed }
        return .strange("\(packet.source) to \(packet.target), \(description(of: packet))")
    }

    private func description(of packet: WirePacket) -> String {
        switch packet.protocolNumber {
        case 6: return "TCP port \(packet.targetPort)"
        case 17: return "UDP port \(packet.targetPort)"
        default: return "protocol \(packet.protocolNumber)"
        }
    }
}
