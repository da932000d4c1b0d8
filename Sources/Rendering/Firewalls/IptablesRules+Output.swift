import Addresses
import HostPlans
import MeshModel

extension IptablesRules {
    /// What leaves: loopback, tunnel, mesh addresses that leak, plaintext to members.
    func outputChains() -> [IptablesChain] {
        let isGateway = !policy.transit.isEmpty
        let leaks =
            meshPrefixes.map { "-d \($0) \(go(.leak))" }
            + (isGateway ? meshPrefixes.map { "-s \($0) \(isReply)\(accept)" } : [])
            + meshPrefixes.map { "-s \($0) \(go(.leak))" }
        let neighbors = policy.neighbors.map { "-o \($0.interface) \(accept)" }
        return [
            IptablesChain(
                .output,
                ["-o lo -j RETURN", "-o \(tunnel) \(go(.tunnelOutput))"] + leaks + neighbors + towardMembers()),
            tunnelOutput(),
            IptablesChain(.tunnelEgress, lines(policy.egress, .destination) + [go(.deny)]),
        ] + memberOutput()
    }

    private func tunnelOutput() -> IptablesChain {
        let states = ["\(isInvalid)\(go(.deny))", "\(isReply)\(accept)", "\(isRelated)\(accept)"]
        guard let notInternet = policy.notInternet else {
            return IptablesChain(.tunnelOutput, states + [go(.tunnelEgress)])
        }
        let judged = matches(notInternet, .destination).map { "\($0)\(go(.tunnelEgress))" }
        return IptablesChain(.tunnelOutput, states + judged + [accept])
    }

    /// Where the guard is on: other members by their underlay addresses are judged.
    func towardMembers() -> [String] {
        policy.guardMode == .off ? [] : matches(members, .destination).map { "\($0)\(go(.memberOutput))" }
    }

    /// WireGuard, ICMP, and what both ends' declarations name.
    func memberOutput() -> [IptablesChain] {
        guard policy.guardMode != .off, members != nil else { return [] }
        let tunnels = (policy.tunnelPorts + policy.neighbors.map(\.port)).map {
            "-p udp -m udp --sport \($0) \(accept)"
        }
        return [
            IptablesChain(
                .memberOutput,
                ["\(isICMP)\(accept)", "\(isDHCPAnswer)\(accept)"] + tunnels
                    + [
                        "\(isInvalid)\(refuseLeak)", "\(isReply)\(go(.memberAnswer))",
                        "\(isRelated)\(go(.memberAnswer))",
                    ]
                    + lines(policy.underlayEgress, .destination, .destination) + [refuseLeak]),
            IptablesChain(.memberAnswer, lines(policy.underlayIngress, .destination, .source) + [refuseLeak]),
        ]
    }
}
