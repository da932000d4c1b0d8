import Addresses
import Glibc
import HostPlans
import MeshModel
import TestSupport

/// One host's rule set held against crafted packets by the kernel itself, in namespaces of its own.
struct KernelBench {
    let mesh: Mesh
    let host: Int
    let policy: FirewallPolicy

    /// The packets of one round: all are sent before any answer is read.
    typealias Round = [SamplePacket]

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// The name of the interface that stands for a side; of a mesh's two, the one for a packet of this number.
    func interface(_ side: PacketSide, for packet: Int = 0) -> String {
        let publicName = policy.publicInterface?.description ?? "eth0"
        switch side {
        case .loopback: return "lo"
        case .tunnel: return policy.tunnels[packet % policy.tunnels.count].description
        case .neighbor: return policy.neighbors.first?.interface.description ?? "wg-none"
        case .publicSide: return publicName
        case .privateSide: return publicName == "eth1" ? "eth2" : "eth1"
        }
    }

    /// The sides that the host has an interface for.
    var sides: [PacketSide] {
        [.tunnel, .publicSide, .privateSide] + (policy.neighbors.isEmpty ? [] : [.neighbor])
    }

    /// The host's own addresses on a side.
    func addresses(_ side: PacketSide) -> [IPAddress] {
        let declared = mesh.peers[host].declared
        switch side {
        case .loopback: return []
        case .tunnel: return policy.addresses
        case .neighbor: return [.v4(0x0aff_0001)]
        case .publicSide:
            let own = declared.publicAddresses.map(\.value)
            return own.isEmpty ? [.v4(0xc633_644d), .v6(0x2001_0db8_ffff_0000_0000_0000_0000_004d)] : own
        case .privateSide:
            let own = declared.privateAddresses.map(\.value)
            // And just beyond the mesh's prefixes, where a wider rule would show.
            let beyond = mesh.prefixes.compactMap { $0.last.advanced(by: 1) }
            return (own.isEmpty ? [.v4(0xac1f_004d), .v6(0xfd99_0000_0000_0000_0000_0000_0000_004d)] : own) + beyond
        }
    }

    /// Which packets pass: for each preparation (shell commands) the rounds are sent anew, in a host made once.
    ///
    /// The result is by preparation, then by packet in the order of the rounds.
    func passed(_ preparations: [String], _ rounds: [Round]) throws -> [[Bool]] {
        var order = sides.map { side in
            "interface \(interface(side)) \(addresses(side).map(\.description).joined(separator: " "))"
        }
        order += second + container
        let size = rounds.reduce(0) { $0 + $1.count }
        for (turn, preparation) in preparations.enumerated() {
            order.append("prepare \(preparation)")
            var id = turn * size
            for round in rounds {
                for packet in round {
                    order.append(line(packet, id: id))
                    id += 1
                }
                order.append("go")
            }
        }
        let ids = try withTemporaryFolder { try run(order, in: $0) }
        return preparations.indices.map { turn in (0..<size).map { ids.contains(turn * size + $0) } }
    }

    /// The mesh's second interface, where it has one.
    private var second: [String] {
        guard let twin = policy.twin else { return [] }
        return ["interface \(twin.interface) \(policy.addresses.map(\.description).joined(separator: " "))"]
    }

    /// Somebody else's published ports: what comes in with the type of service of its interface goes to a container.
    private var container: [String] {
        let service = sides.count + second.count + 1
        let rules =
            "type nat hook prerouting priority dstnat; policy accept; "
            + "ip dscp \(service) dnat ip to \(Self.containers[0]); ip6 dscp \(service) dnat ip6 to \(Self.containers[1]);"
        return [
            "interface \(Self.bridge) 172.17.0.1 fd17::1",
            "prepare nft 'table inet containers { chain pre { \(rules) }; }'",
        ]
    }

    private static let bridge = "docker0"
    private static let containers = ["172.17.0.2", "fd17::2"]

