import ArgumentParser
import Diagnostics
import Keys
import Ledger
import MeshFiles
import SystemAccess

/// `ledger [show] [PEER] | verify | reconcile`
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Say who had which key from when to when, and prove it.",
        discussion: """
            mesh.ledger holds a line for every key that came or went, each with the digest of the line before it and \
            the signature of the operator who did it. A mesh has one once `hauberk ledger reconcile` has begun it; from \
            then on commands that change a key append to it.
            """,
        subcommands: [Show.self, Verify.self, Reconcile.self], defaultSubcommand: Show.self)

    /// `ledger verify`
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check every line of the ledger, and that it agrees with the mesh.",
            discussion: """
                Checks form, numbers, digests, signatures, each signer's right to sign, times, and that the lock file \
                and the keyring say the same. Ends with 0 when all is well, or only a clock went back, and with 1 when \
                anything else was found.
                """)

        @OptionGroup var mesh: MeshOptions
        @OptionGroup var format: FormatOptions

        func run() throws {
            let loaded = try LoadedMesh.read(try mesh.path())
            guard let lock = loaded.lock else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let found = LoadedLedger(loaded, .signatures)
            if found.findings.isEmpty { _ = try found.complete() }
            let isGood = found.findings.allSatisfy { $0.id == .ledgerClock }
            if format.json {
                Result.print(try JSONText.encode(LedgerVerdict(found, isGood: isGood)))
            } else {
                Findings.print(found.findings)
                if isGood, let ledger = found.ledger { Result.print(Self.sentence(lock.name, ledger)) }
            }
            if !isGood { throw ExitCode(ExitStatus.no.rawValue) }
        }

        private static func sentence(_ mesh: String, _ ledger: Ledger) -> String {
            let count = ledger.lines.count
            let first = ledger.lines.first.map { "; begun \($0.time) by \($0.operatorName), \($0.fingerprint)" } ?? ""
            return "\(mesh): \(count) line\(count == 1 ? "" : "s") of the ledger, all genuine\(first)"
        }
    }

    /// `ledger reconcile`
    struct Reconcile: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reconcile",
            abstract: "Append what the ledger lacks, signed by you.",
            discussion: """
                After a merge, or an edit of mesh.lock by hand: adds a line for every key and operator that the lock \
                file and the keyring have and the ledger has not, and the other way round, and says which. Next keys of \
                a rotation that the keyring has and the lock file has not are removed. Look at `hauberk ledger verify` \
                first: what you sign is in your name. Begins the ledger of a mesh that has none.
                """)

        @OptionGroup var change: ChangeOptions

        func run() throws {
            let path = try change.mesh.path()
            let directory = MeshDirectory.at(path)
            let (events, strays) = try directory.withLock(
                waiting: change.wait.wait, command: "hauberk ledger reconcile"
            ) {
                try Self.reconcile(&$0, path, change.identity)
            }
            for event in events { Result.print("added: \(event.text)") }
            for key in strays.keys { Result.print("removed: the keyring's key of \(key.peer), epoch \(key.epoch)") }
            if events.isEmpty, strays.keys.isEmpty { Result.print("nothing to add") }
        }

        private static func reconcile(
            _ transaction: inout MeshTransaction, _ path: String, _ options: IdentityOptions
        ) throws -> (events: [LedgerEvent], strays: StrayKeys) {
            let loaded = try LoadedMesh(path: path, snapshot: transaction.snapshot, .form)
            guard var lock = loaded.lock, let locked = loaded.keyring else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let identity = try OperatorIdentity(options: options).open()
            var keyring = try locked.unlock(with: identity)
            let step = LedgerStep(identity, keyring.operators)
            let (events, result) = try step.reconciled(with: lock, after: transaction.snapshot.ledger)
            lock.ledger = result.head
            let strays = StrayKeys(locked, lock)
            for key in strays.keys { keyring.remove(key.peer, epoch: key.epoch) }
            try transaction.commit(
                lock: lock.text, keys: strays.keys.isEmpty ? nil : keyring.bytes, ledger: result.bytes)
            return (events, strays)
        }
    }
}

/// What `ledger verify --json` prints; the names are stable.
struct LedgerVerdict: Encodable {
    let good: Bool
    /// Left out when the ledger does not parse.
    let lines: Int?
    let head: String?
    let begun: String?
    let beganBy: String?
    /// Of the first operator's key: what a person compares.
    let fingerprint: String?
    let findings: [FindingRow]

    init(_ found: LoadedLedger, isGood: Bool) {
        let first = found.ledger?.lines.first
        good = isGood
        lines = found.ledger?.lines.count
        head = found.ledger?.head.description
        begun = first?.time.description
        beganBy = first?.operatorName
        fingerprint = first?.fingerprint
        findings = found.findings.map(FindingRow.init)
    }
}
