import Addresses
import HostPlans
import MeshModel

/// Packets that try everything a host's policy speaks of, and what it does not.
struct PacketSamples {
    let bench: KernelBench
    private var sourcePort = 20_000

    init(_ bench: KernelBench) { self.bench = bench }

    private var policy: FirewallPolicy { bench.policy }

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
    private func distinct(_ packets: [Packet]) -> [Packet] {
        guard policy.exit != nil else { return packets }
        var seen: Set<[UInt128]> = []
        return packets.filter { packet in
            guard packet.hook.isForward, case .transport(_, let source, _) = packet.content,
                fixedPorts.contains(source)
            else { return true }
            return seen.insert([packet.source.bits, packet.destination.bits, UInt128(source.number)]).inserted
        }
    }

    // MARK: what to try

    /// Every port on an edge of what the policy names, and the first beyond.
    private var ports: [(Transport, Port)] {
        var ranges = policy.ingress.flatMap(\.ports) + policy.egress.flatMap(\.ports) + policy.transit.flatMap(\.ports)
        ranges += policy.underlayIngress.flatMap(\.ports) + policy.underlayEgress.flatMap(\.ports)
        for port in policy.tunnelPorts + policy.neighbors.map(\.port) {
            ranges.append(ServicePorts(.udp, PortRange(port)))
        }
        var numbers: [Transport: Set<Int>] = [.tcp: [9, 22], .udp: [9, 53]]
        for ports in ranges {
            let (low, high) = (Int(ports.range.lower.number), Int(ports.range.upper.number))
            numbers[ports.transport, default: []].formUnion([low - 1, low, high, high + 1])
            numbers[ports.transport == .tcp ? .udp : .tcp, default: []].insert(low)
        }
        return Transport.allCases.flatMap { transport in
            (numbers[transport] ?? []).sorted().compactMap { Port($0) }.map { (transport, $0) }
        }
    }

    /// Peers, what lies behind them, a free address of the mesh, and a stranger.
    private var overlayRemotes: [IPAddress] {
        let free = bench.mesh.prefixes.compactMap { $0.last.advanced(by: -2) }
        return unique(peers + outside + free + edges + siblings(of: overlaySets) + strangers)
    }

    /// For each prefix that the policy names, an address that one bit less of it would take in.
    private func siblings(of sets: [PrefixSet]) -> [IPAddress] {
        Set(sets.flatMap(\.prefixes)).sorted().compactMap { prefix in
            let bit = UInt128(1) << (prefix.family.bits - prefix.length)
            let bits = (prefix.network.bits ^ bit) | (prefix.length == prefix.family.bits ? 0 : 1)
            return prefix.family == .v4 ? .v4(UInt32(truncatingIfNeeded: bits)) : .v6(bits)
        }.filter(\.isSentAnywhere)
    }

    private var overlaySets: [PrefixSet] {
        (policy.ingress + policy.egress).map(\.remote) + policy.transit.flatMap { [$0.source, $0.destination] }
            + [policy.notInternet, policy.exit?.never].compactMap { $0 }
    }

    private var underlaySets: [PrefixSet] {
        (policy.underlayIngress + policy.underlayEgress).compactMap { allowance in
            if case .only(let set) = allowance.remote { set } else { nil }
        }
    }

    /// Just beyond the mesh's prefixes, on both sides; the very next is the host's own in the bench.
    private var edges: [IPAddress] {
        bench.mesh.prefixes.flatMap { prefix in
            [prefix.first.advanced(by: -1), prefix.last.advanced(by: 2)].compactMap { $0 }
        }
    }

    /// One address in each network that the policy names outside of the mesh.
    private var outside: [IPAddress] {
        overlaySets.flatMap(\.prefixes).filter { prefix in !bench.mesh.prefixes.contains { $0.overlaps(prefix) } }
            .compactMap { $0.last.advanced(by: -3) }.filter(\.isSentAnywhere)
    }

    private var peers: [IPAddress] {
        bench.mesh.peers.indices.filter { $0 != bench.host }.flatMap { bench.mesh.peers[$0].addresses }
    }

    /// Two peers' overlay addresses in each family.
    private var someOverlay: [IPAddress] {
        IPFamily.allCases.flatMap { family in peers.filter { $0.family == family }.prefix(2) }
    }

    private var strangers: [IPAddress] { [.v4(0xc633_6463), .v6(0x2001_0db8_eeee_0000_0000_0000_0000_0063)] }

    private var underlayRemotes: [IPAddress] {
        let members = policy.members?.prefixes.map(\.network) ?? []
        let own = bench.addresses(.publicSide) + bench.addresses(.privateSide)
        let beside = siblings(of: underlaySets + [policy.members].compactMap { $0 })
        let inside = underlaySets.flatMap(\.prefixes).compactMap {
            $0.length == $0.family.bits ? nil : $0.last.advanced(by: -1)
        }
        return unique(members + inside + beside + edges + strangers).filter { !own.contains($0) }
    }

