import Addresses
import HostPlans
import MeshModel

/// What comes of a packet: errors, answers, and the part of containers.
extension PacketSamples {
    /// That it is too big: from a router on the way that nobody knows and from whom it was for, or from this host about
    /// what came in.
    func errors(about packet: Packet) -> [SamplePacket] {
        guard case .transport(let transport, _, _) = packet.content, packet.state == .original,
            let router = strangers.first(where: { $0.family == packet.source.family }), router != packet.destination
        else { return [] }
        func error(_ hook: Packet.Hook, from source: IPAddress, to target: IPAddress) -> SamplePacket {
            bench.sample(Packet(hook, from: source, to: target, .otherICMP, .related), about: packet)
        }
        switch packet.hook {
        case .output(let side):
            return [router, packet.destination].map { error(.input(side), from: $0, to: packet.source) }
        case .input(let side):
            // The host's stack has refused a TCP connection by now, and nothing relates to it any more.
            return transport == .tcp ? [] : [error(.output(side), from: packet.destination, to: packet.source)]
        case .forward(let from, let to, let isTranslated):
            // Behind an exit, others know another address.
            if policy.exit != nil { return [] }
            return [error(.forward(from: to, to: from, isTranslated: isTranslated), from: router, to: packet.source)]
        }
    }

    /// WireGuard's own ports on the host are no container's.
    var tunnelPorts: [Port] { policy.tunnelPorts + policy.neighbors.map(\.port) }

    /// The same, to ports that are a container's: judged as if they were the host's own.
    mutating func published(_ packets: [Packet]) -> [SamplePacket] {
        var refused = 0
        var result: [SamplePacket] = []
        for packet in packets {
            guard case .input(let side) = packet.hook, case .transport(_, let source, let port) = packet.content,
                side != .neighbor, packet.state == .original, !fixedPorts.contains(source), !tunnelPorts.contains(port)
            else { continue }
            var sample = bench.sample(numbered(packet))
            sample.way = .published
            // Refusals are many and alike.
            if !sample.passes { refused += 1 }
            if sample.passes || refused % 8 == 0 { result.append(sample) }
        }
        return result
    }

    /// What a container sends back by the way that the question came.
    func containersAnswer(to packet: Packet) -> SamplePacket? {
        guard case .transport(let transport, let source, let port) = packet.content, case .input(let side) = packet.hook
        else { return nil }
        let answer = Packet(
            .forward(from: .privateSide, to: side, isTranslated: true), from: packet.destination, to: packet.source,
            .transport(transport, source: port, destination: source), .reply)
        var sample = bench.sample(answer)
        sample.way = .container
        return sample
    }

    /// What comes back; nil where the host's own stack has answered and closed the connection by itself.
    func answer(to packet: Packet) -> Packet? {
        guard case .transport(let transport, let source, let port) = packet.content, packet.state == .original else {
            return nil
        }
        // Behind an exit, others know another address.
        if packet.hook.isForward, policy.exit != nil { return nil }
        let hook: Packet.Hook
        switch packet.hook {
        case .input(let side):
            if transport == .tcp { return nil }
            hook = .output(side)
        case .output(let side): hook = .input(side)
        case .forward(let from, let to, let isTranslated):
            hook = .forward(from: to, to: from, isTranslated: isTranslated)
        }
        return Packet(
            hook, from: packet.destination, to: packet.source, .transport(transport, source: port, destination: source),
            .reply)
    }
}
