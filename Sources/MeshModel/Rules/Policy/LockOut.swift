import Addresses
import Diagnostics

/// Each host can be reached by SSH on some plane, by somebody else: else whoever applies the policy is locked out.
enum LockOut: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        // What is only watched, or not judged, locks nobody out.
        guard let view = input.policy, view.policy.guardDeclaration.plaintext == .reject else { return [] }
        let guarded = PeerBits(capacity: view.enabled.count) { bit in
            let peer = view.mesh.peers[view.enabled[bit]]
            return peer.platform != .app && view.mesh.firewall(of: peer) != .none
        }
        let lost = guarded.subtracting(overlay(view, input.moment)).subtracting(underlay(view))
        if lost.isEmpty { return [] }
        return [
            Diagnostic(
                .lockOut, at: view.policy.location,
                "nothing lets anybody reach \(HostList.text(lost, view)) by SSH once the policy is loaded",
                hint: "add `guard: {rescue: {from: NAME, port: 22/tcp}}`, or a rule for ssh")
        ]
    }

    private static func isSSH(_ service: Service) -> Bool { service.name == "ssh" || isSSH(service.ports) }

    private static func isSSH(_ ports: [ServicePorts]) -> Bool {
        guard let port = Port(22) else { return false }
        return ports.contains { $0.contains(port, of: .tcp) }
    }

    private static func overlay(_ view: PolicyView, _ moment: Int64?) -> PeerBits {
        var result = PeerBits(capacity: view.enabled.count)
        for (index, rule) in view.policy.rules.enumerated() {
            if let until = rule.until?.value, let moment, until <= moment { continue }
            for service in rule.services where isSSH(view.policy.services[service]) {
                let hosts = view.to[index].intersection(view.exposed[service])
                result = result.union(view.reachable(hosts, from: view.from[index]))
                if !view.networks(of: rule.from.value).isEmpty { result = result.union(hosts) }
            }
        }
        return result
    }

    private static func underlay(_ view: PolicyView) -> PeerBits {
        var result = PeerBits(capacity: view.enabled.count)
        for (index, service) in view.policy.services.enumerated() where isSSH(service) {
            result = result.union(view.published[index])
        }
        let declared = view.policy.guardDeclaration
        for exception in declared.exceptions where isSSH(exception.ports) {
            result = result.union(callable(view.members(of: exception.to.value), from: exception.from.value, view))
        }
        if let rescue = declared.rescue {
            let everybody = view.members(of: SetExpression.all)
            result = result.union(
                rescue.over == .overlay
                    ? view.reachable(everybody, from: view.members(of: rescue.from.value))
                    : callable(everybody, from: rescue.from.value, view))
        }
        return result
    }

    /// The hosts that somebody else of the end can call on the underlay.
    private static func callable(_ hosts: PeerBits, from end: UnderlayEnd, _ view: PolicyView) -> PeerBits {
        guard case .peers = end else { return hosts }
        let callers = view.members(of: end)
        if callers.isEmpty { return callers }
        return callers.only == nil ? hosts : hosts.subtracting(callers)
    }
}
