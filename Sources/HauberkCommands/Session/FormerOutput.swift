import Delivery
import MeshModel
import SystemAccess

/// What a plan compares with: hosts' files by the paths of an output folder.
protocol FormerOutput: AnyObject {
    /// The files that are known, sorted.
    var paths: [String] { get }
    /// Whether some of them are of another moment than the others.
    var isInterrupted: Bool { get }
    var kind: PlanSession.Former { get }
    /// Of whom it is not known what they have, by their names.
    var uncertain: [String: Uncertainty] { get }
    func isAsRecorded(_ path: String) throws -> Bool
    func standing(of entry: OutputEntry) throws -> ObservedOutput.Standing
    func mode(of path: String) throws -> UInt32?
    func withBytes<Result>(of path: String, _ work: (UnsafeRawBufferPointer) throws -> Result) throws -> Result?
    func requireUntouched() throws
}

/// Why it is not known what a host has.
enum Uncertainty {
    /// A push has left it open.
    case either
    /// What is recorded of it cannot be read.
    case unreadable
    /// What it has acknowledged is not kept, or was changed there.
    case notKept

    var words: String {
        switch self {
        case .either: "it may have what it had or what it was to get: push to it again"
        case .unreadable: "what is recorded of it cannot be read: push to it again"
        case .notKept: "what it has acknowledged is not kept: push to it again, or ask it with --live"
        }
    }
}

extension ObservedOutput: FormerOutput {
    var kind: PlanSession.Former { .rendered }
    var uncertain: [String: Uncertainty] { [:] }
}

/// What hosts have acknowledged, by the record of deliveries; those that are not of the mesh any more, too.
final class DeliveredOutput: FormerOutput {
    let paths: [String]
    let isInterrupted = false
    let kind = PlanSession.Former.delivered
    let uncertain: [String: Uncertainty]
    private let output: ObservedOutput
    private let folder: String

    init(out: String, mesh: String) throws {
        let files = Surroundings.current.files
        let output = try ObservedOutput(OutputTree(root: out, mesh: mesh, fileSystem: files))
        let kept = DeliveredTrees(out: out, mesh: mesh, fileSystem: files)
        let records = DeliveryFolder(out: out, mesh: mesh, fileSystem: files)
        var paths: [String] = []
        var uncertain: [String: Uncertainty] = [:]
        for peer in try records.peers() {
            let record = DeliveryRecord.read(peer, in: records)
            // What a push has left open has a last push.
            if record.isUncertain == true { uncertain[peer] = record.last == nil ? .unreadable : .either }
            guard let digest = record.tree else { continue }
            let names = record.files ?? []
            if let present = try? kept.files(of: peer, names), PushedTrees.digest(of: present) == digest {
                paths += names.map { "\(peer)/\($0)" }
            } else {
                uncertain[peer] = .notKept
            }
            let own = "\(RenderRecord.folder(of: mesh))/hosts/\(peer)"
            if try output.mode(of: "\(kept.folder)/\(own)") != nil { paths.append(own) }
        }
        (self.output, folder, self.paths, self.uncertain) = (output, kept.folder, paths.sorted(), uncertain)
    }

    private func place(_ path: String) -> String { "\(folder)/\(path)" }

    func isAsRecorded(_ path: String) throws -> Bool { try mode(of: path) != nil }

    func standing(of entry: OutputEntry) throws -> ObservedOutput.Standing {
        try mode(of: entry.path) == nil ? .missing : .unknown
    }

    func mode(of path: String) throws -> UInt32? { try output.mode(of: place(path)) }

    func withBytes<Result>(of path: String, _ work: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        try output.withBytes(of: place(path), work)
    }

    func requireUntouched() throws { try output.requireUntouched() }
}
