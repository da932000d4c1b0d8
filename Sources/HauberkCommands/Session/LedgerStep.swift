import Diagnostics
import Keys
import Ledger
import MeshFiles

/// What one command adds to the ledger, signed by who runs it.
struct LedgerStep {
    private let identity: Identity
    private let operators: [KeyringOperator]

    /// - Parameter operators: of the keyring as the command found it, unlocked.
    init(_ identity: Identity, _ operators: [KeyringOperator]) {
        self.identity = identity
        self.operators = operators
    }

    /// The ledger's new text and what the lock file is to carry, for a step from one lock file to the next.
    ///
    /// - Parameter events: what was said before that step.
    func taken(
        from old: LockFile, to new: LockFile, renames: [(old: String, new: String)], saying events: [LedgerEvent] = [],
        after ledger: [UInt8]?
    ) throws -> (bytes: [UInt8], head: LockedLedger) {
        var change = try begin(ledger, old)
        try change.append(events + LedgerChange.events(from: old, to: new, renames: renames))
        return change.result
    }

    /// The same for a change of the operators.
    func taken(
        to new: [KeyringOperator], of lock: LockFile, after ledger: [UInt8]?
    ) throws -> (bytes: [UInt8], head: LockedLedger) {
        var change = try begin(ledger, lock)
        try change.append(
            new.filter { !operators.contains($0) }.map { .operatorAdded($0) }
                + operators.filter { !new.contains($0) }.map { .operatorRemoved($0) })
        return change.result
    }

    /// The same for all that the ledger lacks, with the events that were added.
    func reconciled(
        with lock: LockFile, after ledger: [UInt8]?
    ) throws -> (events: [LedgerEvent], result: (bytes: [UInt8], head: LockedLedger)) {
        var change = try begin(ledger, lock)
        let events = try change.reconcile(with: lock, operators: operators)
        return (events, change.result)
    }

    private func begin(_ ledger: [UInt8]?, _ lock: LockFile) throws -> LedgerChange {
        let author = try LedgerChange.Author(identity, among: operators, at: Moment.now)
        return try LedgerChange(ledger, file: LoadedMesh.ledgerName, of: lock, by: author)
    }
}
