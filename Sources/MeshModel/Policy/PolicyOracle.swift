import Addresses

/// The policy's own answer to every flow, by the words of the mesh file alone: no addresses, no rule sets.
///
/// Deliberately naive: it looks at one rule after another, so that back ends, plans and the kernel can be held against
/// it.
package struct PolicyOracle: Sendable {
    package let mesh: DeclaredMesh
    /// Seconds since 1970: rules with `until:` hold before it. Nil takes every rule as holding.
    package let moment: Int64?
    package let topology: Topology?
    /// Index in the topology of each peer of the mesh file; nil for disabled ones.
    private let places: [Int?]

    /// A nil topology takes every pair as connected.
    package init(_ mesh: DeclaredMesh, topology: Topology?, moment: Int64?) {
        self.mesh = mesh
        self.topology = topology
        self.moment = moment
        var places: [Int?] = []
        var next = 0
        for peer in mesh.peers {
            places.append(peer.isDisabled ? nil : next)
            if !peer.isDisabled { next += 1 }
        }
        self.places = places
    }

    package func verdict(for flow: Flow) -> Verdict {
        guard let policy = mesh.policy else { return Verdict(allowed: .noPolicy) }
        if flow.from == flow.to, case .peer = flow.from { return Verdict(allowed: .itself) }
        switch flow.plane {
        case .overlay: return overlay(flow, policy)
        case .forward: return forward(flow, policy)
        case .underlay: return underlay(flow, policy)
        }
    }

    private func overlay(_ flow: Flow, _ policy: DeclaredPolicy) -> Verdict {
        guard case .peer(let from) = flow.from, case .peer(let to) = flow.to, let a = places[from], let b = places[to],
            topology?[a, b] != PeerRoute.none
        else { return Verdict(denied: .noRoute) }
        if flow.subject == .echo {
            return policy.icmp.overlay == .echo ? Verdict(allowed: .icmp) : Verdict(denied: .icmp)
        }
        if let rescue = policy.guardDeclaration.rescue, rescue.over == .overlay, matches(rescue.from.value, flow.from),
            covers([rescue.ports], flow.subject)
        {
            return Verdict(allowed: .rescue)
        }
        return rules(flow, policy)
    }

    private func forward(_ flow: Flow, _ policy: DeclaredPolicy) -> Verdict {
        if flow.to == .anyone, case .peer(let from) = flow.from {
            let exit = policy.exits.firstIndex { $0.users.value.contains(peer: from, in: mesh) && $0.via.value != from }
            return exit.map { Verdict(allowed: .exit($0)) } ?? Verdict(denied: .defaultDeny)
        }
        return isLocal(flow) ? Verdict(allowed: .itself) : rules(flow, policy)
    }

    /// Whether a flow stays behind one gateway, so that the mesh has no part in it.
    private func isLocal(_ flow: Flow) -> Bool {
        guard case .address(let to) = flow.to, let gateway = gateway(of: to) else { return false }
        switch flow.from {
        case .peer(let peer): return peer == gateway
        case .address(let from): return self.gateway(of: from) == gateway
        case .anyone: return false
        }
    }

    private func gateway(of address: IPAddress) -> Int? {
        mesh.peers.firstIndex { peer in !peer.isDisabled && peer.routes.contains { $0.value.contains(address) } }
    }

    private func underlay(_ flow: Flow, _ policy: DeclaredPolicy) -> Verdict {
        guard case .peer(let to) = flow.to else { return Verdict(allowed: .unguarded(.off)) }
        let declared = policy.guardDeclaration
        if declared.plaintext == .off { return Verdict(allowed: .unguarded(.off)) }
        if isMember(flow.from), isWireGuard(flow.subject, on: to) { return Verdict(allowed: .wireGuard) }
        if let rescue = declared.rescue, rescue.over == .underlay, matches(rescue.from.value, flow.from),
            covers([rescue.ports], flow.subject)
        {
            return Verdict(allowed: .rescue)
        }
        for (index, exception) in declared.exceptions.enumerated()
        where matches(exception.from.value, flow.from) && matches(exception.to.value, flow.to)
            && covers(exception.ports, flow.subject)
        {
            return Verdict(allowed: .exception(index))
        }
        if flow.subject == .echo, policy.icmp.underlay == .echo { return Verdict(allowed: .icmp) }
        if let service = published(flow, to, policy) { return Verdict(allowed: .published(service)) }
        if declared.plaintext == .log { return Verdict(allowed: .unguarded(.log)) }
        if flow.subject == .echo { return Verdict(denied: .icmp) }
        return Verdict(denied: isMember(flow.from) ? .plaintext : .defaultDeny)
    }

    private func published(_ flow: Flow, _ to: Int, _ policy: DeclaredPolicy) -> Int? {
        let site = mesh.peers[to].site.map { mesh.sites[$0] }
        if flow.side == .private, site?.publicInterface != nil { return nil }
        return policy.services.firstIndex {
            covers($0.ports, flow.subject) && $0.exposure(on: to, in: mesh) == .public
        }
    }

    /// The first rule that allows the flow; else the nearest miss.
    private func rules(_ flow: Flow, _ policy: DeclaredPolicy) -> Verdict {
        var miss = Verdict.Reason.defaultDeny
        for (index, rule) in policy.rules.enumerated()
        where matches(rule.from.value, flow.from) && matches(rule.to.value, flow.to) {
            for service in rule.services {
                // A ping crosses a gateway wherever anything may.
                let isCovered = flow.subject == .echo || covers(policy.services[service].ports, flow.subject)
                if !isCovered { continue }
                guard isExposed(service, flow.to, policy) else {
                    if miss == .defaultDeny { miss = .notExposed(rule: index, service: service) }
                    continue
                }
                if let until = rule.until?.value, let moment, until <= moment {
                    miss = .expired(index)
                    continue
                }
                return Verdict(allowed: .rule(index))
            }
        }
        return Verdict(denied: miss)
    }

    /// What lies outside of the mesh exposes nothing by itself: there, the rule alone decides.
    private func isExposed(_ service: Int, _ end: FlowEnd, _ policy: DeclaredPolicy) -> Bool {
        guard case .peer(let peer) = end else { return true }
        return (policy.services[service].exposure(on: peer, in: mesh) ?? .internal) >= .private
    }

    private func matches(_ set: SetExpression, _ end: FlowEnd) -> Bool {
        switch end {
        case .peer(let peer): return places[peer] != nil && set.contains(peer: peer, in: mesh)
        case .address(let address): return set.contains(address, in: mesh)
        case .anyone: return false
        }
    }

    private func matches(_ set: UnderlayEnd, _ end: FlowEnd) -> Bool {
        switch (set, end) {
        case (.peers(let set), .peer(let peer)): return places[peer] != nil && set.contains(peer: peer, in: mesh)
        case (.network(let prefix), .peer(let peer)):
            let declared = mesh.peers[peer]
            return (declared.privateAddresses + declared.publicAddresses).contains { prefix.contains($0.value) }
        case (.network(let prefix), .address(let address)): return prefix.contains(address)
        // Whoever has no address in particular is in a network only when everybody of a family is.
        case (.network(let prefix), .anyone): return prefix.length == 0
        case (.peers, .address), (.peers, .anyone): return false
        }
    }

    private func covers(_ ports: [ServicePorts], _ subject: FlowSubject) -> Bool {
        guard case .port(let transport, let port) = subject else { return false }
        return ports.contains { $0.contains(port, of: transport) }
    }

    private func isMember(_ end: FlowEnd) -> Bool {
        if case .peer = end { return true }
        return false
    }

    private func isWireGuard(_ subject: FlowSubject, on peer: Int) -> Bool {
        guard case .port(.udp, let port) = subject else { return false }
        return mesh.ports(of: peer).contains(port)
    }
}
