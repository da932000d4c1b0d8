package import Diagnostics

/// Changes a YAML file for people without touching a byte that the change does not need: comments, order, spacing, line
/// ends and a missing final newline stay.
///
/// Changes are recorded first, all against the tree as it was read, and made at once by ``apply()``, which reads the
/// result again and compares it with what the changes mean: an edit either does exactly that or nothing.
///
/// What a person may expect:
/// - A new entry of a block mapping gets a line of its own, indented as its neighbours; in a mapping that is sorted
///   by name it goes to its place, else to the end. Comment lines directly above an entry belong to that entry: a new
///   line goes above them. A list that is absent, empty (`{}`) or null becomes a block mapping.
/// - A removed entry takes its own lines, with the comments inside them and at their ends. Comment lines above it
///   stay, since nobody else can bring them back, and a left-over comment shows up in the diff. The last one leaves
///   `{}` behind.
/// - A renamed entry stays where it is.
/// - A new field goes to the end of its entry, in braces or on a line of its own, as the entry is written.
package struct MeshFileEditor: Sendable {
    package let tree: YAMLTree
    var root = MappingChange()
    /// The new text of scalars, by the offset of their first byte.
    var scalars: [Int: (range: Range<Int>, flowText: String)] = [:]

    package init(_ tree: YAMLTree) { self.tree = tree }

    /// Adds entries to the mapping at `path` (keys from the root). `flowText` is the value on one line as it stands in
    /// braces: `{groups: [app]}` or a text from ``yamlScalar(_:)``; keys are quoted here where needed.
    package mutating func insert(entries: [(key: String, flowText: String)], inMapping path: [String]) {
        root.update(at: path[...]) { $0.inserts += entries.map { NewEntry(key: $0.key, flowText: $0.flowText) } }
    }

    /// Removes an entry with its value; one that is not there is a bug of the caller.
    package mutating func remove(_ key: String, inMapping path: [String]) {
        root.update(at: (path + [key])[...]) { $0.action = .remove }
    }

    /// Gives an entry another key, in its old place.
    package mutating func rename(_ key: String, to newKey: String, inMapping path: [String]) {
        root.update(at: (path + [key])[...]) { $0.newName = newKey }
    }

    /// Sets the value at `path`, whatever was there; missing keys on the way are added.
    package mutating func setField(path: [String], flowText: String) {
        root.update(at: path[...]) { $0.action = .set(flowText) }
    }

    /// Removes the field at `path`; one that is not there is a bug of the caller.
    package mutating func removeField(path: [String]) {
        root.update(at: path[...]) { $0.action = .remove }
    }

    /// Replaces one scalar of the tree, for example a name in a list. `range` is its ``YAMLNode/byteRange``.
    package mutating func replaceScalar(at range: Range<Int>, with flowText: String) {
        scalars[range.lowerBound] = (range, flowText)
    }

    /// Makes all recorded changes.
    /// - Returns: the tree of the changed file; its `source` is what to write.
    /// - Throws: a failure of status `meshInvalid` where the file is written in a way that cannot be changed safely
    ///   (`unsupported-edit`), of status `bug` where the result is not what the changes mean (`edit-mismatch`).
    package func apply() throws(Failure) -> YAMLTree {
        var writer = EditWriter(editor: self, fresh: try FreshValues(self))
        let expected = writer.rewriteRoot()
        guard writer.findings.isEmpty else { throw Failure(.meshInvalid, writer.findings) }
        let edits = writer.edits
        let source = try splice(edits)
        do {
            let result = try YAMLTree(parsing: source, file: tree.file)
            if result.root.hasSameContent(as: expected) { return result }
        } catch {
            throw mismatch(edits, error.diagnostics.first?.message ?? "it cannot be read")
        }
        throw mismatch(edits, "it has other contents than it should")
    }

    /// The source with every edit made, in one pass.
    private func splice(_ unsorted: [ByteEdit]) throws(Failure) -> [UInt8] {
        let edits = unsorted.enumerated().sorted {
            ($0.element.range.lowerBound, $0.element.range.upperBound, $0.offset)
                < ($1.element.range.lowerBound, $1.element.range.upperBound, $1.offset)
        }.map(\.element)
        var result: [UInt8] = []
        result.reserveCapacity(tree.source.count + edits.reduce(0) { $0 + $1.replacement.utf8.count })
        var position = 0
        for edit in edits {
            guard edit.range.lowerBound >= position, edit.range.upperBound <= tree.source.count else {
                throw mismatch([edit], "two changes meet in one place")
            }
            result += tree.source[position..<edit.range.lowerBound]
            result += edit.replacement.utf8
            position = edit.range.upperBound
        }
        result += tree.source[position...]
        return result
    }

    private func mismatch(_ edits: [ByteEdit], _ reason: String) -> Failure {
        let first = edits.map(\.range.lowerBound).min() ?? 0
        return Failure(
            .bug, .editMismatch, at: SourceLines(tree.source).location(of: first, in: tree.file),
            "the edited file would not say what was asked for: \(reason)",
            hint: "make the edit by hand, and report this as a bug of hauberk")
    }
}
