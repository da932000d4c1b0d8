/// One run of a tool.
///
/// Secrets never go into the arguments or the environment, which every user of the machine may read, but into `input`.
package struct ToolRun: Sendable {
    /// A name to look for in `$PATH`, or a path with a slash.
    package var tool: String
    package var arguments: [String]
    /// What the tool reads from its standard input; empty means end of file at once.
    package var input: [UInt8] = []
    /// Changes to the inherited environment; nil removes a variable. `LC_ALL` is `C` unless given here.
    package var environment: [String: String?] = [:]
    /// Nil is the current folder.
    package var folder: String?
    /// More bytes on standard output or standard error end the tool with a `Failure`.
    package var outputLimit = 16 << 20
    /// The tool is ended (SIGTERM, then SIGKILL after two seconds) if it takes longer.
    package var timeoutSeconds = 60.0
    /// Takes each line of standard error as it comes; nil when they matter only at the end.
    package var hear: (@Sendable (String) -> Void)?

    package init(_ tool: String, _ arguments: [String] = []) {
        self.tool = tool
        self.arguments = arguments
    }
}

/// How a run ended and what it said.
package struct ToolResult: Sendable {
    package enum Ending: Sendable, Hashable {
        case exited(Int32)
        case signalled(Int32)
    }

    package let ending: Ending
    package let output: [UInt8]
    package let errors: [UInt8]

    package init(ending: Ending, output: [UInt8], errors: [UInt8]) {
        self.ending = ending
        self.output = output
        self.errors = errors
    }

    package var succeeded: Bool { ending == .exited(0) }
    /// Standard output, with broken UTF-8 replaced.
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    /// Standard error, with broken UTF-8 replaced.
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}
