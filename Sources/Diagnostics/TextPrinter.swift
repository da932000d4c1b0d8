extension Diagnostic {
    /// The form that compilers use: `place: severity: message [id]`, then an indented hint on a line of its own.
    package var text: String {
        let place = location.map { "\($0): " } ?? ""
        let line = "\(place)\(severity.rawValue): \(message) [\(id.name)]"
        return hint.map { "\(line)\n  hint: \($0)" } ?? line
    }

    /// A GitHub workflow command, so that the finding shows beside the line of the change.
    ///
    /// The escapes are those of the Actions toolkit (`packages/core/src/command.ts`).
    package var annotation: String {
        func escaped(_ text: String) -> String {
            var result = ""
            for character in text.unicodeScalars {
                switch character {
                case "%": result += "%25"
                case "\r": result += "%0D"
                case "\n": result += "%0A"
                default: result.unicodeScalars.append(character)
                }
            }
            return result
        }
        func property(_ text: String) -> String {
            escaped(text).split(separator: ":", omittingEmptySubsequences: false).joined(separator: "%3A")
                .split(separator: ",", omittingEmptySubsequences: false).joined(separator: "%2C")
        }
        let place =
            location.map { "file=\(property($0.file)),line=\($0.line),col=\($0.column),title=\(id.name)" }
            ?? "title=\(id.name)"
        let body = hint.map { "\(message)\nhint: \($0)" } ?? message
        return "::\(severity.rawValue) \(place)::\(escaped(body))"
    }
}
