/// The exit codes of every command, after sysexits(3) where it has one.
package enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Done, or nothing to do.
    case done = 0
    /// The answer is no, or a host failed (each is named).
    case no = 1
    /// Changes are pending (`plan --exit-code`).
    case pending = 2
    case usage = 64
    case meshInvalid = 65
    case fileMissing = 66
    case hostUnreachable = 69
    /// A bug of this program.
    case bug = 70
    case inputOutput = 74
    /// Somebody else holds the lock.
    case locked = 75
    case permission = 77
    /// A needed tool is missing; the message names its package.
    case toolMissing = 78
}

/// A command cannot go on: every finding at once, and the exit status that they amount to.
package struct Failure: Error, Sendable {
    package let status: ExitStatus
    /// Sorted; holds at least one error.
    package let diagnostics: [Diagnostic]

    package init(_ status: ExitStatus, _ diagnostics: [Diagnostic]) {
        self.status = status
        self.diagnostics = diagnostics.sorted()
    }

    package init(
        _ status: ExitStatus, _ id: DiagnosticID, at location: SourceLocation? = nil, _ message: String,
        hint: String? = nil
    ) {
        self.init(status, [Diagnostic(id, at: location, message, hint: hint)])
    }
}
