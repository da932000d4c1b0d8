/// hauberk(1) in mdoc(7), from the command tree itself.
struct ManualPage {
    private let root: CommandInfo
    /// Options that many commands take, described once.
    private let shared: [ArgumentInfo]
    private var lines: [String] = []

    init(_ root: CommandInfo) {
        self.root = root
        let all = Self.leaves(of: root, path: []).flatMap(\.command.ownArguments).filter { $0.kind != .positional }
        var seen: Set<ArgumentInfo> = []
        shared = all.filter { option in
            seen.insert(option).inserted && all.count { $0 == option } > 2
        }
    }

    /// The page's bytes, the same for the same command tree.
    mutating func text() -> String {
        lines = [
            ".\\\" Written by write-manual from the program's own help; `make manual` writes it anew.",
            ".Dd \(ManualSections.date)", ".Dt HAUBERK 1", ".Os", ".Sh NAME", ".Nm hauberk",
            ".Nd \(MdocText.escaped(Self.withoutStop(root.abstract ?? "")))",
            ".Sh SYNOPSIS", ".Nm", ".Op Fl -mesh Ar dir", ".Ar command", ".Op Ar argument ...", ".Nm",
            ".Cm help", ".Op Ar command ...", ".Nm", ".Fl -version", ".Sh DESCRIPTION",
        ]
        // The page has a section of its own for them.
        let discussion = (root.discussion ?? "").split(separator: "\n\n").filter { !$0.hasPrefix("Exit status") }
        add(text: discussion.joined(separator: "\n\n"))
        lines.append(".Sh COMMANDS")
        for leaf in Self.leaves(of: root, path: []) { add(command: leaf.command, path: leaf.path) }
        lines.append(".Sh COMMON OPTIONS")
        add(text: "Commands whose synopsis ends in \u{201C}options\u{201D} take those of these that concern them.")
        add(options: shared, takers: Self.leaves(of: root, path: []))
        lines += ManualSections.mdoc.split(separator: "\n").map(String.init)
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Leaf {
        let command: CommandInfo
        let path: [String]
    }

    private static func leaves(of command: CommandInfo, path: [String]) -> [Leaf] {
        command.commands.flatMap { child in
            child.commands.isEmpty
                ? [Leaf(command: child, path: path + [child.commandName])]
                : leaves(of: child, path: path + [child.commandName])
        }
    }

    private static func withoutStop(_ text: String) -> String {
        let plain = text.hasSuffix(".") ? String(text.dropLast()) : text
        return plain.prefix(1).lowercased() + plain.dropFirst()
    }

    private mutating func add(text: String) { lines += MdocText(text).lines }

    private mutating func add(command: CommandInfo, path: [String]) {
        lines.append(".Ss \(path.joined(separator: " "))")
        let own = command.ownArguments.filter { !shared.contains($0) }
        lines.append(".Nm Cm \(path.joined(separator: " "))")
        for argument in own { lines.append(Self.synopsis(argument)) }
        if own.count < command.ownArguments.count { lines.append(".Op Ar options") }
        lines.append(".Pp")
        add(text: command.abstract ?? "")
        if let discussion = command.discussion, !discussion.isEmpty {
            lines.append(".Pp")
            add(text: discussion)
        }
        add(options: own, takers: [])
    }

    /// One entry each; of a shared option also which commands take it.
    private mutating func add(options: [ArgumentInfo], takers: [Leaf]) {
        if options.isEmpty { return }
        lines.append(".Bl -tag -width Ds")
        for option in options {
            lines.append(".It \(Self.label(option))")
            add(text: option.abstract ?? "")
            if let value = option.defaultValue, !value.isEmpty, option.kind != .flag {
                add(text: "The default is \(value).")
            }
            let users = takers.filter { $0.command.ownArguments.contains(option) }
            if !users.isEmpty {
                add(text: "Taken by \(users.map { $0.path.joined(separator: " ") }.joined(separator: ", ")).")
            }
        }
        lines.append(".El")
    }

    private static func label(_ argument: ArgumentInfo) -> String {
        let value = "Ar \(MdocText.escaped(argument.valueName ?? ""))"
        switch argument.kind {
        case .positional: return value + (argument.isRepeating ? " ..." : "")
        case .option: return "Fl -\(argument.name) \(value)"
        case .flag: return "Fl -\(argument.name)"
        }
    }

    private static func synopsis(_ argument: ArgumentInfo) -> String {
        let label = label(argument) + (argument.isRepeating && argument.kind == .option ? " ..." : "")
        return argument.isOptional ? ".Op \(label)" : ".\(label)"
    }
}
