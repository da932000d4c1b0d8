import Addresses
import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// `set NAME …`
struct SetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change fields of a peer; only its own lines of mesh.yaml are touched.",
        usage: "hauberk set <peer> [<options>]")

    @Argument(help: ArgumentHelp("The peer to change.", valueName: "peer"))
    var name: String

    @OptionGroup var fields: PeerFields

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A field to take away, by its name in mesh.yaml; repeat for more.", valueName: "field"))
    var unset: [String] = []

    @OptionGroup var change: ChangeOptions

    func validate() throws {
        if fields.yaml.isEmpty, unset.isEmpty, !fields.redrawsAddress {
            throw ValidationError("name a field to change, for example --public 203.0.113.7")
        }
        let given = Set(fields.yaml.map(\.field))
        for field in unset {
            if !PeerFields.order.contains(field) { throw ValidationError("a peer has no field \(quoted(field))") }
            if given.contains(field) { throw ValidationError("\(field) is both given and taken away") }
        }
        if fields.redrawsAddress, fields.address.count > 1 {
            throw ValidationError("--address auto stands for all of the peer's addresses")
        }
    }

    func run() throws {
        let edit = try change.edit("hauberk set")
        let outcome = try edit.run { before, wishes in
            try before.require([name])
            for (field, value) in fields.yaml {
                wishes.editor.setField(path: ["peers", name, field], flowText: value)
            }
            let present = Set(before.tree?.root["peers"]?[name]?.entries?.map(\.name) ?? [])
            let goes = unset + (fields.redrawsAddress ? ["address"] : [])
            for field in goes where present.contains(field) {
                wishes.editor.removeField(path: ["peers", name, field])
            }
            if fields.redrawsAddress { wishes.redrawing.insert(name) }
        }
        Findings.print(outcome.warnings)
        let addresses = outcome.lock.peers[name]?.addresses.map(\.description) ?? []
        Result.print("set \(name), with \(addresses.joined(separator: " and "))")
    }
}
