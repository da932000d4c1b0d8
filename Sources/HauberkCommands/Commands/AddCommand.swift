import Addresses
import ArgumentParser
import Diagnostics
import Keys
import MeshFiles
import MeshModel
import SystemAccess

/// `add NAME …` and `add --from FILE`.
struct AddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a peer, or all peers of a list, in one transaction.",
        usage: """
            hauberk add <name> [<options>]
            hauberk add --from <file> [<options>]
            """,
        discussion: """
            A list is the CSV file of wg-meshconf, a CSV file whose header names fields of a peer, or YAML as it \
            stands under `peers:` in mesh.yaml.
            """)

    @Argument(help: "The name of the new peer.")
    var name: String?

    @Option(
        name: .long, help: ArgumentHelp("A CSV or YAML list of peers; - is standard input.", valueName: "file"),
        completion: .file())
    var from: String?

    @OptionGroup var fields: PeerFields
    @OptionGroup var change: ChangeOptions

    func validate() throws {
        if (name == nil) == (from == nil) { throw ValidationError("name one peer, or a list with --from") }
        if from != nil, !fields.yaml.isEmpty { throw ValidationError("with --from, the fields stand in the list") }
    }

    func run() throws {
        let outcome: MeshEdit.Outcome
        let edit = try change.edit("hauberk add")
        if let from {
            let bytes = try from == "-" ? Terminal.input.readAll() : TextFolder("").bytes(of: from)
            let list = try PeerList(parsing: bytes, file: from, format: PeerListFormat(fileName: from)).entries
            outcome = try edit.run { before, wishes in
                try PeerAddition.check(list.map(\.name.text), in: before) { list[$0].name.location }
                wishes.keys = try PeerAddition.keys(list, in: bytes)
                wishes.list = list
                wishes.editor.insert(
                    entries: list.map { ($0.name.text, PeerAddition.line($0)) }, inMapping: ["peers"])
            }
        } else {
            let name = name ?? ""
            outcome = try edit.run { before, wishes in
                try PeerAddition.check([name], in: before) { _ in nil }
                wishes.editor.insert(entries: [(name, PeerFields.line(fields.yaml))], inMapping: ["peers"])
            }
        }
        PeerAddition.report(outcome)
    }
}

/// What both ways to add peers share.
enum PeerAddition {
    /// Refuses names that the mesh cannot have or has already.
    static func check(_ names: [String], in mesh: LoadedMesh, place: (Int) -> SourceLocation?) throws {
        let existing = Set(mesh.tree?.root["peers"]?.entries?.map(\.name) ?? [])
        var findings: [Diagnostic] = []
        for (index, name) in names.enumerated() {
            if let problem = NameRule.problem(of: name) {
                findings.append(Diagnostic(.invalidName, at: place(index), "the peer name \(quoted(name)) \(problem)"))
            } else if existing.contains(name) {
                findings.append(
                    Diagnostic(
                        .peerExists, at: place(index), "the mesh has a peer \(quoted(name)) already",
                        hint: "change it with `hauberk set \(name)`"))
            }
        }
        if !findings.isEmpty { throw Failure(place(0) == nil ? .usage : .meshInvalid, findings) }
    }

    /// The private keys that peers of a list bring with them.
    static func keys(_ list: [PeerListEntry], in source: [UInt8]) throws -> [String: PrivateKey] {
        var keys: [String: PrivateKey] = [:]
        for entry in list {
            guard let range = entry.privateKey else { continue }
            if let publicKey = entry["public-key"] {
                throw Failure(
                    .meshInvalid, .invalidCell, at: publicKey.location,
                    "peer \(quoted(entry.name.text)) has both a private and a public key",
                    hint: "empty one: without its private key here, the peer keeps that to itself")
            }
            do throws(KeyTextError) {
                keys[entry.name.text] = try Self.key(source[range])
            } catch {
                throw Failure(
                    .meshInvalid, .invalidKey, at: entry.name.location,
                    "the private key of \(quoted(entry.name.text)) is not 32 bytes in base64")
            }
        }
        return keys
    }

    private static func key(_ text: ArraySlice<UInt8>) throws(KeyTextError) -> PrivateKey {
        let result = text.withUnsafeBytes { bytes in
            Swift.Result { () throws(KeyTextError) in try PrivateKey(base64: bytes) }
        }
        return try result.get()
    }

    /// The peer on one line of `mesh.yaml`.
    static func line(_ entry: PeerListEntry) -> String {
        PeerFields.line(PeerFields.order.compactMap { name in entry[name].map { (name, $0.flowText) } })
    }

    static func report(_ outcome: MeshEdit.Outcome) {
        Findings.print(outcome.warnings)
        guard let update = outcome.update else { return }
        if update.added.count > 3 {
            Result.print("added \(update.added.count) peers")
            return
        }
        for name in update.added {
            let addresses = update.lock.peers[name]?.addresses.map(\.description) ?? []
            Result.print("added \(name) with \(addresses.joined(separator: " and "))")
        }
    }
}
