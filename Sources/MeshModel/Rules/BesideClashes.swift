import Addresses
package import Diagnostics

/// Meshes that share hosts differ in interface and port there, and in their prefixes.
package enum BesideClashes {
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
        var findings: [Diagnostic] = []
        for pair in SharedHosts.pairs(mesh, other) {
            let (peer, same) = (mesh.peers[pair.own], other.peers[pair.other])
            let interfaces = mesh.interfaces(of: pair.own).filter(other.interfaces(of: pair.other).contains)
            let ports = mesh.ports(of: pair.own).filter(other.ports(of: pair.other).contains)
            let host =
                "peer \(quoted(peer.name)) is on the host of peer \(quoted(same.name)) of the mesh \(quoted(other.name))"
            if let interface = interfaces.first {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location, "\(host), and both name their interface \(interface)",
                        hint: "give one of the meshes another `wireguard: {interface: …}`"))
            }
            let names = (mesh.interface(of: pair.own), other.interface(of: pair.other))
            let rotating = (mesh.rotation != nil ? [names] : []) + (other.rotation != nil ? [(names.1, names.0)] : [])
            for (own, beside) in rotating where interfaces.isEmpty && beside.name.hasPrefix(own.name) {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location,
                        "\(host), and the interface \(beside) begins with \(own), whose mesh rotates its keys: iptables "
                            + "matches the two interfaces of a rotation by the beginning of their names",
                        hint: "give one of the meshes another `wireguard: {interface: …}`"))
            }
            if let port = ports.first {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location, "\(host), and both listen on port \(port)",
                        hint: "give one of the meshes another `wireguard: {port: …}`"))
            }
            let outside = (mesh.publicInterface(of: pair.own), other.publicInterface(of: pair.other))
            if let own = outside.0, let theirs = outside.1, own != theirs, mesh.policy != nil, other.policy != nil {
                findings.append(
                    Diagnostic(
                        .besideClash, at: peer.location,
                        "\(host), and they say that its public interface is \(own) and \(theirs)",
                        hint: "say the same `public-interface:` in both"))
            }
        }
        return findings
    }
}
