import CYAML
import Diagnostics

/// libyaml's complaint about the syntax, in words that say what to do.
struct YAMLComplaint {
    let diagnostic: Diagnostic

    init(_ parser: yaml_parser_t, file: String) {
        let problem = parser.problem.map { String(cString: $0) } ?? "the text is not YAML"
        let context = parser.context.map { String(cString: $0) }
        let words = Self.words(for: problem, context: context ?? "")
        let isAboutItsBeginning = context != nil && Self.beginnings.contains { problem.contains($0) }
        var message = words.message
        if context != nil, !isAboutItsBeginning, parser.context_mark.line < parser.problem_mark.line {
            message += " (in what begins at line \(parser.context_mark.line + 1))"
        }
        // Where a quote or a key without its end begins says more than where the reader gave up.
        let mark = isAboutItsBeginning ? parser.context_mark : parser.problem_mark
        let place = SourceLocation(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
        diagnostic = Diagnostic(.yamlSyntaxError, at: place, message, hint: words.hint)
    }

    /// Complaints whose context is the quote or the key that has no end.
    private static let beginnings = [
        "could not find expected ':'", "found unexpected end of stream", "found unexpected document indicator",
    ]

    private static func words(for problem: String, context: String) -> (message: String, hint: String?) {
        if let known = table.first(where: { problem.contains($0.problem) && context.contains($0.context) }) {
            return (known.message, known.hint)
        }
        return (context.isEmpty ? problem : "\(problem) \(context)", nil)
    }

    /// The complaints of libyaml 0.2.5's scanner.c and parser.c that people meet.
    private static let table: [(problem: String, context: String, message: String, hint: String?)] = [
        (
            "did not find expected ',' or '}'", "", "a comma or a closing brace is missing before this",
            "add \",\" or \"}\""
        ),
        (
            "did not find expected ',' or ']'", "", "a comma or a closing bracket is missing before this",
            "add \",\" or \"]\""
        ),
        (
            "did not find expected key", "", "a key is expected here; this line is indented unlike its neighbours",
            "indent the line as the keys around it"
        ),
        (
            "did not find expected '-' indicator", "", "a list item (\"- …\") is expected here",
            "begin the line with \"- \", indented as the items above"
        ),
        (
            "could not find expected ':'", "",
            "a colon is missing after this key, on its line and within 1,024 characters",
            "write \"key: value\", with a space after the colon"
        ),
        (
            "mapping values are not allowed", "", "a colon stands where no key can be",
            "put a value that holds \": \" in quotes, or check the indentation"
        ),
        (
            "block sequence entries are not allowed", "", "a list item stands where none can be",
            "put the list on lines of its own, below its key"
        ),
        (
            "found unexpected end of stream", "quoted scalar", "the quote that begins here is never closed",
            "close the quote"
        ),
        (
            "found unexpected document indicator", "quoted scalar", "the quote that begins here is never closed",
            "close the quote"
        ),
        (
            "found character that cannot start any token", "", "this character cannot begin a value",
            "put the value in quotes"
        ),
        (
            "found unknown escape character", "", "an unknown escape in double quotes",
            "use single quotes, or write \\\\"
        ),
        (
            "found unexpected ':'", "", "a value in braces or brackets ends in a colon",
            "put the value in quotes"
        ),
        (
            "did not find expected node content", "", "a value is missing before this",
            "add the value, or delete the comma"
        ),
        (
            "did not find expected <document start>", "", "the file goes on after its document is complete",
            "check the indentation and the brackets above"
        ),
    ]
}
