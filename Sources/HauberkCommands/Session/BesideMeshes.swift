import Diagnostics
import MeshModel

/// The meshes that `beside:` names, read and held against this one.
enum BesideMeshes {
    static func findings(for mesh: DeclaredMesh, at path: String) -> [Diagnostic] {
        mesh.beside.flatMap { beside -> [Diagnostic] in
            let folder = beside.value.hasPrefix("/") ? beside.value : "\(path)/\(beside.value)"
            do {
                guard let other = try LoadedMesh.read(folder, .withoutKeyring).check?.declared else {
                    return [unreadable(beside, "its mesh.yaml has mistakes")]
                }
                return BesideClashes.findings(mesh, other, named: beside)
            } catch let failure as Failure {
                return [unreadable(beside, failure.diagnostics.first?.message ?? "it cannot be read")]
            } catch {
                return [unreadable(beside, "it cannot be read")]
            }
        }
    }

    private static func unreadable(_ beside: Located<String>, _ reason: String) -> Diagnostic {
        Diagnostic(
            .besideUnreadable, at: beside.location, "beside: there is no mesh in \(quoted(beside.value)): \(reason)")
    }
}
