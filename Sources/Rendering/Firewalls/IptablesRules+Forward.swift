import Addresses
import HostPlans
import MeshModel

extension IptablesRules {
    /// What passes the tunnel; all else is left to its owner.
    func forwardChains() -> [IptablesChain] {
        let states = ["\(isReply)\(accept)", "\(isRelated)\(accept)"]
        let leaks = meshPrefixes.map { "! -o \(tunnel) -d \($0) \(go(.deny))" }
        return [
            IptablesChain(
                .forward,
                [
                    // Judged before it was translated.
                    "-m conntrack --ctstate DNAT -j RETURN", "-i \(tunnel) \(go(.fromTunnel))",
                    "-o \(tunnel) \(go(.toTunnel))",
                ]),
            IptablesChain(
                .fromTunnel,
                leaks + ["\(isInvalid)\(go(.deny))"] + states + crossing() + exit() + [go(.deny)]),
            IptablesChain(
                .toTunnel,
                meshPrefixes.map { "-s \($0) \(go(.fake))" } + ["\(isInvalid)\(go(.drop))"] + states
                    + crossing(from: .beyondTheMesh) + [go(.drop)]),
        ]
    }

    private func exit() -> [String] {
        guard let exit = policy.exit else { return [] }
        let users = matches(exit.users, .source)
        if users.isEmpty { return [] }
        let tunnels = ([tunnel] + policy.neighbors.map(\.interface.description)).map { "-o \($0) \(go(.deny))" }
        let never = matches(exit.never, .destination).map { "\($0)\(go(.deny))" }
        return tunnels + never + users.map { "\($0)\(accept)" }
    }

    /// What does not come out of the tunnel, before others' rules: they put theirs above ours in the filter table
    /// whenever they start (Docker does), and here nobody can answer, which is as it should be.
    func passing() -> [IptablesChain] {
        let toOthers = policy.neighbors.map { "-o \($0.interface) -j RETURN" }
        let guarded = towardMembers()
        let plaintext =
            guarded.isEmpty ? [] : ["-i \(tunnel) -j RETURN", "-o \(tunnel) -j RETURN"] + toOthers + guarded
        return [
            IptablesChain(
                .passing,
                clamps() + ["-m conntrack --ctstate DNAT \(go(.translated))"]
                    + meshPrefixes.map { "! -i \(tunnel) -s \($0) \(go(.fake))" }
                    + meshPrefixes.map { "! -i \(tunnel) ! -o \(tunnel) -d \($0) \(go(.leak))" } + plaintext)
        ] + translated() + memberOutput()
    }

    /// Both ways: one protects only what the other end sends.
    private func clamps() -> [String] {
        guard policy.forwards || policy.exit != nil else { return [] }
        let clamp = "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
        return ["-o \(tunnel) \(clamp)", "-i \(tunnel) \(clamp)"]
    }

    /// What somebody else has given another destination, as Docker does for a published port: no input any more, but
    /// judged as it by the address and port that it was for. What this host gives to itself is judged in the filter
    /// table, by the port that it then has.
    private func translated() -> [IptablesChain] {
        let tunnelled = ownAddresses.map { address in
            "-i \(tunnel) \(isOriginal)-m conntrack --ctorigdst \(address) \(go(.translatedFromTunnel))"
        }
        let spoofed = meshPrefixes.flatMap { prefix in
            [
                "-s \(prefix) \(isOriginal)\(go(.fake))",
                "\(isOriginal)-m conntrack --ctorigdst \(prefix) \(go(.translatedCrossing))",
            ]
        }
        let underlay =
            policy.guardMode == .off
            ? []
            : policy.neighbors.map { "-i \($0.interface) \(accept)" } + ["\(isOriginal)\(go(.translatedFromUnderlay))"]
        let echo = policy.underlayEcho == .echo ? ["\(isEcho)\(accept)"] : []
        return [
            IptablesChain(
                .translated,
                tunnelled + ["-i \(tunnel) \(isOriginal)\(go(.translatedCrossing))", "-i \(tunnel) \(accept)"] + spoofed
                    + underlay),
            IptablesChain(.translatedFromTunnel, lines(policy.ingress, .source, .original) + [go(.deny)]),
            IptablesChain(.translatedCrossing, crossing(.original) + [go(.deny)]),
            IptablesChain(
                .translatedFromUnderlay,
                echo + lines(policy.underlayIngress, .source, .original) + [refuseUnderlay]),
        ]
    }
}
