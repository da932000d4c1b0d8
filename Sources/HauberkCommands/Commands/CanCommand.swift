import ArgumentParser
import Diagnostics
import MeshFiles
import MeshModel

/// `can FROM TO PORT`
struct CanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "can",
        abstract: "Say whether one host reaches another by the policy, what decides it, and what would change it.",
        usage: "hauberk can <from> <to> <port> [<options>]",
        discussion: """
            The ends are peers, addresses (of peers, behind peers, or of strangers), or anyone, which is every host that \
            is not of the mesh. The plane is the overlay between peers, forward to and from what lies behind a peer, and \
            underlay where an underlay address or a stranger is named. Exits with 0 for yes and 1 for no.
            """)

    @Argument(help: "Who begins: a peer, an address, or anyone.")
    var from: String

    @Argument(help: "Whom it calls: a peer, an address, or anyone.")
    var to: String

    @Argument(help: "A port such as 3306/tcp, the name of a service, or echo.")
    var port: String

    @Option(name: .long, help: "The network that is meant: overlay, underlay or forward.")
    var plane: Plane?

    @OptionGroup var mesh: MeshOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let loaded = try LoadedMesh.read(try mesh.path(), .withoutKeyring)
        let declared = try loaded.declaredPolicy()
        let words = QuestionWords(from: from, to: to, port: port, plane: plane)
        let answer = Answer(try Question(words, lock: loaded.lock, declared), declared, at: Moment.now.seconds)
        if format.json {
            Result.print(try JSONText.encode(AnswerRow(answer, loaded, declared)))
        } else {
            Result.print(answer.text(loaded))
        }
        if !answer.isAllowed { throw ExitCode(ExitStatus.no.rawValue) }
    }
}

extension Plane: ExpressibleByArgument {}

extension LoadedMesh {
    /// The mesh as declared, without any error but failing tests: questions are asked because of them.
    func declaredPolicy() throws -> DeclaredMesh {
        let errors = findings.filter { $0.severity == .error && $0.id != .failingTest }
        guard errors.isEmpty, let declared = check?.declared else { throw Failure(.meshInvalid, findings) }
        return declared
    }
}

extension Answer {
    /// For people: yes or no, why, and what would change it.
    func text(_ loaded: LoadedMesh) -> String {
        var lines = ["\(isAllowed ? "yes" : "no"): \(sentence)"]
        lines += reasons.map { "  \($0)" }
        lines += quotes(loaded).map { "  \($0.place): \($0.text)" }
        if !open.isEmpty { lines.append("  of it, \(open.map(\.description).joined(separator: ", ")) is open") }
        if let until { lines.append("  it ends at \(MomentText.text(until))") }
        if !isEnforced { lines.append("  nothing enforces this: no host on the way has a firewall of hauberk's") }
        if !changes.isEmpty {
            lines.append(isAllowed ? "to close it:" : "to open it:")
            lines += changes.map { "  \($0.text)" }
        }
        return lines.joined(separator: "\n")
    }
}

/// An answer as `can --json` has it; the names are stable.
struct AnswerRow: Encodable {
    struct Place: Encodable {
        let file: String
        let line: Int
        let column: Int
        /// The line itself, without its indentation.
        let text: String
    }

    struct Change: Encodable {
        /// `add`, `remove` or `change`.
        let action: String
        /// The field at the top of the mesh file.
        let field: String
        let text: String
        let line: Int?
        let column: Int?
    }

    let allowed: Bool
    let from: String
    let to: String
    /// Empty for a ping.
    let ports: [String]
    let service: String?
    let plane: String
    /// Words for programs, of everything that decides.
    let reasons: [String]
    /// The same for people.
    let explanations: [String]
    let decidedBy: [Place]
    /// RFC 3339; absent when it does not end.
    let until: String?
    let isEnforced: Bool
    let changes: [Change]

    init(_ answer: Answer, _ loaded: LoadedMesh, _ mesh: DeclaredMesh) {
        let question = answer.question
        let words = VerdictWords(mesh)
        allowed = answer.isAllowed
        from = words.bare(question.from.end)
        to = words.bare(question.to.end)
        ports = question.ports.map(\.description)
        service = question.service
        plane = question.plane.rawValue
        reasons = answer.deciding.map(\.reason.word)
        explanations = answer.reasons
        decidedBy = answer.quotes(loaded).map {
            Place(file: $0.place.file, line: $0.place.line, column: $0.place.column, text: $0.text)
        }
        until = answer.until.map(MomentText.text)
        isEnforced = answer.isEnforced
        changes = answer.changes.map {
            Change(
                action: $0.action.rawValue, field: $0.field, text: $0.line, line: $0.location?.line,
                column: $0.location?.column)
        }
    }
}
