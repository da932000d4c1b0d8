/// How much a finding weighs: an error stops every command, a warning stops none.
package enum Severity: String, Hashable, Sendable {
    case error
    case warning
}

/// One mistake: where it is, what it is, and how to mend it.
///
/// The message is one sentence in lower case without a full stop that quotes the value; neither it nor the hint ever
/// holds a secret. A nil location means that the mistake is not in a file (a flag, the system). A nil hint means that
/// there is no single edit or command to suggest.
package struct Diagnostic: Hashable, Sendable {
    package let id: DiagnosticID
    package let severity: Severity
    package let location: SourceLocation?
    package let message: String
    package let hint: String?

    /// A finding of severity `id.severity`.
    package init(_ id: DiagnosticID, at location: SourceLocation?, _ message: String, hint: String? = nil) {
        self.id = id
        self.severity = id.severity
        self.location = location
        self.message = message
        self.hint = hint
    }
}

extension Diagnostic: Comparable {
    /// The order of printing: by place (findings without one last), then id, then message.
    package static func < (a: Diagnostic, b: Diagnostic) -> Bool {
        switch (a.location, b.location) {
        case (let x?, let y?) where x != y: return x < y
        case (_?, nil): return true
        case (nil, _?): return false
        default: return (a.id.name, a.message) < (b.id.name, b.message)
        }
    }
}
