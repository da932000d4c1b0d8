import ArgumentParser
import Diagnostics
import SystemAccess

/// `explain [ID]`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print the manual of a finding by its id, or list all ids.")

    @Argument(
        help: "The id in square brackets at the end of a finding.", completion: .list(DiagnosticID.all.map(\.name)))
    var id: String?

    func run() throws {
        guard let id else {
            Result.print(DiagnosticID.all.map(\.name).joined(separator: "\n"))
            return
        }
        let name = id.hasPrefix("[") && id.hasSuffix("]") ? String(id.dropFirst().dropLast()) : id
        guard let found = DiagnosticID.all.first(where: { $0.name == name }) else {
            throw Failure(
                .usage, .unknownID, "there is no finding of the id \(quoted(name))",
                hint: nearest(to: name, among: DiagnosticID.all.map(\.name)).map { "did you mean \($0)?" }
                    ?? "`hauberk explain` lists all ids")
        }
        Result.print("\(found.name) (\(found.severity.rawValue))\n\n\(found.manual)")
    }
}
