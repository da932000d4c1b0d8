package import Addresses
package import MeshModel

/// Holds the sockets of a host against the exposure that its mesh declares.
///
/// The audit knows what is declared and bound. It does not look at the host's firewall: what that lets in is what the
/// mesh file says of it, as `PolicyOracle` answers.
package struct ExposureAudit: Sendable {
    let mesh: Mesh
    /// Index in the mesh's peers.
    let peer: Int
    let sides: HostSides
    let reach: ReachQuestion
    let advice: AuditAdvice
    private let wireGuardPorts: [Port]

    /// - Parameters:
    ///   - peer: index in the mesh's peers.
    ///   - firewall: what the host's rules are rendered for.
    ///   - neighborPorts: WireGuard's ports of the other meshes on the host.
    package init(_ mesh: Mesh, peer: Int, firewall: FirewallKind, neighborPorts: [Port] = []) {
        self.mesh = mesh
        self.peer = peer
        sides = HostSides(mesh, peer)
        reach = ReachQuestion(mesh, peer, firewall)
        advice = AuditAdvice(mesh, peer)
        wireGuardPorts = mesh.declared.ports(of: mesh.declaredIndices[peer]) + neighborPorts
    }

    /// A row for each port that listens or should, by protocol and port.
    package func rows(for list: SocketList) -> [AuditRow] {
        var rows: [AuditRow] = []
        var index = 0
        while index < list.sockets.count {
            let first = list.sockets[index]
            let group = list.sockets[index...].prefix { $0.transport == first.transport && $0.port == first.port }
            rows.append(row(first.transport, first.port, Array(group)))
            index = group.endIndex
        }
        rows += silent(list)
        return rows.sorted { $0.ports < $1.ports }
    }

    // MARK: what listens

    private func row(_ transport: Transport, _ port: Port, _ sockets: [ListeningSocket]) -> AuditRow {
        let spots = sockets.reduce(into: Set<HostSpot>()) { $0.formUnion(sides.spots(of: $1.bound)) }
        let ports = ServicePorts(transport, PortRange(port))
        func row(_ standing: AuditStanding, _ reach: AuditReach, _ findings: [AuditFinding] = []) -> AuditRow {
            AuditRow(
                ports: ports, sockets: sockets, service: nil, exposure: nil, standing: standing, reach: reach,
                findings: findings)
        }
        if isWireGuard(transport, port, sockets) { return row(.wireGuard, .none) }
        if let (service, exposure) = declared(transport, port) {
            let subject = AuditSubject(
                ports: ports, port: port, sockets: sockets, spots: spots, service: service, exposure: exposure)
            return AuditRow(
                ports: ports, sockets: sockets, service: mesh.declared.policy?.services[service].name,
                exposure: exposure, standing: .declared,
                reach: exposure == .public ? .none : reach.answer(transport, port, spots, exposure),
                findings: findings(subject))
        }
        if spots.allSatisfy({ $0.side == .loopback }) { return row(.loopback, .none) }
        if transport == .udp, [68, 546].contains(port.number) { return row(.dhcpClient, .none) }
        let answer = reach.answer(transport, port, spots, nil)
        if transport == .udp, Self.clientPorts.contains(port.number), answer == .closed { return row(.client, answer) }
        return row(.undeclared, answer, [undeclared(transport, port, sockets, spots, answer)])
    }

    /// `net.ipv4.ip_local_port_range` as Linux has it (Documentation/networking/ip-sysctl.rst).
    private static let clientPorts: ClosedRange<UInt16> = 32_768...60_999

    /// The kernel's WireGuard has no process; wireguard-go and boringtun are ones.
    private func isWireGuard(_ transport: Transport, _ port: Port, _ sockets: [ListeningSocket]) -> Bool {
        guard transport == .udp, wireGuardPorts.contains(port) else { return false }
        let known = ["wireguard-go", "boringtun", "boringtun-cli"]
        return sockets.flatMap(\.programs).allSatisfy { known.contains($0) }
    }

    /// Of the services that name the port here, the one with the widest exposure.
    private func declared(_ transport: Transport, _ port: Port) -> (service: Int, exposure: Exposure)? {
        var best: (service: Int, exposure: Exposure)?
        for (index, service) in (mesh.declared.policy?.services ?? []).enumerated()
        where service.ports.contains(where: { $0.contains(port, of: transport) }) {
            guard let exposure = service.exposure(on: mesh.declaredIndices[peer], in: mesh.declared) else { continue }
            if best.map({ $0.exposure < exposure }) ?? true { best = (index, exposure) }
        }
        return best
    }

    // MARK: what does not

    private func silent(_ list: SocketList) -> [AuditRow] {
        func listens(_ ports: ServicePorts) -> Bool {
            list.sockets.contains { ports.contains($0.port, of: $0.transport) }
        }
        var rows: [AuditRow] = []
        for service in mesh.declared.policy?.services ?? [] {
            guard let exposure = service.exposure(on: mesh.declaredIndices[peer], in: mesh.declared) else { continue }
            for ports in service.ports where !listens(ports) {
                rows.append(silent(ports, service.name, exposure))
            }
        }
        let own = ServicePorts(.udp, PortRange(mesh.port(of: peer)))
        let isUp = list.sockets.contains { own.contains($0.port, of: $0.transport) }
        if !isUp { rows.append(silentTunnel(own)) }
        return rows
    }

    private func silent(_ ports: ServicePorts, _ service: String, _ exposure: Exposure) -> AuditRow {
        let finding = AuditFinding(
            problem: .notListening, message: "declared \(exposure.rawValue), but nothing listens on \(ports)",
            hints: ["start the service, or take this peer out of its `expose:` in the mesh file"])
        return AuditRow(
            ports: ports, sockets: [], service: service, exposure: exposure, standing: .declared, reach: .none,
            findings: [finding])
    }

    private func silentTunnel(_ ports: ServicePorts) -> AuditRow {
        let interface = mesh.interface(of: peer)
        let finding = AuditFinding(
            problem: .notListening, message: "WireGuard does not listen on \(ports)",
            hints: ["bring the mesh up: `wg-quick up \(interface)`"])
        return AuditRow(
            ports: ports, sockets: [], service: nil, exposure: nil, standing: .wireGuard, reach: .none,
            findings: [finding])
    }
}
