import Diagnostics
import MeshFiles
import MeshModel

/// Turns places in a mesh file as it would have been into places that the user can open.
///
/// A refused edit is nowhere on the disk: what is wrong with it stands in a flag (then it has no place) or in the list
/// of peers that was read. What was wrong before the edit stands where it stood.
struct EditPlaces {
    private let before: YAMLTree
    private let edited: YAMLTree
    private let lock: LockFile
    private let list: [PeerListEntry]
    /// The lines of the file on the disk: their numbers by their text.
    private let present: [[UInt8]: Int]
    private let lines: [ArraySlice<UInt8>]

    init(before: YAMLTree, edited: YAMLTree, _ lock: LockFile, list: [PeerListEntry]) {
        self.before = before
        self.lock = lock
        self.edited = edited
        self.list = list
        lines = Self.lines(edited)
        present = Dictionary(Self.lines(before).enumerated().map { (Array($1), $0 + 1) }) { first, _ in first }
    }

    private static func lines(_ tree: YAMLTree) -> [ArraySlice<UInt8>] {
        tree.source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// A refusal of these findings: a matter of flags (64) when none of its errors stands in a file.
    func failure(_ findings: [Diagnostic]) -> Failure {
        let former = Set(
            MeshCheck.check(before.root, file: before.file, lock: lock, at: Moment.now.seconds).findings.map(\.message))
        let moved = findings.map { move($0, isFormer: former.contains($0.message)) }
        let isUsage = moved.allSatisfy { $0.location == nil || $0.severity == .warning }
        return Failure(isUsage ? .usage : .meshInvalid, moved)
    }

    /// What could not be allocated; its places, the prefixes to enlarge, stay where they are.
    func allocationFailure(_ findings: [Diagnostic]) -> Failure {
        Failure(.meshInvalid, findings.map { move($0, isFormer: true) })
    }

    private func move(_ finding: Diagnostic, isFormer: Bool) -> Diagnostic {
        var hint = finding.hint
        if let text = hint,
            let peer = newPeers.first(where: { text.hasPrefix("run `hauberk set \($0) --address auto`") })
        {
            hint = "leave out the address of \(peer), and one is chosen"
        }
        return Diagnostic(finding.id, at: place(finding.location, isFormer: isFormer), finding.message, hint: hint)
    }

    /// The peers that are not there yet, which no command could change.
    private var newPeers: [String] {
        (edited.root["peers"]?.entries ?? []).map(\.name).filter { before.root["peers"]?[$0] == nil }
    }

    private func place(_ place: SourceLocation?, isFormer: Bool) -> SourceLocation? {
        guard let place, place.file == edited.file, lines.indices.contains(place.line - 1) else { return place }
        if let line = present[Array(lines[place.line - 1])] {
            return isFormer ? SourceLocation(file: place.file, line: line, column: place.column) : nil
        }
        guard let peer = last(edited.root["peers"], at: place),
            let entry = list.first(where: { $0.name.text == peer.name })
        else { return nil }
        guard let field = last(peer.value, at: place), let given = entry[field.name] else { return entry.name.location }
        return given.location
    }

    /// The last entry of a mapping that begins on the place's line, at or before it.
    private func last(_ node: YAMLNode?, at place: SourceLocation) -> YAMLEntry? {
        node?.entries?.last { $0.key.line == place.line && $0.key.column <= place.column }
    }
}
