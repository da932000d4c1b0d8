/// A command as `hauberk --experimental-dump-help` describes it (ArgumentParserToolInfo, version 0).
struct CommandInfo: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool?
    let arguments: [ArgumentInfo]?
    let subcommands: [CommandInfo]?

    /// What people see, without the parser's own `help`.
    var commands: [CommandInfo] {
        (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    }

    /// What people see, without `--help` and `--version`, which every command has.
    var ownArguments: [ArgumentInfo] {
        (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.name) }
    }
}

/// The whole description.
struct ToolInfo: Decodable {
    let serializationVersion: Int
    let command: CommandInfo
}

/// An argument, option or flag.
struct ArgumentInfo: Decodable, Hashable {
    enum Kind: String, Decodable {
        case positional, option, flag
    }

    struct Name: Decodable, Hashable {
        let kind: String
        let name: String
    }

    let kind: Kind
    let abstract: String?
    let valueName: String?
    let preferredName: Name?
    let defaultValue: String?
    let isOptional: Bool
    let isRepeating: Bool
    let shouldDisplay: Bool

    var name: String { preferredName?.name ?? valueName ?? "" }
}
