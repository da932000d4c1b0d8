import ArgumentParser
import Diagnostics

/// The words of a command line up to the command's own arguments: `[--mesh DIR] VERB [VERB]`.
///
/// The parser would take `--mesh` only after the verb, and calls an unknown verb an unexpected argument.
struct CommandWords {
    private let root: Verb

    init(of root: any ParsableCommand.Type) { self.root = Verb(root.configuration) }

    /// The arguments in the order that the parser wants, `--mesh DIR` moved behind the verb.
    ///
    /// - Throws: `Failure`, status 64, for a verb that is not there and a `--mesh` that means nothing.
    func normal(_ arguments: [String]) throws -> [String] {
        var line = Line(rest: arguments[...])
        var path = [root]
        while let command = path.last, command.isGroup {
            try line.takeMesh()
            if let fallback = command.fallback, !line.names(command) {
                path.append(fallback)
                line.add(fallback)
                break
            }
            guard let word = line.rest.first, !word.hasPrefix("-") else { break }
            if word == "help", path.count == 1 {
                try checkHelp(Array(line.rest.dropFirst()))
                return Array(line.rest)
            }
            path.append(try Self.command(word, of: path))
            line.takeVerb()
        }
        return try line.arranged(isGroup: path.last?.isGroup ?? true)
    }

    /// Every word after `help` names a command of the one before.
    private func checkHelp(_ words: [String]) throws {
        var path = [root]
        for word in words where !word.hasPrefix("-") { path.append(try Self.command(word, of: path)) }
    }

    /// The command of that name below the last of the path.
    private static func command(_ word: String, of path: [Verb]) throws -> Verb {
        let commands = path.last?.commands ?? []
        if let found = commands.first(where: { $0.name == word }) { return found }
        let names = commands.filter(\.isShown).map(\.name)
        let near = nearest(to: word, among: names) ?? names.first { !word.isEmpty && $0.hasPrefix(word) }
        let above = path.map(\.name)
        let all = ([above[0], "help"] + above.dropFirst()).joined(separator: " ")
        throw Failure(
            .usage, .unknownCommand, "\(above.joined(separator: " ")) has no command \(quoted(word))",
            hint: near.map { "did you mean `\((above + [$0]).joined(separator: " "))`?" } ?? "`\(all)` lists them")
    }
}

/// A command's name and those of the commands below it.
private struct Verb {
    let name: String
    let isShown: Bool
    private(set) var commands: [Verb] = []
    /// The name of the command that runs when none below this one is named.
    private let fallbackName: String?

    init(_ configuration: CommandConfiguration) {
        name = configuration.commandName ?? ""
        isShown = configuration.shouldDisplay
        fallbackName = configuration.defaultSubcommand?.configuration.commandName
        for command in configuration.subcommands { commands.append(Verb(command.configuration)) }
    }

    var isGroup: Bool { !commands.isEmpty }

    var fallback: Verb? { commands.first { $0.name == fallbackName } }
}

/// A command line while its words are put in order.
private struct Line {
    var rest: ArraySlice<String>
    private var verbs: [String] = []
    private var mesh: [String] = []

    init(rest: ArraySlice<String>) { self.rest = rest }

    /// Commands that are about no mesh.
    private static let withoutMesh: Set = ["explain", "operator key", "lab-agent", "apply", "apply-guard"]

    /// Whether the next word is a command below this one, or a question about them all.
    func names(_ command: Verb) -> Bool {
        guard let word = rest.first else { return false }
        return ["-h", "--help", "help", "--version"].contains(word) || command.commands.contains { $0.name == word }
    }

    mutating func add(_ verb: Verb) { verbs.append(verb.name) }

    mutating func takeVerb() { verbs.append(rest.removeFirst()) }

    /// Takes `--mesh DIR` and `--mesh=DIR` off the front; of several the last counts, as after the verb.
    mutating func takeMesh() throws {
        while let first = rest.first {
            if first == "--mesh" {
                guard rest.count > 1 else {
                    throw Failure(.usage, .meshOption, "--mesh names no folder", hint: "hauberk --mesh DIR COMMAND")
                }
                mesh = Array(rest.prefix(2))
                rest = rest.dropFirst(2)
            } else if first.hasPrefix("--mesh=") {
                mesh = [first]
                rest = rest.dropFirst()
            } else {
                return
            }
        }
    }

    func arranged(isGroup: Bool) throws -> [String] {
        if mesh.isEmpty { return verbs + rest }
        if isGroup {
            if !rest.isEmpty { return verbs + rest }
            let hint = "`\((["hauberk", "help"] + verbs).joined(separator: " "))` lists the commands"
            throw Failure(.usage, .meshOption, "--mesh is given, but no command", hint: hint)
        }
        if verbs == ["init"], !rest.contains(where: { ["-h", "--help", "--version"].contains($0) }) {
            throw Failure(
                .usage, .meshOption, "init takes the folder of the new mesh as its argument",
                hint: "hauberk init DIR, without --mesh")
        }
        return verbs + (Self.withoutMesh.contains(verbs.joined(separator: " ")) ? [] : mesh) + rest
    }
}
