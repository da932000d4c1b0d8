/// A finding that only an injected fault or a special machine can show, with the test that shows it.
struct MistakesElsewhere: Sendable, CustomStringConvertible {
    let id: String
    /// Below `Tests/`.
    let file: String
    /// The test's name.
    let test: String

    var description: String { id }

    static let all: [MistakesElsewhere] = [
        MistakesElsewhere(
            id: "apply-locked", file: "DaemonTests/ApplyTests.swift",
            test: "what is not confirmed is put back, and a second one is told who is at work"),
        MistakesElsewhere(
            id: "apply-failed", file: "DaemonTests/ApplyTests.swift",
            test: "a bad tree changes nothing, and a firewall that cuts the tunnel is put back"),
        MistakesElsewhere(
            id: "stale-render", file: "HauberkCommandsTests/PushTests.swift",
            test: "a folder that is not what the mesh says is refused with what to do"),
        MistakesElsewhere(
            id: "file-too-large", file: "HauberkCommandsTests/MistakesTests.swift",
            test: "a file of more than 64 MiB is refused unread"),
        MistakesElsewhere(
            id: "edit-mismatch", file: "MeshFilesTests/EditorTests.swift",
            test: "a value that is not one value never reaches the file"),
        MistakesElsewhere(
            id: "lab-tool-missing", file: "LabTests/PartsTests.swift",
            test: "missing programs are named with their packages, all at once"),
        MistakesElsewhere(
            id: "lab-tree-unreadable", file: "LabTests/PartsTests.swift",
            test: "a missing tree is a failure with its path"),
        MistakesElsewhere(
            id: "lab-outside-refused", file: "LabTests/PartsTests.swift",
            test: "the inner half refuses to run in the machine's own network"),
        MistakesElsewhere(
            id: "internal-error", file: "SystemAccessTests/TransactionTests.swift",
            test: "two files without the lock file are refused as a bug before anything is written"),
        MistakesElsewhere(
            id: "changed-meanwhile", file: "SystemAccessTests/TransactionTests.swift",
            test: "an edit saved while a command runs is not overwritten"),
        MistakesElsewhere(
            id: "identity-exists", file: "SystemAccessTests/ToolAndTerminalTests.swift",
            test: "an identity is written once, private, and read back"),
        MistakesElsewhere(
            id: "no-passphrase", file: "SystemAccessTests/ToolAndTerminalTests.swift",
            test: "the end of the input and a missing terminal are told"),
        MistakesElsewhere(
            id: "long-passphrase", file: "SystemAccessTests/ToolAndTerminalTests.swift",
            test: "a passphrase that does not fit is refused, and the echo comes back"),
        MistakesElsewhere(
            id: "tool-overdue", file: "SystemAccessTests/ToolAndTerminalTests.swift",
            test: "a tool that takes too long is ended"),
        MistakesElsewhere(
            id: "tool-too-loud", file: "SystemAccessTests/ToolAndTerminalTests.swift",
            test: "a tool that says too much is ended"),
        MistakesElsewhere(
            id: "ledger-clock", file: "LedgerTests/LedgerTests.swift",
            test: "a clock that went back is a warning, and nothing more"),
        MistakesElsewhere(
            id: "cloud-firewall-limit", file: "RenderingTests/CloudFirewallTests.swift",
            test: "what does not fit into 50 rules is an error with its place"),
    ]
}
