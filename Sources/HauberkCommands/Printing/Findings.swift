import Diagnostics
import Synchronization

/// Prints findings to standard error, as the surroundings read them best.
enum Findings {
    /// In a GitHub workflow as annotations, otherwise as a compiler does; at most 200, then their number.
    static func print(_ findings: [Diagnostic]) {
        let isWorkflow = Environment.variables["GITHUB_ACTIONS"] == "true"
        let most = 200
        var text = ""
        for finding in findings.sorted().prefix(most) {
            text += (isWorkflow ? finding.annotation : finding.text) + "\n"
        }
        if findings.count > most { text += "and \(findings.count - most) more findings\n" }
        Surroundings.current.errors(text)
    }
}

/// Prints a command's result.
enum Result {
    private static let lost = Atomic(false)

    static func print(_ text: String) {
        Surroundings.current.output(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n")
    }

    /// Standard output has not taken everything: it is closed, say, or a file on a full disk.
    static func lose() { lost.store(true, ordering: .relaxed) }

    /// Fails if a part of the result was lost.
    static func check() throws {
        guard lost.load(ordering: .relaxed) else { return }
        throw Failure(
            .inputOutput, .outputLost, "standard output did not take the whole result",
            hint: "see that it is open and that its disk has room")
    }

    /// Progress and chatter: standard error, so that results can be piped.
    static func note(_ text: String) {
        Surroundings.current.errors(text + "\n")
    }
}

extension Error {
    /// What went wrong, for a note.
    var sentence: String { (self as? Failure)?.diagnostics.first?.message ?? "\(self)" }
}
