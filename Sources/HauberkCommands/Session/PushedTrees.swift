import Delivery
import Diagnostics
import Keys
import MeshModel
import SystemAccess

/// One host's rendered tree.
struct PushedTree: Sendable {
    let files: [HostFile]
    /// Stands for them all.
    let digest: String
    /// What the render has left of the mesh that it is of, the host's own record last; empty where it has left nothing.
    let source: [HostFile]
}

/// The rendered trees of an output folder, to be pushed.
struct PushedTrees {
    let out: String
    private let mesh: String
    private let output: ObservedOutput
    private let paths: [String: [String]]

    init(out: String, mesh: String) throws {
        self.out = out
        self.mesh = mesh
        output = try ObservedOutput(OutputTree(root: out, mesh: mesh, fileSystem: Surroundings.current.files))
        paths = Dictionary(grouping: output.paths.filter { !RenderRecord.owns($0) }) { path in
            String(path.prefix { $0 != "/" })
        }
    }

    /// Throws when a host has no tree there, or a render was cut short.
    func require(_ peers: [String]) throws {
        if output.isInterrupted {
            throw Failure(
                .no, .staleRender, "a render to \(quoted(out)) was cut short", hint: "hauberk render --out \(out)")
        }
        let missing = peers.filter { paths[$0] == nil }
        guard let first = missing.first else { return }
        let more = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        throw Failure(
            .no, .staleRender, "\(quoted(out)) has no rendered tree for \(quoted(first))\(more)",
            hint: "hauberk render --out \(out)")
    }

    func tree(of peer: String) throws -> PushedTree {
        var files: [HostFile] = []
        for path in (paths[peer] ?? []).sorted() {
            guard let mode = try output.mode(of: path), let bytes = try output.withBytes(of: path, { Array($0) })
            else {
                throw Failure(
                    .no, .staleRender, "\(quoted("\(out)/\(path)")) is not there any more",
                    hint: "hauberk render --out \(out)")
            }
            files.append(HostFile(path: String(path.dropFirst(peer.utf8.count + 1)), mode: mode, bytes: bytes))
        }
        return PushedTree(files: files, digest: Self.digest(of: files), source: try source(of: peer))
    }

    /// What stands for a tree: of paths, modes and bytes, in the order of the paths.
    static func digest(of files: [HostFile]) -> String {
        var input: [UInt8] = []
        for file in files {
            input += "\(file.path) \(file.mode) \(file.bytes.count)\n".utf8
            input += file.bytes
        }
        return Digest256(of: input).description
    }

    /// What the render has left of the mesh that a host's tree is of, by its own paths, the host's record last; empty where
    /// it has left nothing.
    func source(of peer: String) throws -> [HostFile] {
        let folder = RenderRecord.folder(of: mesh)
        for name in ["hosts/\(peer)", "all"] {
            guard let record = try output.withBytes(of: "\(folder)/\(name)", { Array($0) }),
                let digest = RenderRecord(parsing: record)?.digest
            else { continue }
            let texts = try [LoadedMesh.yamlName, LoadedMesh.lockName].compactMap { name -> HostFile? in
                let path = "\(folder)/\(digest)/\(name)"
                return try output.withBytes(of: path) { HostFile(path: path, mode: 0o600, bytes: Array($0)) }
            }
            return texts + [HostFile(path: "\(folder)/hosts/\(peer)", mode: 0o600, bytes: record)]
        }
        return []
    }

    /// Throws if somebody has rendered there meanwhile.
    func requireUntouched() throws { try output.requireUntouched() }
}