    private func run(_ order: [String], in folder: String) throws -> Set<Int> {
        let path = "\(folder)/order"
        guard let file = fopen(path, "w") else { throw Broken(description: "cannot write \(path)") }
        for line in order { fputs(line + "\n", file) }
        fclose(file)
        let flags = geteuid() == 0 ? "-nmpf" : "-Urnmpf"
        let shell = ["sh", "-c", "exec unshare \(flags) --mount-proc --kill-child \"$0\" <'\(path)'"]
        let end = try BuiltProgram("packet-bench").run([], tracer: shell, in: folder)
        let lines = end.output.split(separator: "\n")
        guard end.status == 0, lines.count(where: { $0 == "done" }) == order.count(where: { $0 == "go" }) else {
            throw Broken(description: "the bench failed: \(lines.last ?? "") \(end.errors.suffix(2_000))")
        }
        return Set(lines.compactMap { $0.hasPrefix("passed ") ? Int($0.dropFirst(7)) : nil })
    }

    private func line(_ sample: SamplePacket, id: Int) -> String {
        let packet = sample.packet
        let hook: (String, String, String)
        switch packet.hook {
        case .input(let side) where sample.way == .published: hook = ("forward", interface(side, for: id), Self.bridge)
        case .input(let side): hook = ("input", interface(side, for: id), "-")
        case .output(let side): hook = ("output", "-", interface(side, for: id))
        case .forward(_, let to, true): hook = ("forward", Self.bridge, interface(to, for: id / 2))
        case .forward(let from, let to, false): hook = ("forward", interface(from, for: id), interface(to, for: id / 2))
        }
        let content: (String, Int, Int)
        switch packet.content {
        case .transport(let transport, let source, let port):
            content = (transport.rawValue, Int(source.number), Int(port.number))
        case .echoRequest: content = ("echo", 0, 0)
        case .dhcpAnswer: content = packet.source.family == .v4 ? ("udp", 67, 68) : ("udp", 547, 546)
        case .other: content = ("sctp", 20_000 + id % 40_000, 9)
        case .otherICMP: content = sample.about == nil ? ("far-solicit", 0, 0) : ("error", 0, 0)
        case .neighborDiscovery: content = ("solicit", 0, 0)
        }
        let flags = sample.about.map(KernelBench.quoted) ?? flags(packet.state)
        let source =
            sample.way == .container ? Self.containers[packet.source.family == .v4 ? 0 : 1] : "\(packet.source)"
        return "packet \(id) \(hook.0) \(hook.1) \(hook.2) \(content.0) \(source) \(content.1) "
            + "\(packet.destination) \(content.2) \(flags)"
    }
}

extension KernelBench {
    fileprivate func flags(_ state: Packet.State) -> String {
        switch state {
        case .original, .related: return "-"
        case .reply: return "reply"
        case .invalid: return "invalid"
        }
    }

    /// A packet as an error names it.
    fileprivate static func quoted(_ packet: Packet) -> String {
        guard case .transport(let transport, let source, let port) = packet.content else {
            preconditionFailure("errors are about TCP and UDP")
        }
        return "\(transport.rawValue),\(packet.source),\(source),\(packet.destination),\(port)"
    }
}

/// A packet with the verdict that the reference gives it.
struct SamplePacket: CustomStringConvertible {
    let packet: Packet
    /// Whether it passes; what is only logged does.
    let passes: Bool
    /// The packet that an ICMP error is about; nil for all that is no error.
    var about: Packet?
    var way = Way.plain

    /// Whether a container has to do with it.
    enum Way {
        case plain
        /// Sent to an address of the host, whose port is a container's.
        case published
        /// The container's answer.
        case container
    }

    var description: String {
        "\(way) \(packet.hook) \(packet.source) -> \(packet.destination) \(packet.content) \(packet.state), "
            + (passes ? "to pass" : "to be refused")
    }
}
