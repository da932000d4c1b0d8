import ArgumentParser
import Diagnostics
import Glibc
import MeshFiles
import MeshModel
import SystemAccess

/// `schedule install | show | remove`
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Let this machine begin the rotation of keys that are due, every day.",
        discussion: """
            Writes a timer of systemd, or a file of cron where systemd does not run, that runs `hauberk rotate --due` for \
            this mesh. It holds no secret: it names the file of your identity. Delivering stays yours to do.
            """,
        subcommands: [Install.self, Show.self, Remove.self])

    /// `schedule install`
    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "install", abstract: "Write the timer, and say how to start it.")

        @Option(name: .long, help: ArgumentHelp("When, every day, in local time.", valueName: "hh:mm"))
        var at: TimeOfDay = .night

        @OptionGroup var place: ScheduleOptions
        @OptionGroup var identity: IdentityOptions

        func run() throws {
            let schedule = try place.schedule()
            let job = try ScheduledJob(
                schedule.mesh, identity: identity, at: at, isHere: schedule.root.isEmpty)
            for (path, text) in schedule.files(for: job) {
                try schedule.refuseForeign(path)
                try schedule.write(text, to: path)
                Result.print("\(path):\n\(text)")
            }
            Result.note("next: \(schedule.starting)")
        }
    }

    /// `schedule show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print what was written for this mesh, and when it runs next.",
            discussion: "Ends with 1 where nothing was.")

        @OptionGroup var place: ScheduleOptions

        func run() throws {
            let schedule = try place.schedule()
            let own = try schedule.ownFiles()
            guard !own.isEmpty else {
                Result.note("nothing is scheduled for \(schedule.mesh)")
                throw ExitCode(ExitStatus.no.rawValue)
            }
            for (path, text) in own { Result.print("\(path):\n\(text)") }
            if let time = own.lazy.compactMap({ TimeOfDay(in: $0.text) }).first {
                let minutes = time.minutesAhead(of: Moment.now.seconds)
                Result.print("next: at \(time), in \(minutes / 60) h \(minutes % 60) min")
            }
        }
    }

    /// `schedule remove`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove what was written for this mesh, and nothing else.")

        @OptionGroup var place: ScheduleOptions

        func run() throws {
            let schedule = try place.schedule()
            let own = try schedule.ownFiles()
            for (path, _) in own {
                try schedule.remove(path)
                Result.print("removed \(path)")
            }
            if own.isEmpty { return Result.note("nothing is scheduled for \(schedule.mesh)") }
            if schedule.kind == .systemd { Result.note("next: \(schedule.stopping)") }
        }
    }
}

/// Which mesh, and where the machine keeps its timers.
struct ScheduleOptions: ParsableArguments {
    @OptionGroup var mesh: MeshOptions

    @Flag(name: .long, help: "A file of cron, even where systemd runs.")
    var cron = false

    @Flag(name: .long, help: "A timer of systemd.")
    var systemd = false

    @Flag(name: .long, help: "Of your own systemd, which needs no root.")
    var user = false

    @Option(
        name: .long, help: ArgumentHelp("Where the machine's / is, to prepare another one.", valueName: "dir"),
        completion: .directory)
    var root: String = ""

    mutating func validate() throws {
        if cron, systemd || user { throw ValidationError("--cron goes together with neither --systemd nor --user") }
    }

    /// The mesh's schedule on this machine; refused where there is neither kind.
    func schedule() throws -> Schedule {
        let path = try Schedule.absolute(try mesh.path())
        let loaded = try LoadedMesh.read(path, .withoutKeyring)
        guard let declared = loaded.check?.declared else { throw Failure(.meshInvalid, loaded.findings) }
        let hasSystemd = Schedule.isFolder("\(root)/run/systemd/system")
        let hasCron = Schedule.isFolder("\(root)/etc/cron.d")
        let kind: Schedule.Kind = cron || !(hasSystemd || systemd || user) ? .cron : .systemd
        guard kind == .cron ? hasCron : hasSystemd || !root.isEmpty else {
            throw Failure(
                .toolMissing, .scheduleMissing,
                "there is no \(kind == .cron ? "\(root)/etc/cron.d" : "systemd") on this machine to schedule with",
                hint: "install cron, or run `hauberk rotate --due` from a timer of your own")
        }
        return Schedule(mesh: path, name: declared.name, kind: kind, isUsers: user, root: root)
    }
}
