import Addresses
import HostPlans
import MeshModel

/// Packets that try everything a host's policy speaks of, and what it does not.
struct PacketSamples {
    let bench: KernelBench
    private var sourcePort = 20_000

    init(_ bench: KernelBench) { self.bench = bench }

    var policy: FirewallPolicy { bench.policy }

    /// At most `limit` of all first packets, drawn at random, and the answers to those that a firewall sees answered.
    static func rounds(
        _ bench: KernelBench, limit: Int, using random: inout some RandomNumberGenerator
    ) -> [KernelBench.Round] {
        var samples = PacketSamples(bench)
        let all = samples.originals()
        let chosen = bench.choose(limit, of: samples.distinct(all), using: &random)
        let plain = chosen.map { bench.sample(samples.numbered($0)) } + samples.housekeeping().map { bench.sample($0) }
        let published = samples.published(chosen)
        let passing = plain.filter { $0.passes && bench.hears($0.packet) }.map(\.packet)
        let errors = passing.flatMap { samples.errors(about: $0) }
        let answers = passing.compactMap { samples.answer(to: $0) }.map { bench.sample($0) }
        let first = plain + published
        let answered = published.filter(\.passes).compactMap { samples.containersAnswer(to: $0.packet) }
        return [first, errors, answers + answered]
    }

    /// First packets and answers to all of them, refused or not: what a host sees that had no rules before.
    static func standing(_ bench: KernelBench, limit: Int, using random: inout SeededRandom) -> [KernelBench.Round] {
        var samples = PacketSamples(bench)
        // The host's stack would have ended what is TCP by itself.
        let datagrams = samples.originals().filter { packet in
            if case .transport(.udp, _, _) = packet.content { return packet.state == .original }
            return false
        }
        let first = bench.choose(limit, of: datagrams, using: &random)
            .map { bench.sample(samples.numbered($0)) }
        let answers = first.filter { bench.hears($0.packet) }.compactMap { samples.answer(to: $0.packet) }
        let published = samples.published(first.map(\.packet))
        let answered = published.compactMap { samples.containersAnswer(to: $0.packet) }
        return [first + published, answers.map { bench.sample($0) } + answered]
    }

    /// Behind an exit, connection tracking would take two forwarded packets with the same addresses and ports for one
    /// connection, and most have a port of their own to tell them apart.
    func distinct(_ packets: [Packet]) -> [Packet] {
        guard policy.exit != nil else { return packets }
        var seen: Set<[UInt128]> = []
        return packets.filter { packet in
            guard packet.hook.isForward, case .transport(_, let source, _) = packet.content,
                fixedPorts.contains(source)
            else { return true }
            return seen.insert([packet.source.bits, packet.destination.bits, UInt128(source.number)]).inserted
        }
    }

    mutating func originals() -> [Packet] {
        var result: [Packet] = []
        for side in bench.sides {
            let isTunnel = side == .tunnel
            let remotes = isTunnel ? overlayRemotes : unique(underlayRemotes + overlayRemotes)
            let locals = sorted(bench.addresses(side) + policy.addresses)
            // Through the tunnel, its own addresses of the underlay too.
            let reached = isTunnel ? sorted(bench.sides.flatMap(bench.addresses)) : locals
            result += product(remotes, reached) { Packet(.input(side), from: $0, to: $1, $2) }
            result += product(isTunnel ? locals : sorted(locals + edges), remotes) {
                Packet(.output(side), from: $0, to: $1, $2)
            }
        }
        for from in bench.sides {
            for to in bench.sides where from != to || from == .tunnel {
                // Members too, which may ask what is behind this host.
                let members = to == .tunnel ? [] : policy.members?.prefixes.map(\.network) ?? []
                let near = from == .tunnel ? overlayRemotes : unique(strangers + outside + someOverlay + members)
                let beyond =
                    to == .tunnel ? overlayRemotes : unique(underlayRemotes + outside + someOverlay)
                result += product(near, beyond) {
                    Packet(.forward(from: from, to: to, isTranslated: false), from: $0, to: $1, $2)
                }
            }
        }
        return result
    }

