import Addresses
import Diagnostics
import HostPlans
import MeshFiles
import MeshModel
import Rendering

/// A mesh file goes the whole way, from text to firewalls: nothing may trap, every finding has a place inside the file,
/// and what passes the check is rendered in every dialect, or refused with a place.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let tree = try? YAMLTree(parsing: input, file: "mesh.yaml") else { return 0 }
    let lines = input.count { $0 == UInt8(ascii: "\n") } + 1
    let check = MeshCheck.check(tree.root, file: "mesh.yaml", lock: nil, at: 1_700_000_000)
    for finding in check.findings {
        precondition(finding.location.map { (1...lines).contains($0.line) } ?? true, "\(finding)")
    }
    guard !check.isRefused, let declared = check.declared, let mesh = complete(declared, tree) else { return 0 }
    guard let plan = FirewallPlan(mesh, at: 1_700_000_000) else { return 0 }
    for host in mesh.peers.indices.prefix(2) {
        for backend in Firewalls.all {
            do throws(Failure) {
                let files = try Firewalls.artifacts(for: host, in: plan, kind: backend.kind)
                precondition(!files.isEmpty && files.allSatisfy { $0.byteCount > 0 })
            } catch {
                precondition(error.diagnostics.allSatisfy { $0.location != nil }, "\(error)")
            }
        }
    }
    return 0
}

/// With everything allocated, and keys that are none; nil where there is no room for all.
private func complete(_ declared: DeclaredMesh, _ tree: YAMLTree) -> Mesh? {
    guard let now = UTCTime(seconds: 1_700_000_000), declared.peers.count < 100 else { return nil }
    let empty = LockFile(name: declared.name, meshID: [UInt8](repeating: 0x5f, count: 16))
    guard var update = try? LockUpdate.plan(declared, from: empty, redrawing: [], now: now) else { return nil }
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    update.complete(
        with: update.needingKeys.indices.map { number in
            String(repeating: "A", count: 40) + "\(letters[number % 50])\(letters[number / 50])A="
        })
    return MeshCheck.check(tree.root, file: "mesh.yaml", lock: update.lock, at: 1_700_000_000).mesh
}
