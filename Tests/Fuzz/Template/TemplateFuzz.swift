import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import Rendering

/// Nothing may trap; a template that is accepted renders for every host of a mesh, the same twice, and no secret stands
/// in a file that others may read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let file = TargetSet.File(target: "own", name: "file", path: "templates/own/file", bytes: input)
    let (set, findings) = TargetSet.parse(own: [file])
    precondition((set == nil) == !findings.isEmpty)
    guard let set, let plan else { return 0 }
    guard let target = try? set.target("own") else { preconditionFailure("the target is lost") }
    for number in 0..<plan.classCount {
        let view = plan.view(number)
        let renderer = HostRenderer(target, for: view, in: plan)
        for host in plan.mesh.topology.members[number] {
            let artifacts = renderer.artifacts(for: plan.host(host, in: view))
            let again = renderer.artifacts(for: plan.host(host, in: view))
            precondition(artifacts.elementsEqual(again) { $0.path == $1.path && $0.byteCount == $1.byteCount })
            for artifact in artifacts { check(artifact) }
        }
    }
    return 0
}

private func check(_ artifact: Artifact) {
    precondition(artifact.mode <= 0o777 && !artifact.path.hasPrefix("/"))
    precondition(!artifact.path.split(separator: "/").contains(".."), artifact.path)
    var holdsSecret = false
    for piece in artifact.pieces {
        switch piece {
        case .text(let text):
            holdsSecret = holdsSecret || !text.holes.isEmpty
            for hole in text.holes { precondition(hole.offset + SecretRef.textLength <= text.bytes.count) }
        case .sections(let block, let range, _):
            holdsSecret = holdsSecret || !block.holes.isEmpty
            precondition(block.bytes(of: range).count == piece.byteCount)
        }
    }
    precondition(!holdsSecret || artifact.mode & 0o077 == 0, "a secret in a file of mode \(artifact.mode)")
}

/// A mesh of three peers with a bit of everything that templates name.
private let plan: MeshPlan? = {
    guard let tree = try? YAMLTree(parsing: Array(yaml.utf8), file: "mesh.yaml"),
        let lock = try? LockFile(parsing: Array(lock.utf8), file: "mesh.lock"),
        let mesh = MeshCheck.check(tree.root, file: "mesh.yaml", lock: lock).mesh
    else { preconditionFailure("the mesh of this target has mistakes") }
    return MeshPlan(mesh)
}()

private let yaml = """
    mesh: m
    prefixes: [10.90.0.0/24]
    wireguard: {interface: wg0, port: 51820, preshared-keys: pair}
    peers:
      db-1: {public: 203.0.113.2, table: 7, fwmark: 5}
      laptop: {mtu: 1380, dns: [10.90.0.1, corp.example], post-up: echo hi}
      web-1: {public: 203.0.113.1, routes: [192.168.7.0/24]}

    """

private let lock = """
    hauberk-lock 1
    mesh m b68f52193765de73f751731b4d8b02ad
    preshared 1
    peer db-1 10.90.0.2 key=D7z1xddzqJBkSQ61IKcNnM5EoSUeJUGi4mm1QySQnRA= epoch=1
    peer laptop 10.90.0.3 key=hsIKSpB+DGGSqd409+2SAzcH42f04sM36epLbnQM2SI= epoch=1
    peer web-1 10.90.0.1 key=k5WpRMEdBLgEVrj9nd9T/JgkZhifNeqmzhdZqq3JI2s= epoch=1

    """
