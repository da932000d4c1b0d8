import Delivery
import Diagnostics
import Keys
import MeshModel
import SystemAccess

/// What a plan compares with: hosts' files by the paths of an output folder.
protocol FormerOutput: AnyObject {
    /// The files that are known, sorted.
    var paths: [String] { get }
    /// Whether some of them are of another moment than the others.
    var isInterrupted: Bool { get }
    var kind: PlanSession.Former { get }
    /// Of whom it is not known what they have, and why not, by their names.
    var uncertain: [String: String] { get }
    func isAsRecorded(_ path: String) throws -> Bool
    func standing(of entry: OutputEntry) throws -> ObservedOutput.Standing
    func mode(of path: String) throws -> UInt32?
    func withBytes<Result>(of path: String, _ work: (UnsafeRawBufferPointer) throws -> Result) throws -> Result?
    func requireUntouched() throws
}

extension ObservedOutput: FormerOutput {
    var kind: PlanSession.Former { .rendered }
    var uncertain: [String: String] { [:] }
}

/// What hosts have acknowledged, by the record of deliveries; those that are not of the mesh any more, too.
final class DeliveredOutput: FormerOutput {
    let paths: [String]
    let isInterrupted = false
    let kind = PlanSession.Former.delivered
    private(set) var uncertain: [String: String] = [:]
    private let output: ObservedOutput
    private let folder: String

    /// - Throws: `Failure`, status 1 if the files of one that has acknowledged some are not kept.
    init(out: String, mesh: String) throws {
        let files = Surroundings.current.files
        let output = try ObservedOutput(OutputTree(root: out, mesh: mesh, fileSystem: files))
        let folder = DeliveredTrees(out: out, mesh: mesh).folder
        let records = DeliveryFolder(out: out, mesh: mesh, fileSystem: files)
        var paths: [String] = []
        for peer in try records.peers() {
            let record = try DeliveryRecord.read(peer, in: records)
            if record.isUncertain == true {
                uncertain[peer] = "it may have what it had or what it was to get: push to it again"
            }
            guard let digest = record.tree else { continue }
            let names = record.files ?? []
            let kept = try names.compactMap { name -> HostFile? in
                let path = "\(folder)/\(peer)/\(name)"
                guard let mode = try output.mode(of: path), let bytes = try output.withBytes(of: path, { Array($0) })
                else { return nil }
                return HostFile(path: name, mode: mode, bytes: bytes)
            }
            guard kept.count == names.count, PushedTrees.digest(of: kept) == digest else {
                throw Failure(
                    .no, .staleRender, "what \(quoted(peer)) has acknowledged is not kept in \(quoted(out))",
                    hint: "push to it again, or ask it: hauberk plan \(peer) --out \(out) --live")
            }
            paths += names.map { "\(peer)/\($0)" }
            let own = "\(RenderRecord.folder(of: mesh))/hosts/\(peer)"
            if try output.mode(of: "\(folder)/\(own)") != nil { paths.append(own) }
        }
        (self.output, self.folder, self.paths) = (output, folder, paths.sorted())
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
