import ArgumentParser
import MeshFiles
import SystemAccess

/// `disable NAME…`
struct DisableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Leave peers out of every configuration; they keep their addresses and keys.",
        usage: "hauberk disable <peer> … [<options>]")

    @Argument(help: ArgumentHelp("The peers to leave out.", valueName: "peer"))
    var names: [String]

    @OptionGroup var change: ChangeOptions

    func run() throws {
        let edit = try change.edit("hauberk disable")
        let outcome = try edit.run { before, wishes in
            try before.require(names)
            for name in Set(names).sorted() {
                wishes.editor.setField(path: ["peers", name, "disabled"], flowText: "yes")
            }
        }
        Findings.print(outcome.warnings)
        for name in names { Result.print("disabled \(name)") }
    }
}

/// `enable NAME…`
struct EnableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Take disabled peers back into the configurations.",
        usage: "hauberk enable <peer> … [<options>]")

    @Argument(help: ArgumentHelp("The peers to take back.", valueName: "peer"))
    var names: [String]

    @OptionGroup var change: ChangeOptions

    func run() throws {
        let edit = try change.edit("hauberk enable")
        let outcome = try edit.run { before, wishes in
            try before.require(names)
            for name in Set(names).sorted() where before.tree?.root["peers"]?[name]?["disabled"] != nil {
                wishes.editor.removeField(path: ["peers", name, "disabled"])
            }
        }
        Findings.print(outcome.warnings)
        for name in names { Result.print("enabled \(name)") }
    }
}
