import Glibc
import TestSupport

/// A shell script of `Scripts/`, which runs real daemons in namespaces of its own.
struct Script: Sendable, CustomStringConvertible {
    let description: String

    static let services = Script(description: "services.sh")
    static let website = Script(description: "website.sh")
    static let coexist = Script(description: "coexist.sh")
    static let apply = Script(description: "apply.sh")
    static let rotation = Script(description: "rotation.sh")
    static let push = Script(description: "push.sh")
    static let halves = Script(description: "halves.sh")

    /// The folder of these tests' sources.
    static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex))

    /// Whether what takes minutes is asked for.
    static var isLong: Bool { getenv("HAUBERK_LONG") != nil }

    /// Whether all that it needs is installed; else what is not is printed. In CI a skip is a failure.
    var isPossible: Bool {
        guard let end = try? withTemporaryFolder({ try run(["--needs"], in: $0) }) else { return false }
        if end.status != 0 { print("\(description): \(end.errors)") }
        return end.status == 0
    }

    /// Runs it to its end, 400 s at most; the last of its arguments is the built program.
    ///
    /// - Parameter variables: of the environment, as `NAME=value`.
    func run(_ arguments: [String], in folder: String, variables: [String] = []) throws -> ProgramEnd {
        let words =
            ["env"] + variables + [
                "timeout", "--kill-after=5", "400", "\(Self.folder)/Scripts/\(description)",
            ] + arguments
        return try BuiltProgram("hauberk").run([], tracer: words, in: folder)
    }
}
