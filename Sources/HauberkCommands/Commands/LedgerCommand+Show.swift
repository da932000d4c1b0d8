import ArgumentParser
import Diagnostics
import Keys
import Ledger
import MeshFiles
import SystemAccess

extension LedgerCommand {
    /// `ledger show [PEER]`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "List the keys of all peers, or of one, with the time and the operator of each change.",
            usage: "hauberk ledger show [<peer>] [<options>]",
            discussion: """
                The whole ledger is verified first. A time after `<` is when the ledger first told of a key that was \
                there already. A peer is found by every name that it has had.
                """)

        @Argument(help: "The peer, by its present or a former name.")
        var peer: String?

        @OptionGroup var mesh: MeshOptions
        @OptionGroup var format: FormatOptions

        func run() throws {
            let loaded = try LoadedMesh.read(try mesh.path())
            if loaded.lock == nil {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let found = LoadedLedger(loaded, .signatures)
            let history = LedgerHistory(try found.complete())
            let records = history.records.filter { record in
                peer.map { record.peer == $0 || record.formerNames.contains($0) } ?? true
            }
            if let peer, records.isEmpty { throw Self.unknown(peer, history) }
            let hosts = Set(records.map(\.peer))
            let acknowledgements = history.acknowledgements.filter { peer == nil || hosts.contains($0.host) }
            Findings.print(found.findings)
            if format.json {
                Result.print(
                    try JSONText.encode(
                        LedgerRows(
                            keys: records.map(LedgerRows.Key.init),
                            acknowledged: acknowledgements.map(LedgerRows.Acknowledgement.init))))
            } else {
                Self.print(records, acknowledgements)
            }
        }

        private static func unknown(_ peer: String, _ history: LedgerHistory) -> Failure {
            let names = Set(history.records.flatMap { [$0.peer] + $0.formerNames }).sorted()
            return Failure(
                .usage, .noPeers, "the ledger has no peer \(quoted(peer))",
                hint: nearest(to: peer, among: names).map { "did you mean \(quoted($0))?" })
        }

        private static func print(
            _ records: [LedgerHistory.Record], _ acknowledgements: [LedgerHistory.Acknowledgement]
        ) {
            var table = Table(["NAME", "KEY", "FROM", "BY", "UNTIL", "BY", "PUBLIC KEY"])
            for record in records {
                table.append([
                    ([record.peer] + record.formerNames.reversed()).joined(separator: "<-"), "\(record.epoch)",
                    (record.isFound ? "<" : "") + record.from.description, record.beganBy,
                    record.end?.time.description ?? "", record.end?.by ?? "", record.publicKey.description,
                ])
            }
            Result.print(table.text)
            guard !acknowledgements.isEmpty else { return }
            var second = Table(["HOST", "HAS EPOCH", "SINCE", "BY"])
            for item in acknowledgements { second.append([item.host, "\(item.epoch)", "\(item.time)", item.by]) }
            Result.print(second.text)
        }
    }
}

/// What `ledger show --json` prints; the names are stable.
struct LedgerRows: Encodable {
    let keys: [Key]
    let acknowledged: [Acknowledgement]

    /// One key of one peer.
    struct Key: Encodable {
        let peer: String
        /// The first of them first.
        let formerNames: [String]
        let epoch: UInt32
        let publicKey: String
        let from: String
        /// Whether the key was there already when the ledger first told of it.
        let found: Bool
        let beganBy: String
        /// Left out while the key is valid.
        let until: String?
        let endedBy: String?

        init(_ record: LedgerHistory.Record) {
            peer = record.peer
            formerNames = record.formerNames
            epoch = record.epoch
            publicKey = record.publicKey.description
            from = record.from.description
            found = record.isFound
            beganBy = record.beganBy
            until = record.end?.time.description
            endedBy = record.end?.by
        }
    }

    /// A host that has what an epoch brought.
    struct Acknowledgement: Encodable {
        let host: String
        let epoch: UInt32
        let at: String
        let by: String

        init(_ item: LedgerHistory.Acknowledgement) {
            host = item.host
            epoch = item.epoch
            at = item.time.description
            by = item.by
        }
    }
}
