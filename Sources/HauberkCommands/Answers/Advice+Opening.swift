import Addresses
import MeshModel

/// What lets a denied flow through.
extension Advice {
    /// What to write; each line is needed, but of those after the first way, which stand for themselves.
    func opening(_ flow: Flow, _ verdict: Verdict) -> [Change] {
        guard let policy = mesh.policy else { return [] }
        switch verdict.reason {
        case .noRoute:
            let link = Change(action: .add, field: "links", line: "- [\(from), \(to)]", location: nil)
            let linked = PolicyOracle(mesh, topology: nil, moment: moment).verdict(for: flow)
            return [link] + (linked.isAllowed ? [] : opening(flow, linked))
        case .icmp:
            let plane = flow.plane == .underlay ? "underlay" : "overlay"
            return [Change(action: .change, field: "icmp", line: "icmp: {\(plane): echo}", location: nil)]
        case .expired(let rule):
            return [
                Change(
                    action: .change, field: "allow", line: "until: a later day, or none",
                    location: policy.rules[rule].until?.location)
            ]
        case .notExposed(_, let service): return [exposing(policy.services[service], .private)]
        case .plaintext,
            .defaultDeny where flow.plane == .underlay:
            return underlay(flow, policy)
        default: break
        }
        if flow.plane == .forward, question.from.place == .outside || !isPeer(question.from) && flow.to == .anyone {
            // Rules know peers and what is behind them; exits are for peers alone.
            return []
        }
        if flow.plane == .forward, flow.to == .anyone {
            return [Change(action: .add, field: "exits", line: "- {via: GATEWAY, for: \(from)}", location: nil)]
        }
        return rule(flow, policy)
    }

    // MARK: rules

    private func rule(_ flow: Flow, _ policy: DeclaredPolicy) -> [Change] {
        let (service, changes) = service(for: flow, .private, policy)
        let line = "- {from: \(from), to: \(to), service: \(service)}"
        return [Change(action: .add, field: "allow", line: line, location: nil)] + changes
    }

    /// The name of a service that has the port and is exposed where the flow goes, with what makes it so.
    private func service(
        for flow: Flow, _ exposure: Exposure, _ policy: DeclaredPolicy
    ) -> (name: String, changes: [Change]) {
        guard case .port(let transport, let port) = flow.subject else {
            // A ping passes wherever anything may.
            if let service = policy.services.first(where: { isExposed($0, exposure) }) { return (service.name, []) }
            return (
                "ssh", [Change(action: .add, field: "services", line: "ssh: {expose: {\(to): private}}", location: nil)]
            )
        }
        let fitting = policy.services.filter { service in
            service.ports.contains { $0.contains(port, of: transport) }
                && (question.service ?? service.name) == service.name
        }
        if let service = fitting.first(where: { isExposed($0, exposure) }) { return (service.name, []) }
        if let service = fitting.first(where: \.isDeclared) { return (service.name, [exposing(service, exposure)]) }
        let known = WellKnownServices.all.first { known in
            question.service.map { $0 == known.name }
                ?? (known.ports == [ServicePorts(transport, PortRange(port))]
                    && !policy.services.contains { $0.isDeclared && $0.name == known.name })
        }
        let name = known?.name ?? "\(transport.rawValue)-\(port)"
        let ports = known == nil ? "ports: [\(port)/\(transport.rawValue)]" : ""
        let expose = isPeer(question.to) ? "expose: {\(to): \(exposure.rawValue)}" : ""
        let fields = [ports, expose].filter { !$0.isEmpty }.joined(separator: ", ")
        if fields.isEmpty { return (name, []) }
        return (name, [Change(action: .add, field: "services", line: "\(name): {\(fields)}", location: nil)])
    }

    private func isPeer(_ end: AskedEnd) -> Bool {
        if case .peer = end.end { return true }
        return false
    }

    /// What lies outside of the mesh exposes nothing by itself.
    private func isExposed(_ service: Service, _ exposure: Exposure) -> Bool {
        guard case .peer(let peer) = question.to.end else { return true }
        return (service.exposure(on: peer, in: mesh) ?? .internal) >= exposure
    }

    private func exposing(_ service: Service, _ exposure: Exposure) -> Change {
        if case .peer(let peer) = question.to.end,
            let line = service.exposures.first(where: { $0.on == .peer(peer) })
        {
            return Change(
                action: .change, field: "services", line: "\(to): \(exposure.rawValue)", location: line.location)
        }
        let ports =
            WellKnownServices.ports(of: service.name) == service.ports ? "" : "ports: [\(list(service.ports))], "
        let known = service.exposures.map { "\($0.on.text(in: mesh)): \($0.exposure.rawValue)" }
        let all = (known + ["\(to): \(exposure.rawValue)"]).joined(separator: ", ")
        return Change(
            action: service.isDeclared ? .change : .add, field: "services",
            line: "\(service.name): {\(ports)expose: {\(all)}}", location: service.isDeclared ? service.location : nil)
    }

    private func list(_ ports: [ServicePorts]) -> String { ports.map(\.description).joined(separator: ", ") }

    // MARK: the underlay

    /// An exception for those two, where the flow has an address to begin at; else the service made public.
    private func underlay(_ flow: Flow, _ policy: DeclaredPolicy) -> [Change] {
        guard case .port(let transport, let port) = flow.subject else {
            return [Change(action: .add, field: "icmp", line: "underlay: echo", location: nil)]
        }
        if question.from.end == .anyone {
            // What is public is not on the private side, where the site tells the two apart.
            if case .peer(let peer) = flow.to, flow.side == .private,
                mesh.peers[peer].site.map({ mesh.sites[$0].publicInterface != nil }) ?? false
            {
                return []
            }
            return service(for: flow, .public, policy).changes
        }
        let line = "- {from: \(from), to: \(to), ports: [\(port)/\(transport.rawValue)], reason: WHY}"
        return [Change(action: .add, field: "guard.except", line: line, location: nil)]
    }
}
