import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `rename A B`
struct RenameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a peer another name; it keeps its addresses and keys.",
        usage: "hauberk rename <old> <new> [<options>]")

    @Argument(help: "The peer's present name.")
    var old: String

    @Argument(help: "Its new name.")
    var new: String

    @OptionGroup var change: ChangeOptions

    func run() throws {
        let edit = try change.edit("hauberk rename")
        let outcome = try edit.run { before, wishes in
            try before.require([old])
            try PeerAddition.check([new], in: before) { _ in nil }
            wishes.editor.rename(old, to: new, inMapping: ["peers"])
            for reference in Self.references(to: old, in: before.tree?.root) {
                wishes.editor.replaceScalar(at: reference.byteRange, with: yamlScalar(new))
            }
            wishes.renames = [(old, new)]
        }
        Findings.print(outcome.warnings)
        Result.print("renamed \(old) to \(new)")
    }

    /// Where the mesh file names the peer outside of `peers:`.
    private static func references(to name: String, in root: YAMLNode?) -> [YAMLNode] {
        ["hubs", "relays", "links"].flatMap { field in
            root?[field].map { scalars(in: $0).filter { $0.text == name } } ?? []
        }
    }

    private static func scalars(in node: YAMLNode) -> [YAMLNode] {
        node.items.map { $0.flatMap(scalars) } ?? [node]
    }
}
