import Addresses
import MeshModel

/// The reference for all back ends: what each packet's fate is, and in which order that is decided.
extension FirewallPolicy {
    /// `moment` is in seconds since 1970; nil takes every allowance as holding.
    package func verdict(for packet: Packet, at moment: Int64? = nil) -> PacketVerdict {
        switch packet.hook {
        case .input(let side): return input(packet, side, moment)
        case .output(let side): return output(packet, side, moment)
        case .forward(let from, let to, let isTranslated):
            return isTranslated ? translated(packet, from, to) : forward(packet, from, to, moment)
        }
    }

    // MARK: input

    private func input(_ packet: Packet, _ side: PacketSide, _ moment: Int64?) -> PacketVerdict {
        if side == .loopback { return .accept }
        if side == .tunnel { return tunnelInput(packet, moment) }
        // Spoofed; or to an address that only the tunnel leads to, but for networks behind this very host.
        if prefixes.contains(packet.source) { return .refuse }
        if prefixes.contains(packet.destination) { return reaches(packet, moment) ? .accept : .refuse }
        if side == .neighbor || guardMode == .off || isUnderlayInput(packet, side) { return .accept }
        return guardMode == .log ? .log : .refuse
    }

    private func reaches(_ packet: Packet, _ moment: Int64?) -> Bool {
        packet.state == .original ? crosses(packet, moment) : packet.state != .invalid && !transit.isEmpty
    }

    private func isUnderlayInput(_ packet: Packet, _ side: PacketSide) -> Bool {
        let isMember = members?.contains(packet.source) ?? false
        switch packet.content {
        // Path MTU discovery, and whatever else connection tracking knows the reason for.
        case .otherICMP: return isMember || packet.state == .related || packet.state == .reply
        case .echoRequest: return underlayEcho == .echo
        case .dhcpAnswer, .neighborDiscovery: return true
        case .other: return !isMember && (packet.state == .reply || packet.state == .related)
        case .transport(let transport, let source, let port):
            if transport == .udp, isWireGuard(port, from: packet.source, isMember) { return true }
            if packet.state == .invalid { return false }
            if packet.state == .original || packet.state == .related {
                if packet.state == .related, !isMember { return true }
                return allows(underlayIngress, packet.source, transport, port, side)
            }
            // A reply: of whatever this host began with strangers, and of what it may begin with members.
            return !isMember || allows(underlayEgress, packet.source, transport, source, nil)
        }
    }

    private func isWireGuard(_ port: Port, from source: IPAddress, _ isMember: Bool) -> Bool {
        if neighbors.contains(where: { $0.port == port }) { return true }
        return tunnelPorts.contains(port) && (isMember || wireGuardSources.contains(source))
    }

    private func allows(
        _ allowances: [UnderlayAllowance], _ remote: IPAddress, _ transport: Transport, _ port: Port,
        _ side: PacketSide?
    ) -> Bool {
        allowances.contains { allowance in
            let isInScope =
                allowance.scope == .every || publicInterface == nil || side == nil || side == .publicSide
            return isInScope && allowance.remote.contains(remote)
                && allowance.ports.contains { $0.contains(port, of: transport) }
        }
    }

    private func tunnelInput(_ packet: Packet, _ moment: Int64?) -> PacketVerdict {
        if packet.state == .invalid { return .refuse }
        if packet.state != .original { return .accept }
        // A gateway's own address in a network behind it is that network's.
        if !addresses.contains(packet.destination) {
            return crosses(packet, moment) ? .accept : .refuse
        }
        return allows(ingress, packet.source, packet.content, moment) ? .accept : .refuse
    }

