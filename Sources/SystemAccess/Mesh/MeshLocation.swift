internal import Diagnostics
internal import Glibc

/// What decides which mesh a command is about.
package struct MeshLocation: Sendable {
    /// `--mesh DIR`; nil if not given.
    package var flag: String?
    /// `$HAUBERK_MESH`; nil or empty if not set.
    package var variable: String?
    /// The current folder holds `mesh.yaml` or `mesh.lock`.
    package var currentFolderIsMesh: Bool
    /// The paths of the meshes below `Mesh/`, for example `Mesh/wordpress`, sorted.
    package var meshesBelow: [String]

    package init(flag: String?, variable: String?, currentFolderIsMesh: Bool, meshesBelow: [String]) {
        self.flag = flag
        self.variable = variable
        self.currentFolderIsMesh = currentFolderIsMesh
        self.meshesBelow = meshesBelow
    }

    /// Looks around in the current folder, as far as the flag and the variable leave it open.
    package init(flag: String?, variable: String?, fileSystem: any FileSystem = RealFileSystem()) throws {
        self.init(flag: flag, variable: variable, currentFolderIsMesh: false, meshesBelow: [])
        guard flag == nil, variable ?? "" == "" else { return }
        try reported {
            currentFolderIsMesh = try fileSystem.holdsMesh(".")
            if !currentFolderIsMesh { meshesBelow = try fileSystem.meshes(below: "Mesh") }
        }
    }

    /// The folder of the mesh: the flag, else the variable, else the current folder, else the only one below `Mesh/`.
    ///
    /// - Throws: `Failure`, status 64 if the choice is open or the flag is empty, 66 if there is none.
    package func path() throws -> String {
        if let flag {
            guard !flag.isEmpty else {
                throw Failure(.usage, .noMesh, "the value of --mesh is empty", hint: "name a folder: --mesh DIR")
            }
            return flag
        }
        if let variable, !variable.isEmpty { return variable }
        if currentFolderIsMesh { return "." }
        guard let only = meshesBelow.first else {
            throw Failure(
                .fileMissing, .noMesh, "there is no mesh in the current folder or below Mesh/",
                hint: "name one with `--mesh DIR` or $HAUBERK_MESH, or create one with `hauberk init`")
        }
        guard meshesBelow.count == 1 else {
            let names = meshesBelow.map(quoted).joined(separator: ", ")
            throw Failure(
                .usage, .severalMeshes, "there are \(meshesBelow.count) meshes: \(names)",
                hint: "name one of them, for example `--mesh \(only)`")
        }
        return only
    }
}

extension FileSystem {
    fileprivate func holdsMesh(_ path: String) throws -> Bool {
        for file in [MeshFile.yaml, .lock] {
            do {
                if try status(of: Place("\(path)/\(file.rawValue)", in: .current)) != nil { return true }
            } catch {
                guard error.number == ENOTDIR else { throw error }
                return false
            }
        }
        return false
    }

    fileprivate func meshes(below path: String) throws -> [String] {
        let folder: Handle
        do {
            folder = try open(Place(path, in: .current), .folderThroughLinks)
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else { throw error }
            return []
        }
        defer { close(folder) }
        return try names(in: folder).map { "\(path)/\($0)" }.filter { try holdsMesh($0) }
    }
}
