import Delivery
import Diagnostics
import Keys
import MeshModel
import SystemAccess

/// The rendered trees of an output folder, to be pushed.
struct PushedTrees {
    let out: String
    private let output: ObservedOutput
    private let paths: [String: [String]]

    init(out: String, mesh: String) throws {
        self.out = out
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

    /// A host's files and what stands for them all.
    func tree(of peer: String) throws -> (files: [HostFile], digest: String) {
        var files: [HostFile] = []
        var input: [UInt8] = []
        for path in (paths[peer] ?? []).sorted() {
            guard let mode = try output.mode(of: path), let bytes = try output.withBytes(of: path, { Array($0) })
            else {
                throw Failure(
                    .no, .staleRender, "\(quoted("\(out)/\(path)")) is not there any more",
                    hint: "hauberk render --out \(out)")
            }
            let file = HostFile(path: String(path.dropFirst(peer.utf8.count + 1)), mode: mode, bytes: bytes)
            input += "\(file.path) \(mode) \(bytes.count)\n".utf8
            input += bytes
            files.append(file)
        }
        return (files, Digest256(of: input).description)
    }

    /// Throws if somebody has rendered there meanwhile.
    func requireUntouched() throws { try output.requireUntouched() }
}