    private func unique(_ addresses: [IPAddress]) -> [IPAddress] {
        // What the host has on any side would be delivered to itself.
        Set(addresses).subtracting(policy.addresses).subtracting(bench.sides.flatMap(bench.addresses)).sorted()
    }

    private mutating func originals() -> [Packet] {
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

    /// What keeps a network running: answers of DHCP servers, and neighbors that ask who one is; from far, it is spoofed.
    private func housekeeping() -> [Packet] {
        let own = bench.addresses(.privateSide)
        guard let neighbor = try? IPAddress(parsing: "fe80::99"), let server = try? IPAddress(parsing: "198.51.100.67")
        else {
            return []
        }
        let near = IPFamily.allCases.flatMap { family in
            unique(policy.members?.prefixes.map(\.network) ?? []).filter { $0.family == family }.prefix(
                2)
        }
        let served = near.filter { $0.family == .v4 }.flatMap { member -> [Packet] in
            guard let from = own.first(where: { $0.family == .v4 }) else { return [] }
            let hook = Packet.Hook.output(.privateSide)
            return [Packet(hook, from: from, to: member, .dhcpAnswer)]
                + [(67, 69), (66, 68)].compactMap { nearly(hook, from, member, $0) }
        }
        let itself = (own + policy.addresses).flatMap { address -> [Packet] in
            guard let from = Port(30_000), let to = Port(9) else { return [] }
            return Transport.allCases.map { transport in
                Packet(
                    .output(.loopback), from: address, to: address, .transport(transport, source: from, destination: to)
                )
            }
        }
        return served + itself
            + bench.sides.filter { $0 != .neighbor }.flatMap { side in
                bench.addresses(side).flatMap { own -> [Packet] in
                    let hook = Packet.Hook.input(side)
                    if own.family == .v4 {
                        return [Packet(hook, from: server, to: own, .dhcpAnswer)]
                            + [(67, 69), (66, 68), (67, 67)].compactMap { nearly(hook, server, own, $0) }
                    }
                    let stranger = strangers.filter { $0.family == .v6 }
                    return [
                        Packet(hook, from: neighbor, to: own, .dhcpAnswer),
                        Packet(hook, from: neighbor, to: own, .neighborDiscovery),
                    ] + [(547, 545), (547, 547)].compactMap { nearly(hook, neighbor, own, $0) }
                        + stranger.compactMap { nearly(hook, $0, own, (547, 546)) }
                        + stranger.map { Packet(hook, from: $0, to: own, .otherICMP) }
                }
            }
    }

    /// What is no answer of a DHCP server, though it looks like one.
    private func nearly(
        _ hook: Packet.Hook, _ source: IPAddress, _ target: IPAddress, _ ports: (Int, Int)
    ) -> Packet? {
        guard let from = Port(ports.0), let to = Port(ports.1) else { return nil }
        return Packet(hook, from: source, to: target, .transport(.udp, source: from, destination: to))
    }

    private func sorted(_ addresses: [IPAddress]) -> [IPAddress] { Set(addresses).sorted() }

    /// Each pair of one family with each content.
    private func product(
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

    private var fixedPorts: [Port] {
        policy.tunnelPorts + [policy.tunnelPorts.last.flatMap { Port(Int($0.number) + 1) }].compactMap { $0 }
    }

    /// With a source port of its own, so that connection tracking keeps the packets apart.
    private mutating func numbered(_ packet: Packet) -> Packet {
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

    /// That it is too big: from a router on the way that nobody knows and from whom it was for, or from this host about
    /// what came in.
    private func errors(about packet: Packet) -> [SamplePacket] {
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
    private var tunnelPorts: [Port] { policy.tunnelPorts + policy.neighbors.map(\.port) }

    /// The same, to ports that are a container's: judged as if they were the host's own.
    private mutating func published(_ packets: [Packet]) -> [SamplePacket] {
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
    private func containersAnswer(to packet: Packet) -> SamplePacket? {
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
    private func answer(to packet: Packet) -> Packet? {
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

extension IPAddress {
    /// Whether routers pass it on: neither loopback, link-local, multicast nor reserved.
    fileprivate var isSentAnywhere: Bool {
        switch family {
        case .v4: return bits >> 24 != 127 && bits >> 29 != 7
        case .v6: return bits >> 120 != 0xff && bits >> 118 != 0xfe80 >> 6 && bits >> 32 != 0
        }
    }
}

extension Packet.Hook {
    fileprivate var isForward: Bool {
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