    private func allows(
        _ allowances: [Allowance], _ remote: IPAddress, _ content: Packet.Content, _ moment: Int64?
    ) -> Bool {
        switch content {
        case .echoRequest: return echo?.contains(remote) ?? false
        case .otherICMP, .other, .dhcpAnswer, .neighborDiscovery: return false
        case .transport(let transport, _, let port):
            return allowances.contains { allowance in
                holds(allowance.until, moment) && allowance.remote.contains(remote)
                    && allowance.ports.contains { $0.contains(port, of: transport) }
            }
        }
    }

    private func holds(_ until: Int64?, _ moment: Int64?) -> Bool {
        guard let until, let moment else { return true }
        return moment < until
    }

    // MARK: output

    private func output(_ packet: Packet, _ side: PacketSide, _ moment: Int64?) -> PacketVerdict {
        if side == .loopback { return .accept }
        if side == .tunnel { return tunnelOutput(packet, moment) }
        if prefixes.contains(packet.destination) { return .refuse }
        if prefixes.contains(packet.source) {
            return packet.state == .reply && !transit.isEmpty ? .accept : .refuse
        }
        guard side != .neighbor, guardMode != .off, members?.contains(packet.destination) ?? false,
            !isUnderlayOutput(packet)
        else { return .accept }
        return guardMode == .log ? .log : .refuse
    }

    private func tunnelOutput(_ packet: Packet, _ moment: Int64?) -> PacketVerdict {
        if packet.state == .invalid { return .refuse }
        if packet.state != .original { return .accept }
        if let notInternet, !notInternet.contains(packet.destination) { return .accept }
        return allows(egress, packet.destination, packet.content, moment) ? .accept : .refuse
    }

    /// Toward another member.
    private func isUnderlayOutput(_ packet: Packet) -> Bool {
        switch packet.content {
        case .otherICMP, .echoRequest, .dhcpAnswer, .neighborDiscovery: return true
        case .other: return false
        case .transport(let transport, let source, let port):
            if transport == .udp, tunnelPorts.contains(source) || neighbors.contains(where: { $0.port == source }) {
                return true
            }
            if packet.state == .invalid { return false }
            if packet.state == .original { return allows(underlayEgress, packet.destination, transport, port, nil) }
            return allows(underlayIngress, packet.destination, transport, source, nil)
        }
    }

    // MARK: forward

    private func forward(
        _ packet: Packet, _ from: PacketSide, _ to: PacketSide, _ moment: Int64?
    ) -> PacketVerdict {
        if from != .tunnel, prefixes.contains(packet.source) { return .refuse }
        if to != .tunnel, prefixes.contains(packet.destination) { return .refuse }
        if from != .tunnel, to != .tunnel {
            // A container, or somebody that this host routes for, toward a host of the mesh in plaintext.
            guard to.isUnderlay, guardMode != .off, members?.contains(packet.destination) ?? false,
                !isUnderlayOutput(packet)
            else { return .accept }
            return guardMode == .log ? .log : .refuse
        }
        if packet.state == .invalid { return .refuse }
        if packet.state != .original { return .accept }
        if crosses(packet, moment) { return .accept }
        guard let exit, from == .tunnel, to.isUnderlay else { return .refuse }
        return exit.users.contains(packet.source) && !exit.never.contains(packet.destination) ? .accept : .refuse
    }

    /// What was judged as input before its destination was rewritten, and what answers it.
    private func translated(_ packet: Packet, _ from: PacketSide, _ to: PacketSide) -> PacketVerdict {
        from != .tunnel && prefixes.contains(packet.source) && packet.state == .original ? .refuse : .accept
    }

    private func crosses(_ packet: Packet, _ moment: Int64?) -> Bool {
        transit.contains { allowance in
            guard holds(allowance.until, moment), allowance.source.contains(packet.source),
                allowance.destination.contains(packet.destination)
            else { return false }
            switch packet.content {
            case .echoRequest: return true
            case .otherICMP, .other, .dhcpAnswer, .neighborDiscovery: return false
            case .transport(let transport, _, let port):
                return allowance.ports.contains { $0.contains(port, of: transport) }
            }
        }
    }
}
