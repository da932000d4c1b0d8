import Diagnostics

/// What the process inside tells the one outside.
enum LabMessage: Sendable {
    case progress(LabProgress)
    case report(LabReport)
    case failure(ExitStatus, Diagnostic)
}

extension LabMessage: WireRepresentable {
    var wire: Wire {
        switch self {
        case .progress(let p):
            .list([.text("progress"), .text(p.stage.rawValue), .number(p.done), .number(p.total)])
        case .report(let report):
            .list([.text("report"), report.wire])
        case .failure(let status, let d):
            .list([
                .text("failure"), .number(Int(status.rawValue)), .text(d.id.name), .text(d.message), .optional(d.hint),
            ])
        }
    }

    init(fields: inout WireFields) throws(WireError) {
        switch try fields.text() {
        case "progress":
            self = .progress(
                LabProgress(
                    stage: try fields.choice(LabProgress.Stage.self), done: try fields.number(),
                    total: try fields.number()))
        case "report":
            self = .report(try LabReport(wire: try fields.next()))
        case "failure":
            let status = ExitStatus(rawValue: Int32(clamping: try fields.number())) ?? .bug
            let name = try fields.text()
            let id = DiagnosticID.lab.first { $0.name == name } ?? .labBroken
            self = .failure(status, Diagnostic(id, at: nil, try fields.text(), hint: try fields.optional()))
        default:
            throw WireError()
        }
    }
}

/// What the process outside hands in: everything that the lab needs from the machine's files.
struct LabOrder: WireRepresentable, Sendable {
    let topology: LabTopology
    let options: LabOptions
    /// The trees, one to a host, in its order.
    let trees: [LabTree]

    var wire: Wire { .list([topology.wire, options.wire, .all(trees)]) }

    init(topology: LabTopology, options: LabOptions, trees: [LabTree]) {
        self.topology = topology
        self.options = options
        self.trees = trees
    }

    init(fields: inout WireFields) throws(WireError) {
        topology = try LabTopology(wire: try fields.next())
        options = try LabOptions(wire: try fields.next())
        trees = try fields.all(LabTree.self)
        guard trees.count == topology.hosts.count else { throw WireError() }
    }
}
