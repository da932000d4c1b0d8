import Addresses
import HostPlans
import MeshModel

extension IptablesRules {
    /// What comes in: loopback, tunnel, spoofed addresses, then the underlay.
    func inputChains() -> [IptablesChain] {
        return [
            IptablesChain(.input, ["-i lo -j RETURN", "-i \(tunnel) \(go(.tunnelInput))"] + outsideOfTunnel())
        ] + tunnelInput() + [crossingInput()] + underlayInput()
    }

    /// Any mesh address outside of the tunnel is spoofed, but for networks behind this host.
    private func outsideOfTunnel() -> [String] {
        let isGateway = !policy.transit.isEmpty
        return meshPrefixes.map { "-s \($0) \(go(.fake))" }
            + meshPrefixes.map { "-d \($0) \(go(isGateway ? .crossing : .fake))" }
            + policy.neighbors.map { "-i \($0.interface) \(accept)" }
            + (policy.guardMode == .off ? [] : [go(.underlayInput)])
    }

    private func crossingInput() -> IptablesChain {
        IptablesChain(
            .crossing,
            ["\(isInvalid)\(go(.fake))", "\(isReply)\(accept)", "\(isRelated)\(accept)"]
                + crossing(from: .beyondTheMesh) + [go(.fake)])
    }

    /// Replies ride on state; what the other side began is judged every time. What is for nobody here is passed on, also
    /// to a gateway's own address in a network behind it.
    private func tunnelInput() -> [IptablesChain] {
        let states = ["\(isInvalid)\(go(.deny))", "\(isReply)\(accept)", "\(isRelated)\(accept)"]
        let own = ownAddresses.map { "-d \(IPPrefix.host($0)) \(go(.tunnelIngress))" }
        return [
            IptablesChain(.tunnelInput, states + own + crossing() + [go(.deny)]),
            IptablesChain(.tunnelIngress, lines(policy.ingress, .source) + [go(.deny)]),
        ]
    }

    // MARK: the underlay

    private func underlayInput() -> [IptablesChain] {
        guard policy.guardMode != .off else { return [] }
        let echo = "\(isEcho)\(policy.underlayEcho == .echo ? accept : refuseUnderlay)"
        let allowed = lines(policy.underlayIngress, .source, .destination)
        let wireGuard = policy.tunnelPorts.map { "-p udp -m udp --dport \($0) \(accept)" }
        // Members have a chain of their own.
        let strangers = policy.wireGuardSources.beyond(members).map { matches($0, .source) } ?? []
        let allowedStrangers = policy.underlayIngress.compactMap { allowance in
            allowance.remote.beyond(members).map { remote in
                UnderlayAllowance(
                    remote: remote, ports: allowance.ports, scope: allowance.scope, purpose: allowance.purpose)
            }
        }
        let states = ["\(isInvalid)\(refuseUnderlay)", "\(isReply)\(accept)", "\(isRelated)\(accept)"]
        let isOthers = style == .besideUfw
        return [
            IptablesChain(
                .underlayInput,
                policy.neighbors.map { "-p udp -m udp --dport \($0.port) \(accept)" }
                    + strangers.flatMap { from in wireGuard.map { "\(from)\($0)" } } + [echo]
                    + ["\(isDHCPAnswer)\(accept)"] + neighborDiscovery
                    + matches(members, .source).map { "\($0)\(go(.memberInput))" }
                    + states + lines(allowedStrangers, .source, .destination) + (isOthers ? [] : [refuseUnderlay])),
            IptablesChain(
                .memberInput,
                wireGuard + ["\(isICMP)\(accept)", "\(isInvalid)\(refuseUnderlay)", "\(isReply)\(go(.memberReply))"]
                    + allowed + [refuseUnderlay]),
            IptablesChain(.memberReply, lines(policy.underlayEgress, .source, .source) + [refuseUnderlay]),
        ]
    }

    /// The last word where ufw's rules have none, as in the moments when it reloads them: nothing new from strangers.
    func end() -> IptablesChain {
        guard style == .besideUfw, policy.guardMode == .reject else { return IptablesChain(.end, []) }
        return IptablesChain(
            .end, ["-i lo -j RETURN", "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", go(.drop)])
    }
}
