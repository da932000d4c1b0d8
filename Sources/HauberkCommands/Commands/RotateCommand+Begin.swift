import ArgumentParser
import Diagnostics
import Keys
import MeshFiles
import MeshModel

extension RotateCommand {
    /// `rotate PEER… | --all | --preshared-keys`
    struct Begin: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "begin",
            abstract: "Begin a rotation: make the next keys.",
            usage: "hauberk rotate <peer> … | --all [--preshared-keys] [<options>]",
            discussion: "Needs `rotation:` in mesh.yaml. Nothing changes on any host until it is delivered.")

        @Argument(help: ArgumentHelp("The peers that get new keys.", valueName: "peer"))
        var names: [String] = []

        @Flag(name: .long, help: "Every enabled peer whose private key the keyring has.")
        var all = false

        @Flag(name: .long, help: "The preshared keys of the whole mesh as well, or alone.")
        var presharedKeys = false

        @OptionGroup var change: ChangeOptions

        mutating func validate() throws {
            if all, !names.isEmpty { throw ValidationError("name peers, or give --all, and not both") }
            if !all, names.isEmpty, !presharedKeys {
                throw ValidationError("name peers, or give --all or --preshared-keys")
            }
        }

        func run() throws {
            let turn = try change.rotation("hauberk rotate").run { try begin(&$0) }
            let words = RotationWords(turn.step)
            let passed = turn.step.hosts.filter { !turn.step.rotatable.contains($0) }
            if all, !passed.isEmpty {
                Result.note("keep the keys that are on their hosts alone: \(passed.joined(separator: ", "))")
            }
            Result.print(words.state)
            words.printApps()
            words.printNext()
        }

        private func begin(_ turn: inout RotationEdit.Turn) throws {
            guard let rotation = turn.declared.rotation else {
                throw Failure(
                    .no, .rotationUndeclared,
                    "\(quoted(turn.declared.name)) has no `rotation:`, so that its hosts have one interface each",
                    hint: "add `rotation: {}` to mesh.yaml, render, deliver (it changes firewalls alone), then repeat")
            }
            try turn.loaded.require(names)
            if presharedKeys, turn.declared.wireGuard.presharedKeys == .off {
                throw Failure(
                    .no, .rotationPeer, "\(quoted(turn.declared.name)) has no preshared keys",
                    hint: "set `wireguard: {preshared-keys: pair}` in mesh.yaml")
            }
            try turn.step.requireRotatable(names)
            let chosen = all ? turn.step.rotatable : Set(names).sorted()
            turn.keys = (chosen, PrivateKey.generate(count: chosen.count))
            let keys = zip(chosen, turn.keys.batch.publicKeys.map(\.description))
            try turn.step.begin(
                keys: Dictionary(uniqueKeysWithValues: keys), presharedKeys: presharedKeys,
                deadline: rotation.deadline)
        }
    }
}
