import Addresses
package import Diagnostics
package import MeshFiles
package import MeshModel

/// The way of a mesh from text to a checked mesh, as the commands go it, with fake keys.
package enum MeshPipeline {
    package static let file = "mesh.yaml"

    /// A moment of the tests.
    package static func moment(_ seconds: Int64 = 1_700_000_000) -> UTCTime {
        guard let time = UTCTime(seconds: seconds) else { preconditionFailure("no such moment: \(seconds)") }
        return time
    }

    /// A lock file in which nothing is allocated.
    package static func emptyLock(_ name: String = "test") -> LockFile {
        LockFile(name: name, meshID: [UInt8](repeating: 0x5f, count: 16))
    }

    package static func check(
        _ text: String, lock: LockFile? = nil, at moment: Int64? = nil
    ) throws(Failure) -> MeshCheck {
        MeshCheck.check(try YAMLTree(parsing: Array(text.utf8), file: file).root, file: file, lock: lock, at: moment)
    }

    /// Checks, allocates as a writing command does, and gives back the new lock file; throws every finding.
    package static func allocate(
        _ text: String, from lock: LockFile = emptyLock(), redrawing: Set<String> = [], now: UTCTime = moment()
    ) throws(Failure) -> LockUpdate {
        var held = lock
        for name in redrawing {
            held.peers[name]?.v4 = nil
            held.peers[name]?.v6 = nil
        }
        let check = try check(text, lock: held)
        guard let declared = check.declared, !check.isRefused else { throw Failure(.meshInvalid, check.findings) }
        var update = try LockUpdate.plan(declared, from: lock, redrawing: redrawing, now: now)
        let keys = update.needingKeys.map { FakeKeys.key("\($0) \(update.lock.peers[$0]?.epoch ?? 0)") }
        update.complete(with: keys)
        return update
    }

    /// The checked mesh of a text of which everything is allocated anew; throws every finding.
    package static func mesh(_ text: String, lock: LockFile? = nil) throws(Failure) -> Mesh {
        var allocated = lock
        if allocated == nil { allocated = try allocate(text).lock }
        let check = try check(text, lock: allocated)
        guard let mesh = check.mesh else { throw Failure(.meshInvalid, check.findings) }
        return mesh
    }

    /// `id line:column` of everything that is found in a text.
    package static func findings(_ text: String, lock: LockFile? = nil) -> [String] {
        let found: [Diagnostic]
        do throws(Failure) {
            found = try check(text, lock: lock).findings
        } catch {
            found = error.diagnostics
        }
        return found.map { "\($0.id) \($0.location.map { "\($0.line):\($0.column)" } ?? "-")" }
    }
}
