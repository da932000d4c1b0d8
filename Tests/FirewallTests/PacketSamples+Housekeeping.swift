import Addresses
import HostPlans
import MeshModel

extension PacketSamples {
    /// What keeps a network running: answers of DHCP servers, and neighbors that ask who one is; from far, it is spoofed.
    func housekeeping() -> [Packet] {
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
    func nearly(
        _ hook: Packet.Hook, _ source: IPAddress, _ target: IPAddress, _ ports: (Int, Int)
    ) -> Packet? {
        guard let from = Port(ports.0), let to = Port(ports.1) else { return nil }
        return Packet(hook, from: source, to: target, .transport(.udp, source: from, destination: to))
    }
}
