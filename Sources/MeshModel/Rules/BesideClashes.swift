import Addresses
package import Diagnostics

/// Meshes that share hosts differ in interface and port there, and in their prefixes.
///
/// Two peers of different meshes are one host when they share an underlay address: the same public one, or the same
/// private one in sites of one name.
package enum BesideClashes {
    private struct Place: Hashable {
        let site: String?
        let address: IPAddress
    }

    /// What keeps `mesh` and `other` from running side by side; places are in `mesh`.
    package static func findings(
        _ mesh: DeclaredMesh, _ other: DeclaredMesh, named beside: Located<String>
    ) -> [Diagnostic] {
        prefixes(mesh, other) + hosts(mesh, other)
    }

    private static func prefixes(_ mesh: DeclaredMesh, _ other: DeclaredMesh) -> [Diagnostic] {
        mesh.prefixes.flatMap { prefix in
            other.prefixes.filter { $0.value.overlaps(prefix.value) }.map { clash in
                Diagnostic(
                    .besideClash, at: prefix.location,
                    "\(prefix.value) overlaps \(clash.value) of the mesh \(quoted(other.name)) beside this one")
            }
        }
    }

    private static func hosts(_ mesh: DeclaredMesh, _ other: DeclaredMesh) -> [Diagnostic] {
        var theirs: [Place: DeclaredPeer] = [:]
        for peer in other.peers where !peer.isDisabled {
            for place in places(of: peer, in: other) { theirs[place] = peer }
        }
        var findings: [Diagnostic] = []
        for peer in mesh.peers where !peer.isDisabled {
            guard let same = places(of: peer, in: mesh).lazy.compactMap({ theirs[$0] }).first else { continue }
            let (own, foreign) = (peer.overrides, same.overrides)
            let interfaces = (own.interface ?? mesh.wireGuard.interface, foreign.interface ?? other.wireGuard.interface)
            let ports = (own.port ?? mesh.wireGuard.port, foreign.port ?? other.wireGuard.port)
            let host =
                "peer \(quoted(peer.name)) is on the host of peer \(quoted(same.name)) of the mesh \(quoted(other.name))"
            if interfaces.0 == interfaces.1 {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location, "\(host), and both name their interface \(interfaces.0)",
                        hint: "give one of the meshes another `wireguard: {interface: …}`"))
            }
            if ports.0 == ports.1 {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location, "\(host), and both listen on port \(ports.0)",
                        hint: "give one of the meshes another `wireguard: {port: …}`"))
            }
        }
        return findings
    }

    private static func places(of peer: DeclaredPeer, in mesh: DeclaredMesh) -> [Place] {
        peer.publicAddresses.map { Place(site: nil, address: $0.value) }
            + peer.privateAddresses.map { Place(site: peer.site.map { mesh.sites[$0].name }, address: $0.value) }
    }
}
