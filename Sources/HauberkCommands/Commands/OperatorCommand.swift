import ArgumentParser
import Diagnostics
import Keys
import Ledger
import MeshFiles
import MeshModel
import SystemAccess

/// `operator key | list | add NAME KEY | remove NAME`
struct OperatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator",
        abstract: "Say who can open the keyring: list operators, add and remove them.",
        subcommands: [Key.self, List.self, Add.self, Remove.self])

    /// `operator key`
    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "key",
            abstract: "Print your operator key for a colleague to add; creates your identity on first use.",
            discussion: "With --passphrase-file, a new identity is protected by the passphrase in that file.")

        @OptionGroup var identity: IdentityOptions

        func run() throws {
            let (own, created) = try OperatorIdentity(options: identity).openOrCreate()
            if let created { Result.note("created your identity \(created): keep it, and keep it to yourself") }
            Result.print(own.publicKey.description)
        }
    }

    /// `operator list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the operators.")

        @OptionGroup var mesh: MeshOptions
        @OptionGroup var format: FormatOptions

        private struct Row: Encodable {
            let name: String
            let key: String
        }

        func run() throws {
            let path = try mesh.path()
            let loaded = try LoadedMesh.read(path)
            guard let keyring = loaded.keyring else {
                throw loaded.isRefused ? Failure(.meshInvalid, loaded.findings) : MeshEdit.incomplete(loaded)
            }
            let rows = keyring.operators.map { Row(name: $0.name, key: $0.key.description) }
            if format.json {
                Result.print(try JSONText.encode(rows))
            } else {
                var table = Table(["NAME", "KEY"])
                for row in rows { table.append([row.name, row.key]) }
                Result.print(table.text)
            }
        }
    }

    /// `operator add NAME KEY`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Seal the keyring to a colleague's key as well.",
            usage: "hauberk operator add <name> <key> [<options>]")

        @Argument(help: "The operator's name.")
        var name: String

        @Argument(help: "What the colleague's `hauberk operator key` prints.")
        var key: String

        @OptionGroup var change: ChangeOptions

        func run() throws {
            guard let key = OperatorKey(parsing: key) else {
                throw Failure(
                    .usage, .operatorKey, "\(quoted(key)) is not an operator's key",
                    hint: "the colleague prints it with `hauberk operator key`")
            }
            let operators = try change.operators()
            try operators.run("hauberk operator add") { keyring, _ in
                try keyring.addOperator(KeyringOperator(name: name, key: key))
            }
            Result.print("added operator \(name)")
        }
    }

    /// `operator remove NAME`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Seal the keyring anew without an operator.",
            usage: "hauberk operator remove <name> [<options>]",
            discussion: """
                Everything is sealed under a new key. What the operator has read stays known to them, and older \
                versions of mesh.keys stay open to them: rotate the keys that matter.
                """)

        @Argument(help: "The operator's name.")
        var name: String

        @OptionGroup var change: ChangeOptions

        func run() throws {
            let operators = try change.operators()
            try operators.run("hauberk operator remove") { keyring, lock in
                try keyring.removeOperator(name) { peer, epoch in
                    lock.peers[peer]?.ledgerKeys(of: peer).first { $0.epoch == epoch }?.publicKey
                }
            }
            Result.print("removed operator \(name)")
            Result.note("what \(name) has read stays known to them: rotate the keys that matter")
        }
    }
}
