/// One thing that somebody does wrong at the command line, and what the program must answer.
///
/// A file of `Fixtures/bad-input/` holds cases, a blank line between:
/// ```
/// ## title
/// : a line of sh(1) that prepares the folder (any number)
/// $ the command, run by sh(1)
/// ! EXIT-STATUS id@place id@- …
/// > a line of standard error
/// | a line of standard output
/// ```
/// `!` names the exit status and every finding with its place (`-` for none) and is written by hand, before the program
/// is run; `writes` after it allows a change of the folder. `⟨⟩` in an expected line stands for any text in a line.
struct BadInputCase: Sendable, CustomStringConvertible {
    /// `file: title`.
    let description: String
    let title: String
    var preparation: [String] = []
    var command = ""
    var status: Int32 = -1
    /// `id@place`, sorted.
    var findings: [String] = []
    var mayWrite = false
    var errors: [String] = []
    var output: [String] = []

    /// The ids of the findings, without their places.
    var ids: [String] { findings.map { String($0.prefix { $0 != "@" }) } }

    static let folder = testFolder + "/Fixtures/bad-input"

    /// Every file with its cases, sorted by name.
    static let files: [(name: String, cases: [BadInputCase])] = names(in: folder).map { name in
        (name, parse(String(decoding: contents(of: "\(folder)/\(name)"), as: UTF8.self), file: name))
    }

    static let all: [BadInputCase] = files.flatMap(\.cases)

    private static func parse(_ text: String, file: String) -> [BadInputCase] {
        var cases: [BadInputCase] = []
        for line in text.split(separator: "\n") {
            let rest = String(line.dropFirst(2))
            if line.hasPrefix("##") {
                let title = String(line.dropFirst(3))
                cases.append(BadInputCase(description: "\(file): \(title)", title: title))
                continue
            }
            guard let last = cases.indices.last else { continue }
            switch line.first {
            case ":": cases[last].preparation.append(rest)
            case "$": cases[last].command = rest
            case "!": cases[last].expect(rest)
            case ">": cases[last].errors.append(rest)
            case "|": cases[last].output.append(rest)
            default: break
            }
        }
        return cases
    }

    private mutating func expect(_ text: String) {
        var words = text.split(separator: " ").map(String.init)
        mayWrite = words.contains("writes")
        words.removeAll { $0 == "writes" }
        status = words.first.flatMap { Int32($0) } ?? -1
        findings = words.dropFirst().sorted()
    }

    /// The case as its file has it, with the lines of output replaced where they differ.
    func text(_ outcome: BadInputOutcome) -> String {
        let errors = Self.matches(errors, outcome.errors) ? errors : outcome.errors
        let output = Self.matches(output, outcome.output) ? output : outcome.output
        let words = ["\(status)"] + (mayWrite ? ["writes"] : []) + findings
        return
            (["## \(title)"] + preparation.map { ": \($0)" } + ["$ \(command)", "! \(words.joined(separator: " "))"]
            + errors.map { "> \($0)" } + output.map { "| \($0)" } + [""]).joined(separator: "\n")
    }

    /// Whether the lines are those expected, `⟨⟩` standing for any text.
    static func matches(_ expected: [String], _ lines: [String]) -> Bool {
        expected.count == lines.count && zip(expected, lines).allSatisfy { matches($0, $1) }
    }

    private static func matches(_ expected: String, _ line: String) -> Bool {
        var pieces = expected.split(separator: "⟨⟩", omittingEmptySubsequences: false)[...]
        guard let first = pieces.popFirst(), let last = pieces.popLast() else { return expected == line }
        guard line.hasPrefix(first), line.dropFirst(first.count).hasSuffix(last) else { return false }
        var rest = line.dropFirst(first.count).dropLast(last.count)
        for piece in pieces {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}

/// What a command did.
struct BadInputOutcome: Sendable {
    let status: Int32
    /// The lines of standard error and of standard output, without the empty ones, as a fixture can hold them.
    let errors: [String]
    let output: [String]
    /// What the tree looked like before and after.
    let before: [String: String]
    let after: [String: String]

    /// `id@place` of every finding that was printed, sorted.
    var findings: [String] {
        errors.compactMap { line -> String? in
            guard line.hasSuffix("]"), let bracket = line.lastIndex(of: "[") else { return nil }
            let id = line[line.index(after: bracket)...].dropLast()
            for word in ["error: ", "warning: "] {
                if line.hasPrefix(word) { return "\(id)@-" }
                if let range = line.firstRange(of: ": \(word)") { return "\(id)@\(line[..<range.lowerBound])" }
            }
            return nil
        }.sorted()
    }
}
