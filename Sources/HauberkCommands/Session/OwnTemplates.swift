import Diagnostics
import Rendering
import SystemAccess

/// The templates in a mesh's own `templates` folder.
enum OwnTemplates {
    static let folder = "templates"

    /// The built-in targets with the mesh's own files in their places; every mistake of every file is thrown.
    static func targets(of mesh: String) throws -> TargetSet {
        let (set, findings) = TargetSet.parse(own: try files(of: mesh))
        guard let set else { throw Failure(.meshInvalid, findings) }
        return set
    }

    private static func files(of mesh: String) throws -> [TargetSet.File] {
        let root = "\(mesh)/\(folder)"
        return try TextFolder(root).folders().flatMap { target in
            let files = TextFolder("\(root)/\(target)")
            return try files.files().map { name in
                TargetSet.File(
                    target: target, name: name, path: "\(folder)/\(target)/\(name)", bytes: try files.bytes(of: name))
            }
        }
    }
}
