import Addresses
import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `remove NAME…`
struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove peers; their addresses go into quarantine, their private keys out of the keyring.",
        usage: "hauberk remove <peer> … [<options>]")

    @Argument(help: ArgumentHelp("The peers to remove.", valueName: "peer"))
    var names: [String]

    @OptionGroup var change: ChangeOptions

    func run() throws {
        let edit = try change.edit("hauberk remove")
        let outcome = try edit.run { before, wishes in
            try before.require(names)
            for name in Set(names).sorted() { wishes.editor.remove(name, inMapping: ["peers"]) }
        }
        Findings.print(outcome.warnings)
        for name in outcome.update?.removed ?? [] { Result.print("removed \(name)") }
        if let update = outcome.update { RotationWords.note(update) }
    }
}

extension LoadedMesh {
    /// Refuses names that no peer of the file has.
    func require(_ names: [String]) throws {
        let known = Set(tree?.root["peers"]?.entries?.map(\.name) ?? [])
        let findings = names.filter { !known.contains($0) }.map { name in
            Diagnostic(
                .noPeers, at: nil, "the mesh has no peer \(quoted(name))",
                hint: nearest(to: name, among: known.sorted()).map { "did you mean \(quoted($0))?" })
        }
        if !findings.isEmpty { throw Failure(.usage, findings) }
    }

    /// Refuses names that no peer of the file has, and peers that are left out of every configuration.
    func requireEnabled(_ names: [String]) throws {
        try require(names)
        let disabled = Set(check?.declared?.peers.filter(\.isDisabled).map(\.name) ?? [])
        let findings = names.filter(disabled.contains).map { name in
            Diagnostic(
                .noPeers, at: nil, "peer \(quoted(name)) is disabled",
                hint: "take it back with `hauberk enable \(name)`")
        }
        if !findings.isEmpty { throw Failure(.no, findings) }
    }
}