    func sorted(_ addresses: [IPAddress]) -> [IPAddress] { Set(addresses).sorted() }

    /// Each pair of one family with each content.
    func product(
        _ sources: [IPAddress], _ destinations: [IPAddress],
        _ make: (IPAddress, IPAddress, Packet.Content) -> Packet
    ) -> [Packet] {
        var result: [Packet] = []
        let ports = ports
        guard let any = Port(1) else { return [] }
        for source in sources {
            for destination in destinations where source != destination && source.family == destination.family {
                result.append(make(source, destination, .echoRequest))
                result.append(make(source, destination, .other))
                for (transport, port) in ports {
                    let packet = make(source, destination, .transport(transport, source: any, destination: port))
                    result.append(packet)
                    if transport == .tcp, packet.hook.isJudged { result.append(packet.with(.invalid)) }
                }
                // From WireGuard's own port, as only WireGuard can send, and from the next.
                for port in fixedPorts {
                    result.append(make(source, destination, .transport(.udp, source: port, destination: any)))
                }
            }
        }
        return result
    }

    var fixedPorts: [Port] {
        policy.tunnelPorts + [policy.tunnelPorts.last.flatMap { Port(Int($0.number) + 1) }].compactMap { $0 }
    }

    /// With a source port of its own, so that connection tracking keeps the packets apart.
    mutating func numbered(_ packet: Packet) -> Packet {
        guard case .transport(let transport, let source, let port) = packet.content, !fixedPorts.contains(source) else {
            return packet
        }
        sourcePort = sourcePort >= 60_000 ? 20_000 : sourcePort + 1
        while fixedPorts.contains(where: { $0.number == sourcePort })
            || policy.neighbors.contains(where: { $0.port.number == sourcePort })
        {
            sourcePort += 1
        }
        guard let fresh = Port(sourcePort) else { return packet }
        return Packet(
            packet.hook, from: packet.source, to: packet.destination,
            .transport(transport, source: fresh, destination: port), packet.state)
    }
}

extension Packet.Hook {
    var isForward: Bool {
        if case .forward = self { return true }
        return false
    }

    /// Whether it is ours to judge what is invalid: between others, some firewalls refuse it by themselves.
    fileprivate var isJudged: Bool { !isForward }
}

extension Packet {
    /// The same in another state.
    fileprivate func with(_ state: State) -> Packet {
        Packet(hook, from: source, to: destination, content, state)
    }
}

extension KernelBench {
    /// Whether what comes back would come to this host, or through it.
    fileprivate func hears(_ packet: Packet) -> Bool {
        guard case .output(let side) = packet.hook else { return true }
        return side != .loopback && (addresses(side) + policy.addresses).contains(packet.source)
    }

    /// Half of the number from what passes, the rest from what is refused, first on the host itself.
    fileprivate func choose(
        _ limit: Int, of all: [Packet], using random: inout some RandomNumberGenerator
    ) -> [Packet] {
        if all.count <= limit { return all }
        var (chosen, refused, forwarded): ([Packet], [Packet], [Packet]) = ([], [], [])
        for packet in all.shuffled(using: &random) {
            if policy.verdict(for: packet) != .refuse {
                if chosen.count < limit / 2 { chosen.append(packet) }
            } else if packet.hook.isForward {
                forwarded.append(packet)
            } else {
                refused.append(packet)
            }
        }
        chosen += refused.prefix((limit - chosen.count) * 3 / 4)
        chosen += forwarded.prefix(limit - chosen.count)
        return chosen
    }

    func sample(_ packet: Packet, about quoted: Packet? = nil) -> SamplePacket {
        SamplePacket(packet: packet, passes: policy.verdict(for: packet) != .refuse, about: quoted)
    }
}
