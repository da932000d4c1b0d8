import ArgumentParser
import Diagnostics
import Keys
import MeshFiles
import MeshModel

/// `rotate [begin] | status | acknowledge | advance | abort`
struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give peers new keys while every connection stays open.",
        discussion: """
            A rotation goes through stages. In each one: `hauberk render`, deliver, `hauberk rotate acknowledge` for the \
            hosts that have it, then `hauberk rotate advance`.
              prepared   every host has a second interface with the next keys; packets take the present one
              switched   packets take the next one; the present one still listens
              retiring   the former one is there for hosts that were left behind, and for nobody else
            """,
        subcommands: [Begin.self, Status.self, Acknowledge.self, Advance.self, Abort.self],
        defaultSubcommand: Begin.self)

    /// `rotate acknowledge PEER… | --all`
    struct Acknowledge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "acknowledge",
            abstract: "Say that hosts are in the present stage of the rotation.",
            usage: "hauberk rotate acknowledge <peer> … | --all [<options>]",
            discussion: """
                For hosts that have applied what `hauberk render` wrote in this stage. One that was left behind and has \
                it now is named; then the others move its way, and have to be acknowledged anew.
                """)

        @Argument(help: ArgumentHelp("The hosts.", valueName: "peer"))
        var names: [String] = []

        @Flag(name: .long, help: "Every host that was not left behind.")
        var all = false

        @OptionGroup var change: ChangeOptions

        mutating func validate() throws {
            if names.isEmpty != all { throw ValidationError("name hosts, or give --all, and not both") }
        }

        func run() throws {
            let turn = try change.rotation("hauberk rotate acknowledge").run { turn in
                try turn.loaded.require(names)
                try turn.step.acknowledge(all ? turn.step.present : names)
            }
            let step = turn.step
            for name in step.acknowledged { Result.print("\(name): ready") }
            if step.acknowledged.isEmpty { Result.print("nothing new") }
            if !step.returned.isEmpty {
                Result.note(
                    "\(step.returned.joined(separator: ", ")) was left behind and is back: the rotation is in the stage "
                        + "switched, until the others have moved their ways to it")
            }
            RotationWords(step).printNext()
        }
    }

    /// `rotate advance`
    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "advance",
            abstract: "Take the rotation to its next stage, when every host is in this one.",
            discussion: """
                Ends with 1 and changes nothing while a host is waited for, and names each. A host that cannot be reached \
                is left behind with --absent: the others keep their former way to it until it is back, or until the \
                deadline.
                """)

        @Option(
            name: .long, parsing: .upToNextOption,
            help: ArgumentHelp("Leave these hosts behind.", valueName: "peer"))
        var absent: [String] = []

        @Flag(name: .long, help: "End the rotation though hosts were left behind; they are cut off.")
        var drop = false

        @Option(
            name: .long,
            help: ArgumentHelp("`all`: every host that was not left behind is in this stage.", valueName: "all"))
        var acknowledged: AllHosts?

        @OptionGroup var change: ChangeOptions

        func run() throws {
            let turn = try change.rotation("hauberk rotate advance").run { turn in
                try turn.loaded.require(absent)
                if acknowledged != nil {
                    let left = Set(absent)
                    try turn.step.acknowledge(turn.step.present.filter { !left.contains($0) })
                }
                try turn.step.advance(leaving: absent, dropping: drop)
            }
            let words = RotationWords(turn.step)
            Result.print(words.state)
            if !turn.step.cut.isEmpty {
                Result.note(
                    "left behind, and cut off from the way that goes until they and the others have their files: "
                        + turn.step.cut.joined(separator: ", "))
            }
            words.printNext()
        }
    }

    /// `rotate abort`
    struct Abort: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "abort",
            abstract: "Take the rotation back to the present keys.",
            discussion: """
                At once while no host uses the next keys. Else by the stages that led here, each delivered and \
                acknowledged like the others, so that no connection breaks.
                """)

        @OptionGroup var change: ChangeOptions

        func run() throws {
            let turn = try change.rotation("hauberk rotate abort").run(anyway: true) { try $0.step.abort() }
            let words = RotationWords(turn.step)
            Result.print(words.state)
            words.printNext()
            if turn.loaded.lock?.rotation?.running?.rotatesPreshared ?? false {
                Result.note(
                    "the preshared keys of before stay: if they were to go because a peer was removed, begin anew with "
                        + "`hauberk rotate --preshared-keys`")
            }
        }
    }
}

/// The only word that `--acknowledged` takes.
enum AllHosts: String, ExpressibleByArgument, CaseIterable {
    case all
}

extension ChangeOptions {
    /// A step of a rotation; `command` is what a second writer is told.
    func rotation(_ command: String) throws -> RotationEdit {
        RotationEdit(path: try mesh.path(), identity: identity, wait: wait.wait, command: command)
    }
}

extension RotationStep {
    /// The hosts that were not left behind.
    var present: [String] {
        let absent = Set(absent)
        return hosts.filter { !absent.contains($0) }
    }
}
