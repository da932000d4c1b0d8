import Addresses
import Diagnostics

/// A peering's gateway can forward between two interfaces, and the mesh on the other one can be known.
enum Peerings: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        (input.mesh.policy?.peerings ?? []).flatMap { findings($0, input.mesh) }
    }

    private static func findings(_ peering: PeeringDeclaration, _ mesh: DeclaredMesh) -> [Diagnostic] {
        let gateway = mesh.peers[peering.at.value]
        let name = quoted(gateway.name)
        var findings: [Diagnostic] = []
        if gateway.platform == .app {
            findings.append(
                Diagnostic(
                    .platformField, at: peering.at.location,
                    "peer \(name) is of platform app and cannot join two meshes", hint: "name another gateway"))
        }
        if mesh.interface(of: peering.at.value) == peering.interface {
            findings.append(
                Diagnostic(
                    .peeringMismatch, at: peering.location,
                    "\(peering.interface) is this mesh's own interface on peer \(name)",
                    hint: "name the interface that the mesh \(quoted(peering.name)) has there"))
        }
        if let port = peering.port, mesh.ports(of: peering.at.value).contains(port) {
            findings.append(
                Diagnostic(
                    .peeringMismatch, at: peering.location,
                    "\(port) is this mesh's own port on peer \(name)",
                    hint: "name the port that the mesh \(quoted(peering.name)) has there"))
        }
        if peering.port == nil, mesh.beside.isEmpty {
            findings.append(
                Diagnostic(
                    .peeringMismatch, at: peering.location,
                    "the port of the mesh \(quoted(peering.name)) on peer \(name) is not known",
                    hint: "name its folder, `beside: [DIR]`, or give its `port:` in the peering"))
        }
        return findings
    }
}
