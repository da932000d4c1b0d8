import ArgumentParser
import Diagnostics
import Keys
import MeshFiles
import MeshModel

extension RotateCommand {
    /// `rotate PEER… | --all | --due | --preshared-keys`, `rotate --simple …`, `rotate --now --compromised PEER`
    struct Begin: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "begin",
            abstract: "Begin a rotation: make the next keys.",
            usage: """
                hauberk rotate <peer> … | --all | --due [--preshared-keys] [<options>]
                hauberk rotate --simple <peer> … | --all | --preshared-keys [--yes] [<options>]
                hauberk rotate --now --compromised <peer> [--yes] [<options>]
                """,
            discussion: """
                Needs `rotation:` in mesh.yaml. Nothing changes on any host until it is delivered. With --due, nothing is \
                printed while no key is due or a rotation runs in its time; one past its deadline is a warning, and ends \
                with 1. With --simple and --now, keys change in place: connections break until both ends have their files.
                """)

        @Argument(help: ArgumentHelp("The peers that get new keys.", valueName: "peer"))
        var names: [String] = []

        @Flag(name: .long, help: "Every enabled peer whose private key the keyring has.")
        var all = false

        @Flag(name: .long, help: "Whatever is older than `rotation:` in mesh.yaml allows; unknown ages are.")
        var due = false

        @Flag(name: .long, help: "The preshared keys of the whole mesh as well, or alone.")
        var presharedKeys = false

        @Flag(name: .long, help: "Change keys in place, with one interface and an interruption.")
        var simple = false

        @Flag(name: .long, help: "Change a key that others have in place and everywhere.")
        var now = false

        @Option(name: .long, help: ArgumentHelp("The peer whose key others have, for --now.", valueName: "peer"))
        var compromised: String?

        @Flag(name: .long, help: "Do not ask before connections break.")
        var yes = false

        @OptionGroup var change: ChangeOptions

        mutating func validate() throws {
            if now != (compromised != nil) { throw ValidationError("--now and --compromised PEER go together") }
            if now || due {
                guard names.isEmpty, !all, !presharedKeys, !simple, now != due else {
                    throw ValidationError("\(now ? "--now" : "--due") chooses the keys by itself")
                }
                return
            }
            if all, !names.isEmpty { throw ValidationError("name peers, or give --all, and not both") }
            if !all, names.isEmpty, !presharedKeys {
                throw ValidationError("name peers, or give --all, --due or --preshared-keys")
            }
        }

        func run() throws {
            if let compromised { return try replace(compromised) }
            if simple { return try replaceInPlace() }
            var found: DueKeys?
            var overdue: Diagnostic?
            let turn = try change.rotation("hauberk rotate").run { turn in
                if due {
                    (found, overdue) = try beginDue(&turn)
                } else {
                    try begin(&turn)
                }
            }
            if let overdue {
                Findings.print([overdue])
                throw ExitCode(ExitStatus.no.rawValue)
            }
            if let found {
                if found.isEmpty { return }
                Self.print(found)
            } else if all {
                noteHeld(turn.step)
            }
            let words = RotationWords(turn.step)
            Result.print(words.state)
            words.printApps()
            words.printNext()
        }

        func noteHeld(_ step: RotationStep) {
            let held = Set(step.hosts).subtracting(step.rotatable).sorted()
            if held.isEmpty { return }
            Result.note("keep the keys that are on their hosts alone: \(held.joined(separator: ", "))")
        }

        /// Refuses peers that are not there or cannot rotate, and preshared keys that are off.
        func requireSubjects(_ turn: RotationEdit.Turn) throws {
            try turn.loaded.require(names)
            if presharedKeys, turn.declared.wireGuard.presharedKeys == .off {
                throw Failure(
                    .no, .rotationPeer, "\(quoted(turn.declared.name)) has no preshared keys",
                    hint: "set `wireguard: {preshared-keys: pair}` in mesh.yaml")
            }
            try turn.step.requireRotatable(names)
        }

        private func begin(_ turn: inout RotationEdit.Turn) throws {
            let rotation = try Self.rotation(of: turn.declared)
            try requireSubjects(turn)
            let keys = turn.draw(all ? turn.step.rotatable : Set(names).sorted())
            try turn.step.begin(keys: keys, presharedKeys: presharedKeys, deadline: rotation.deadline)
        }

        /// What is due, which is begun; nothing while a rotation runs, but a warning when its deadline has passed.
        private func beginDue(_ turn: inout RotationEdit.Turn) throws -> (DueKeys, Diagnostic?) {
            let rotation = try Self.rotation(of: turn.declared)
            guard rotation.keys != nil || rotation.presharedKeys != nil else {
                throw Failure(
                    .no, .rotationUndeclared, at: rotation.location,
                    "`rotation:` names no age, so that no key is ever due", hint: "write `rotation: {keys: 90d}`")
            }
            if let running = turn.step.running {
                guard running.deadline <= Moment.now else { return (DueKeys(), nil) }
                let overdue = Diagnostic(
                    .rotationOverdue, at: nil,
                    "the rotation begun \(running.begun) is in the stage \(running.phrase), and its deadline "
                        + "\(running.deadline) has passed",
                    hint: "`hauberk rotate status` says who is waited for")
                return (DueKeys(), overdue)
            }
            let found = turn.step.due(rotation, turn.declared.wireGuard.presharedKeys)
            if found.isEmpty { return (found, nil) }
            let keys = turn.draw(found.peers.map(\.name))
            try turn.step.begin(keys: keys, presharedKeys: found.presharedKeys != nil, deadline: rotation.deadline)
            return (found, nil)
        }

        private static func rotation(of mesh: DeclaredMesh) throws -> DeclaredRotation {
            if let rotation = mesh.rotation { return rotation }
            throw Failure(
                .no, .rotationUndeclared,
                "\(quoted(mesh.name)) has no `rotation:`, so that its hosts have one interface each",
                hint: "add `rotation: {}` to mesh.yaml, render, deliver (it changes firewalls alone), then repeat")
        }

        private static func print(_ due: DueKeys) {
            let age: (Int64?) -> String = { $0.map { "\(Status.age($0)) old" } ?? "age unknown" }
            for (name, seconds) in due.peers { Result.print("\(name): due, \(age(seconds))") }
            if let preshared = due.presharedKeys { Result.print("preshared keys: due, \(age(preshared.age))") }
            if !due.held.isEmpty {
                Result.note("due, and on their hosts alone: \(due.held.joined(separator: ", "))")
            }
        }
    }
}

extension RotationEdit.Turn {
    /// Makes a key pair for each of these peers; the public keys in base64.
    mutating func draw(_ names: [String]) -> [String: String] {
        keys = (names, PrivateKey.generate(count: names.count))
        return Dictionary(uniqueKeysWithValues: zip(names, keys.batch.publicKeys.map(\.description)))
    }
}
