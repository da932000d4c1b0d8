import Addresses
import Diagnostics

/// An exit has an interface, its users meet it directly, and each of them leaves by one alone.
enum Exits: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        guard let policy = input.mesh.policy else { return [] }
        return policy.exits.flatMap { gateway($0, input.mesh) + users($0, input) } + clashes(policy.exits, input)
    }

    private static func gateway(_ exit: ExitDeclaration, _ mesh: DeclaredMesh) -> [Diagnostic] {
        let gateway = mesh.peers[exit.via.value]
        let name = quoted(gateway.name)
        if gateway.platform == .app {
            return [
                Diagnostic(
                    .platformField, at: exit.via.location,
                    "peer \(name) is of platform app and cannot be a way to the Internet", hint: "name another gateway")
            ]
        }
        var findings: [Diagnostic] = []
        if gateway.isDisabled {
            findings.append(
                Diagnostic(
                    .exitUnreachable, at: exit.via.location,
                    "the way to the Internet is peer \(name), which is disabled",
                    hint: "enable it, or remove the exit"))
        }
        if exit.interface(in: mesh) == nil {
            findings.append(
                Diagnostic(
                    .exitInterface, at: exit.location,
                    "the exit via peer \(name) has no interface toward the Internet",
                    hint: "write `interface: eth0`, or give the peer's site a `public-interface:`"))
        }
        return findings
    }

    private static func users(_ exit: ExitDeclaration, _ input: RuleInput) -> [Diagnostic] {
        guard let gateway = input.enabled.firstIndex(of: exit.via.value) else { return [] }
        let via = quoted(input.mesh.peers[exit.via.value].name)
        var findings: [Diagnostic] = []
        for (index, declared) in input.enabled.enumerated() where exit.leads(declared, in: input.mesh) {
            let peer = input.mesh.peers[declared]
            if input.topology[index, gateway] != .direct {
                findings.append(
                    Diagnostic(
                        .exitUnreachable, at: exit.via.location,
                        "peer \(quoted(peer.name)) is to leave by peer \(via), and has no tunnel to it",
                        hint: "link the two, or name a gateway that it peers with"))
            }
            if let service = published(by: declared, input.mesh) {
                findings.append(
                    Diagnostic(
                        .exitPublished, at: exit.users.location,
                        "peer \(quoted(peer.name)) publishes \(quoted(service)) and is to leave by peer \(via): its "
                            + "answers would take the tunnel, and be lost",
                        hint: "leave it out: `for: … except \(peer.name)`, or publish on the gateway"))
            }
        }
        return findings
    }

    /// The first service that anyone may reach on a public address of the peer.
    private static func published(by peer: Int, _ mesh: DeclaredMesh) -> String? {
        if mesh.peers[peer].publicAddresses.isEmpty { return nil }
        return mesh.policy?.services.first { $0.exposure(on: peer, in: mesh) == .public }?.name
    }

    /// Two ways for one user, a gateway that leaves by another, or two interfaces of one gateway.
    private static func clashes(_ exits: [ExitDeclaration], _ input: RuleInput) -> [Diagnostic] {
        let mesh = input.mesh
        var findings: [Diagnostic] = []
        for (number, exit) in exits.enumerated() {
            for former in exits[..<number] where former.via.value == exit.via.value {
                if former.interface(in: mesh) == exit.interface(in: mesh) { continue }
                findings.append(
                    clash(exit, "peer \(quoted(mesh.peers[exit.via.value].name)) is a way out by two interfaces", nil))
            }
            for peer in input.enabled where exit.leads(peer, in: mesh) {
                let name = quoted(mesh.peers[peer].name)
                if exits.contains(where: { $0.via.value == peer }) {
                    findings.append(
                        clash(exit, "peer \(name) is a way to the Internet, and is to leave by another", peer))
                }
                guard let former = exits[..<number].first(where: { $0.leads(peer, in: mesh) }) else { continue }
                let other = quoted(mesh.peers[former.via.value].name)
                findings.append(clash(exit, "peer \(name) is to leave by peer \(other) already", peer))
            }
        }
        return findings

        func clash(_ exit: ExitDeclaration, _ message: String, _ peer: Int?) -> Diagnostic {
            let hint = peer.map { "leave it out: `for: … except \(mesh.peers[$0].name)`" }
            return Diagnostic(.exitClash, at: exit.users.location, message, hint: hint ?? "name one of them in both")
        }
    }
}
