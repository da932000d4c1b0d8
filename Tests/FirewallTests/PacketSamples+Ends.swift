import Addresses
import HostPlans
import MeshModel

/// Whom packets come from and go to, and the ports to try.
extension PacketSamples {
    /// Every port on an edge of what the policy names, and the first beyond.
    var ports: [(Transport, Port)] {
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
    var overlayRemotes: [IPAddress] {
        let free = bench.mesh.prefixes.compactMap { $0.last.advanced(by: -2) }
        return unique(peers + outside + free + edges + siblings(of: overlaySets) + strangers)
    }

    /// For each prefix that the policy names, an address that one bit less of it would take in.
    func siblings(of sets: [PrefixSet]) -> [IPAddress] {
        Set(sets.flatMap(\.prefixes)).sorted().compactMap { prefix in
            let bit = UInt128(1) << (prefix.family.bits - prefix.length)
            let bits = (prefix.network.bits ^ bit) | (prefix.length == prefix.family.bits ? 0 : 1)
            return prefix.family == .v4 ? .v4(UInt32(truncatingIfNeeded: bits)) : .v6(bits)
        }.filter(\.isSentAnywhere)
    }

    var overlaySets: [PrefixSet] {
        (policy.ingress + policy.egress).map(\.remote) + policy.transit.flatMap { [$0.source, $0.destination] }
            + [policy.notInternet, policy.exit?.never].compactMap { $0 }
    }

    var underlaySets: [PrefixSet] {
        (policy.underlayIngress + policy.underlayEgress).compactMap { allowance in
            if case .only(let set) = allowance.remote { set } else { nil }
        }
    }

    /// Just beyond the mesh's prefixes, on both sides; the very next is the host's own in the bench.
    var edges: [IPAddress] {
        bench.mesh.prefixes.flatMap { prefix in
            [prefix.first.advanced(by: -1), prefix.last.advanced(by: 2)].compactMap { $0 }
        }
    }

    /// One address in each network that the policy names outside of the mesh.
    var outside: [IPAddress] {
        overlaySets.flatMap(\.prefixes).filter { prefix in !bench.mesh.prefixes.contains { $0.overlaps(prefix) } }
            .compactMap { $0.last.advanced(by: -3) }.filter(\.isSentAnywhere)
    }

    var peers: [IPAddress] {
        bench.mesh.peers.indices.filter { $0 != bench.host }.flatMap { bench.mesh.peers[$0].addresses }
    }

    /// Two peers' overlay addresses in each family.
    var someOverlay: [IPAddress] {
        IPFamily.allCases.flatMap { family in peers.filter { $0.family == family }.prefix(2) }
    }

    var strangers: [IPAddress] { [.v4(0xc633_6463), .v6(0x2001_0db8_eeee_0000_0000_0000_0000_0063)] }

    var underlayRemotes: [IPAddress] {
        let members = policy.members?.prefixes.map(\.network) ?? []
        let own = bench.addresses(.publicSide) + bench.addresses(.privateSide)
        let beside = siblings(of: underlaySets + [policy.members].compactMap { $0 })
        let inside = underlaySets.flatMap(\.prefixes).compactMap {
            $0.length == $0.family.bits ? nil : $0.last.advanced(by: -1)
        }
        return unique(members + inside + beside + edges + strangers).filter { !own.contains($0) }
    }

    func unique(_ addresses: [IPAddress]) -> [IPAddress] {
        // What the host has on any side would be delivered to itself.
        Set(addresses).subtracting(policy.addresses).subtracting(bench.sides.flatMap(bench.addresses)).sorted()
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
