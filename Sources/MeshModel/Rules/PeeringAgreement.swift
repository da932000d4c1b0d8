import Addresses
package import Diagnostics

/// Two meshes that are joined say the same of it: each names the other's prefixes, and the interface that it has on the
/// gateway.
///
/// Asked only of meshes that `beside:` makes readable; another team's can be anywhere.
package enum PeeringAgreement {
    /// What this mesh says of others beside it that they do not say themselves; places are in `mesh`.
    package static func findings(_ mesh: DeclaredMesh, beside others: [DeclaredMesh]) -> [Diagnostic] {
        (mesh.policy?.peerings ?? []).flatMap { peering -> [Diagnostic] in
            guard let other = others.first(where: { $0.name == peering.name }) else {
                return peering.port == nil ? [unknown(peering)] : []
            }
            return prefixes(peering, other) + gateway(peering, mesh, other) + answer(peering, mesh, other)
        }
    }

    private static func unknown(_ peering: PeeringDeclaration) -> Diagnostic {
        Diagnostic(
            .peeringMismatch, at: peering.location,
            "no mesh beside this one is named \(quoted(peering.name)), so that its port on the gateway is not known",
            hint: "name its folder, `beside: [DIR]`, or give its `port:` in the peering")
    }

    private static func prefixes(_ peering: PeeringDeclaration, _ other: DeclaredMesh) -> [Diagnostic] {
        peering.prefixes.filter { prefix in !other.prefixes.contains { $0.value.contains(prefix.value) } }.map {
            Diagnostic(
                .peeringMismatch, at: $0.location,
                "\($0.value) is not of the mesh \(quoted(other.name)), which has "
                    + other.prefixes.map(\.value.description).joined(separator: " and "))
        }
    }

    /// The gateway is a host of both, and the other mesh's interface and port are those that the peering names.
    private static func gateway(
        _ peering: PeeringDeclaration, _ mesh: DeclaredMesh, _ other: DeclaredMesh
    ) -> [Diagnostic] {
        let name = quoted(mesh.peers[peering.at.value].name)
        guard let pair = SharedHosts.pairs(mesh, other).first(where: { $0.own == peering.at.value }) else {
            return [
                Diagnostic(
                    .peeringMismatch, at: peering.at.location,
                    "no peer of the mesh \(quoted(other.name)) is on the host of peer \(name)",
                    hint: "the two are one host when they have a public address in common, or a private one of a site")
            ]
        }
        var findings: [Diagnostic] = []
        let (interface, port) = (other.interface(of: pair.other), other.port(of: pair.other))
        if interface != peering.interface {
            findings.append(
                Diagnostic(
                    .peeringMismatch, at: peering.location,
                    "the mesh \(quoted(other.name)) has the interface \(interface) on the host of peer \(name), not "
                        + "\(peering.interface)", hint: "write `interface: \(interface)`"))
        }
        if let own = peering.port, own != port {
            findings.append(
                Diagnostic(
                    .peeringMismatch, at: peering.location,
                    "the mesh \(quoted(other.name)) has the port \(port) on the host of peer \(name), not \(own)",
                    hint: "leave `port:` out"))
        }
        return findings
    }

    /// Rules on one side alone open nothing: the other must name this mesh, at the same host.
    private static func answer(
        _ peering: PeeringDeclaration, _ mesh: DeclaredMesh, _ other: DeclaredMesh
    ) -> [Diagnostic] {
        let back = other.policy?.peerings.first { $0.name == mesh.name }
        guard other.policy != nil, back == nil else { return [] }
        return [
            Diagnostic(
                .peeringMismatch, at: peering.location,
                "the mesh \(quoted(other.name)) has no peering with \(quoted(mesh.name)): nothing crosses",
                hint: "add `peering: {\(mesh.name): …}` to its mesh.yaml")
        ]
    }
}
