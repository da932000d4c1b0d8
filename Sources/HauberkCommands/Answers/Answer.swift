import Diagnostics
import MeshFiles
import MeshModel

/// The answer of a policy to a question, with what decides it and what would change it.
struct Answer {
    let question: Question
    let isAllowed: Bool
    /// Of each subject, in the order of the question.
    let verdicts: [Verdict]
    /// What decides, each once: for a yes all that allow it, for a no what denies the first port that is denied.
    let deciding: [Verdict]
    /// The ports that a service has and that are open, where others of it are not.
    let open: [FlowSubject]
    /// When a rule ends it, in seconds since 1970; nil for never.
    let until: Int64?
    /// Whether a firewall of hauberk's judges it on its way; a yes needs none.
    let isEnforced: Bool
    let changes: [Advice.Change]

    let mesh: DeclaredMesh

    init(_ question: Question, _ mesh: DeclaredMesh, at moment: Int64) {
        self.question = question
        self.mesh = mesh
        let enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        let topology = Topology(mesh, peers: enabled)
        let oracle = PolicyOracle(mesh, topology: topology, moment: moment)
        let flows = question.subjects.map { question.flow($0, in: mesh) }
        verdicts = flows.map { oracle.verdict(for: $0) }
        isAllowed = verdicts.allSatisfy(\.isAllowed)
        let allowed = zip(flows, verdicts).filter(\.1.isAllowed)
        let denied = zip(flows, verdicts).first { !$0.1.isAllowed }
        open = isAllowed ? [] : allowed.map(\.0.subject)
        let advice = Advice(mesh, question, at: moment)
        if let denied {
            deciding = [denied.1]
            until = nil
            changes = advice.opening(denied.0, denied.1)
        } else {
            let granting = advice.granting(flows, oracle)
            deciding = granting
            until = granting.compactMap(advice.until).max()
            changes = granting.flatMap { advice.closing($0) }
        }
        isEnforced = isAllowed || advice.isEnforced
    }

    /// What is asked, as a clause: `"a" reaches "b" on 22/tcp (ssh), through the mesh`.
    var sentence: String {
        let words = VerdictWords(mesh)
        let destination = question.flow(question.subjects[0], in: mesh).to
        let to = destination == .anyone ? "the Internet" : words.name(destination)
        let verb = isAllowed ? "reaches" : "does not reach"
        return "\(words.name(question.from.end)) \(verb) \(to) \(what), \(words.way(question.plane))"
    }

    private var what: String {
        if question.subjects == [.echo] { return "by ping" }
        let ports = question.ports.map(\.description).joined(separator: ", ")
        return question.service.map { "on \($0) (\(ports))" } ?? "on \(ports)"
    }

    /// Why, a clause for each thing that decides.
    var reasons: [String] { deciding.map { VerdictWords(mesh).reason($0) } }

    /// The lines of the mesh file that decide, with their text.
    func quotes(_ loaded: LoadedMesh) -> [(place: SourceLocation, text: String)] {
        deciding.compactMap { VerdictWords(mesh).location($0.reason) }.map { ($0, loaded.line($0.line)) }
    }
}

extension LoadedMesh {
    /// A line of `mesh.yaml`, counted from 1, without its indentation; empty when there is none.
    func line(_ number: Int) -> String {
        let lines = tree?.source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) ?? []
        guard lines.indices.contains(number - 1) else { return "" }
        return String(String(decoding: lines[number - 1], as: UTF8.self).drop { $0 == " " })
    }
}
