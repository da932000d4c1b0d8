import Glibc

/// Compares what the probes saw with what was declared.
struct Judge: Sendable {
    /// With the hosts as `wg` describes them after the probes.
    let map: LabMap

    func judge(_ probes: [Probe]) -> [LabPairResult] { probes.map { judge($0) } }

    private func judge(_ probe: Probe) -> LabPairResult {
        let e = probe.expectation
        if let obstacle = probe.obstacle { return result(probe, .unproven, text(of: obstacle)) }
        guard let from = map.nodes[e.from], let to = map.nodes[e.to], let target = to.address(e.family) else {
            return result(probe, .unproven, "not in the lab")
        }
        guard let answer = probe.answer else {
            let verdict: LabVerdict = e.answer == .reachable ? .notReached : .asDeclared
            return result(probe, verdict, silence(probe, from, target))
        }
        let seen = evidence(answer, from, target)
        guard e.answer == .reachable else { return result(probe, .reached, seen) }
        let faults = self.faults(answer, e, from, to)
        if faults.isEmpty { return result(probe, .asDeclared, seen) }
        return result(probe, .wrongPath, "\(faults.joined(separator: ", ")); \(seen)")
    }

    private func result(_ probe: Probe, _ verdict: LabVerdict, _ evidence: String) -> LabPairResult {
        LabPairResult(
            expectation: probe.expectation, answeredBy: probe.answer.map { map.list[$0.node].name },
            milliseconds: probe.answer?.milliseconds, evidence: evidence, verdict: verdict)
    }

    private func text(of obstacle: Probe.Obstacle) -> String {
        switch obstacle {
        case .unknown(let name): "\(name) is not in the lab"
        case .noAddress(let name): "\(name) has no address of this family"
        case .down(let name): "\(name) did not come up"
        case .deaf(let name): "\(name) does not hear itself on the probe's port"
        }
    }

    private func owner(_ peer: WireGuardPeer) -> String { map.owners[peer.publicKey] ?? "nobody here" }

    private func evidence(_ answer: Probe.Answer, _ from: LabNode, _ target: NumericAddress) -> String {
        var parts = [answer.interfaceHere ?? "an interface that is gone", "hop limit \(answer.hopLimit)"]
        if let way = map.way(from: from, to: target, seen: answer.interfaceHere) {
            parts.append("peer \(owner(way.peer))")
            parts.append(way.peer.latestHandshake > 0 ? "handshake" : "no handshake")
        }
        return parts.joined(separator: ", ")
    }

    private func silence(_ probe: Probe, _ from: LabNode, _ target: NumericAddress) -> String {
        if probe.refusedSince != nil {
            return "the kernel refuses to send: \(String(cString: strerror(probe.refusal)))"
        }
        guard let way = map.way(from: from, to: target) else { return "no peer allows \(target)" }
        let handshake = way.peer.latestHandshake > 0 ? "handshake, but no answer" : "no handshake"
        return "\(way.tunnel), peer \(owner(way.peer)) at \(way.peer.endpoint), \(handshake)"
    }

    /// What of the answer contradicts the declared path; empty for none.
    private func faults(_ answer: Probe.Answer, _ e: LabExpectation, _ from: LabNode, _ to: LabNode) -> [String] {
        let answering = map.list[answer.node].name
        guard answering == to.name else { return ["answered by \(answering)"] }
        let peer: String
        let relays: Int
        switch e.path {
        case .direct: (peer, relays) = (map.hosts[to.host].host.name, 0)
        case .relay(let name): (peer, relays) = (name, 1)
        case .none: return []
        }
        var faults: [String] = []
        let hops = 64 - relays - from.hops - to.hops
        if answer.hopLimit != hops { faults.append("hop limit \(hops) was expected") }
        for (node, interface) in [(from, answer.interfaceHere), (to, answer.interfaceThere)] {
            faults += tunnelFault(node, interface)
        }
        guard let target = to.address(e.family),
            let way = map.way(from: from, to: target, seen: answer.interfaceHere)
        else {
            return faults + ["no peer allows it"]
        }
        if owner(way.peer) != peer { faults.append("peer \(peer) was expected") }
        if way.peer.latestHandshake == 0 { faults.append("no handshake with \(peer)") }
        return faults
    }

    /// A host's packets come by one of its tunnels; what stands behind it has none.
    private func tunnelFault(_ node: LabNode, _ interface: String?) -> [String] {
        guard case .host = node.place else { return [] }
        let tunnels = map.hosts[node.host].host.interfaces
        guard let interface, tunnels.contains(interface) else {
            return ["\(node.name) got it by \(interface ?? "an unknown interface")"]
        }
        return []
    }
}
