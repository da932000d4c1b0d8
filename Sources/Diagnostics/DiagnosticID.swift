/// The stable kebab-case name of a kind of mistake, with its severity and its page of the manual.
///
/// Every identifier is a static constant in a file of `Catalog/`, and is listed in ``all``; a test holds the list,
/// the fixtures and the manual against each other.
package struct DiagnosticID: Hashable, Sendable, CustomStringConvertible {
    /// For example `overlapping-address`; never changes once released.
    package let name: String
    package let severity: Severity
    /// What `hauberk explain` prints: what is wrong, why it matters, and how to mend it.
    package let manual: String

    package init(_ name: String, _ severity: Severity, _ manual: String) {
        self.name = name
        self.severity = severity
        self.manual = manual
    }

    /// An error's identifier.
    package init(_ name: String, _ manual: String) {
        self.init(name, .error, manual)
    }

    package static func == (a: DiagnosticID, b: DiagnosticID) -> Bool { a.name == b.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    package var description: String { name }
}

extension DiagnosticID {
    /// Every identifier that the program can report, sorted by name.
    package static let all: [DiagnosticID] =
        [
            yamlSyntax, lockFile, keyring, meshFile, addressing, topology, output, operation, lab, commands, policy,
            sockets, ledger, rotation,
        ]
        .flatMap { $0 }
        .sorted { $0.name < $1.name }
}
