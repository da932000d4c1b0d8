import Diagnostics
import Keys
import Ledger
import SystemAccess

/// The ledger of a mesh, held against itself and the mesh's other files.
struct LoadedLedger {
    /// Nil when there is none, or it does not parse.
    let ledger: Ledger?
    /// Everything that is wrong with it, sorted; nothing where a mesh has none and its lock file names none.
    let findings: [Diagnostic]

    init(_ loaded: LoadedMesh, _ depth: LedgerDepth) {
        guard let lock = loaded.lock else {
            ledger = nil
            findings = []
            return
        }
        guard let bytes = loaded.snapshot.ledger else {
            ledger = nil
            let lost = Ledger.lost(from: lock, file: LoadedMesh.ledgerName, lockFile: LoadedMesh.lockName)
            findings = lost.map { [$0] } ?? []
            return
        }
        do throws(Failure) {
            let ledger = try Ledger(parsing: bytes, file: LoadedMesh.ledgerName)
            let (state, found) = ledger.examine(depth)
            var findings = found
            if let finding = ledger.headFinding(in: lock, file: LoadedMesh.lockName) { findings.append(finding) }
            // What a broken ledger says is not worth comparing.
            if findings.allSatisfy({ $0.severity == .warning }) {
                let text = LockText(loaded.snapshot.lock ?? [], file: LoadedMesh.lockName)
                findings += state.disagreements(with: lock, operators: loaded.keyring?.operators, text: text)
                if let keyring = loaded.keyring { findings += StrayKeys(keyring, lock).findings }
            }
            self.ledger = ledger
            self.findings = findings.sorted()
        } catch {
            ledger = nil
            findings = error.diagnostics
        }
    }

    /// The ledger whole and genuine, or every finding as a failure.
    func complete() throws -> Ledger {
        if findings.contains(where: { $0.severity == .error }) { throw Failure(.meshInvalid, findings) }
        guard let ledger else {
            throw Failure(
                .fileMissing, .ledgerMissing, "the mesh has no ledger yet",
                hint: "begin it with `hauberk ledger reconcile`")
        }
        return ledger
    }
}
