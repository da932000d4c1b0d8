import Diagnostics
import MeshModel

/// The meshes that `beside:` names, read and held against this one.
enum BesideMeshes {
    /// What keeps the meshes from running side by side.
    static func findings(for mesh: DeclaredMesh, at path: String) -> [Diagnostic] {
        let (others, unreadable) = load(mesh, at: path)
        return unreadable
            + others.flatMap { BesideClashes.findings(mesh, $0.mesh, named: $0.place) }
            + PeeringAgreement.findings(mesh, beside: others.map(\.mesh))
    }

    /// The meshes, in the order of the file; throws when one that a host's firewall must know cannot be read.
    static func read(_ mesh: DeclaredMesh, at path: String) throws -> [DeclaredMesh] {
        let (others, unreadable) = load(mesh, at: path)
        if !unreadable.isEmpty, mesh.policy != nil { throw Failure(.meshInvalid, unreadable) }
        return others.map(\.mesh)
    }

    private static func load(
        _ mesh: DeclaredMesh, at path: String
    ) -> (others: [(mesh: DeclaredMesh, place: Located<String>)], unreadable: [Diagnostic]) {
        var others: [(mesh: DeclaredMesh, place: Located<String>)] = []
        var findings: [Diagnostic] = []
        for beside in mesh.beside {
            let folder = beside.value.hasPrefix("/") ? beside.value : "\(path)/\(beside.value)"
            do {
                if let other = try LoadedMesh.read(folder, .withoutKeyring).check?.declared {
                    others.append((other, beside))
                } else {
                    findings.append(unreadable(beside, "its mesh.yaml has mistakes"))
                }
            } catch let failure as Failure {
                findings.append(unreadable(beside, failure.diagnostics.first?.message ?? "it cannot be read"))
            } catch {
                findings.append(unreadable(beside, "it cannot be read"))
            }
        }
        return (others, findings)
    }

    private static func unreadable(_ beside: Located<String>, _ reason: String) -> Diagnostic {
        Diagnostic(
            .besideUnreadable, at: beside.location, "beside: there is no mesh in \(quoted(beside.value)): \(reason)")
    }
}
