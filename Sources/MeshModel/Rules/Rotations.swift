import Addresses
import Diagnostics
import MeshFiles

/// A host of a mesh whose keys rotate can have two interfaces, and move its routes from one to the other.
enum Rotations: Rule {
    static func findings(in input: RuleInput) -> [Diagnostic] {
        let mesh = input.mesh
        guard mesh.rotation != nil else {
            guard let rotation = input.lock?.rotation, rotation.tunnel != .first || rotation.running != nil else {
                return []
            }
            return [
                Diagnostic(
                    .rotationImpossible, at: mesh.prefixesLocation,
                    "the keys of this mesh rotate, or have rotated to the second interface, and `rotation:` is gone",
                    hint: "keep `rotation: {}`: the hosts' rules have to know both interfaces")
            ]
        }
        return input.enabled.flatMap { findings(of: $0, in: mesh) }
            + (mesh.policy?.exits.prefix(1) ?? []).map { exit in
                Diagnostic(
                    .rotationImpossible, at: exit.location,
                    "an exit takes everything into one interface, and cannot move between two",
                    hint: "give the hosts of the exit a mesh of their own, without `rotation:`")
            }
    }

    private static func findings(of index: Int, in mesh: DeclaredMesh) -> [Diagnostic] {
        let peer = mesh.peers[index]
        var findings: [Diagnostic] = []
        func report(_ message: String, _ hint: String) {
            findings.append(
                Diagnostic(
                    .rotationImpossible, at: peer.location, "peer \(quoted(peer.name)) cannot rotate: \(message)",
                    hint: hint))
        }
        let interface = mesh.interface(of: index)
        if interface.twin == nil {
            report(
                "its second interface would be \(interface)-b, and names have at most 15 characters",
                "choose an `interface:` of at most 13")
        }
        if interface.name.hasSuffix("-b") {
            report(
                "its interface \(interface) has the name of a second one",
                "choose an `interface:` without \"-b\" at its end")
        }
        if mesh.port(of: index).twin == nil {
            report("its second interface would have the port after 65535", "choose a lower `port:`")
        } else if let port = peer.endpoint?.port, port.twin == nil {
            report("the endpoint of its second interface would have the port after 65535", "choose a lower one")
        }
        if peer.platform != .app, case let table = peer.overrides.table, table == .off || table == .automatic {
            report("its routes are not hauberk's to move, by `table:`", "remove `table:`, or give it a number")
        }
        return findings
    }
}
