import Diagnostics

/// Walks the tree along the recorded changes; collects the bytes to change and builds the tree that must result.
struct EditWriter {
    let tree: YAMLTree
    let lines: SourceLines
    let fresh: FreshValues
    private let root: MappingChange
    private let scalars: [Int: (range: Range<Int>, flowText: String)]
    private var usedScalars = 0
    /// Whether the walk is inside braces, where no lines can be added.
    private(set) var isInBraces = false
    private(set) var edits: [ByteEdit] = []
    private(set) var findings: [Diagnostic] = []

    init(editor: MeshFileEditor, fresh: FreshValues) {
        tree = editor.tree
        lines = SourceLines(editor.tree.source)
        root = editor.root
        scalars = editor.scalars
        self.fresh = fresh
    }

    /// The tree as it must be afterwards.
    mutating func rewriteRoot() -> YAMLNode {
        let result = rewrite(tree.root, root, under: nil)
        if usedScalars != scalars.count { refuse(tree.root, "a value that is to be replaced is not in the file") }
        return result
    }

    mutating func edit(_ range: Range<Int>, _ replacement: String) {
        if range.lowerBound == lines.bytes.count, let text = openText(in: tree.root) {
            return refuse(text, "the file ends inside this text; a line break must follow before it can go on")
        }
        edits.append(
            ByteEdit(range: range, replacement: isGlued(to: range, replacement) ? replacement + " " : replacement))
    }

    /// Whether a comment would become part of the text before it: behind braces and quotes it needs no space, behind
    /// other text it does (YAML 1.2.2, 6.6).
    private func isGlued(to range: Range<Int>, _ replacement: String) -> Bool {
        guard range.upperBound < lines.bytes.count, lines.bytes[range.upperBound] == UInt8(ascii: "#") else {
            return false
        }
        let before = replacement.utf8.last ?? (range.lowerBound > 0 ? lines.bytes[range.lowerBound - 1] : 0x0A)
        return ![0x20, 0x09, 0x0A, 0x0D].contains(before)
    }

    mutating func refuse(_ node: YAMLNode, _ reason: String) {
        findings.append(
            Diagnostic(
                .unsupportedEdit, at: tree.location(of: node), reason,
                hint: "make this edit by hand, or write each entry on a line of its own"))
    }

    /// The `|` or `>` text that a file without a final line break ends in: more lines would add the break to it.
    private func openText(in node: YAMLNode) -> YAMLNode? {
        switch node.value {
        case .scalar(_, let style):
            let isBlock = style == .literal || style == .folded
            return isBlock && lines.bytes.last != 0x0A ? node : nil
        case .sequence(let items, _): return items.last.flatMap { openText(in: $0) }
        case .mapping(let entries, _): return entries.last.flatMap { openText(in: $0.value) }
        }
    }

    /// The value with the changes below it made. `key` is nil for the root and inside lists.
    mutating func rewrite(_ node: YAMLNode, _ change: MappingChange, under key: YAMLNode?) -> YAMLNode {
        if change.isEmpty { return replaceScalars(in: node) }
        switch node.value {
        case .mapping(let entries, .block): return rewriteBlock(node, entries, change, under: key)
        case .mapping(let entries, .flow):
            let makesLines = entries.isEmpty && !change.inserts.isEmpty && key.map(standsInBlock) ?? false
            if makesLines && !isInBraces { return startBlock(node, change, under: key) }
            let outer = isInBraces
            isInBraces = true
            defer { isInBraces = outer }
            return rewriteFlow(node, entries, change)
        case .scalar where node.isNull: return startBlock(node, change, under: key)
        default:
            refuse(node, "\(node.shape) where fields are to be changed")
            return node
        }
    }

    /// Replaces scalars below a value that has no other change.
    private mutating func replaceScalars(in node: YAMLNode) -> YAMLNode {
        if usedScalars == scalars.count { return node }
        switch node.value {
        case .scalar:
            guard let new = scalars[node.byteRange.lowerBound], new.range == node.byteRange else { return node }
            usedScalars += 1
            edit(node.byteRange, new.flowText)
            return fresh.node(new.flowText)
        case .sequence(let items, let layout):
            return YAMLNode(.sequence(items.map { replaceScalars(in: $0) }, layout), node.place)
        case .mapping(let entries, let layout):
            let new = entries.map { YAMLEntry(key: $0.key, value: replaceScalars(in: $0.value)) }
            return YAMLNode(.mapping(new, layout), node.place)
        }
    }

    /// One entry with its change made; nil when it is removed (its bytes are the caller's to remove).
    mutating func rewrite(_ entry: YAMLEntry, _ change: MappingChange?) -> YAMLEntry? {
        guard let change else { return YAMLEntry(key: entry.key, value: replaceScalars(in: entry.value)) }
        if case .remove = change.action { return nil }
        var key = entry.key
        if let newName = change.newName {
            edit(key.byteRange, yamlScalar(newName))
            key = .fresh(newName)
        }
        if case .set(let text) = change.action {
            replaceValue(of: entry, text)
            return YAMLEntry(key: key, value: fresh.node(text))
        }
        return YAMLEntry(key: key, value: rewrite(entry.value, change, under: entry.key))
    }

    /// Puts a text in the place of an entry's value.
    mutating func replaceValue(of entry: YAMLEntry, _ text: String) {
        let value = entry.value
        if value.byteRange.isEmpty {
            if let colon = colon(after: entry.key) {
                edit(colon + 1..<colon + 1, " " + text)
            } else {
                edit(entry.key.byteRange.upperBound..<entry.key.byteRange.upperBound, ": " + text)
            }
            return
        }
        guard isBlockCollection(value) else { return edit(value.byteRange, text) }
        let first = lines.start(value.byteRange.lowerBound)
        guard let colon = colon(after: entry.key), first > colon else {
            return refuse(value, "the value shares its first line with something else")
        }
        edit(colon + 1..<colon + 1, " " + text)
        edit(first..<lines.next(value.byteRange.upperBound), "")
    }

    /// Refuses changes to keys that are not there; lists the keys that are to be added.
    mutating func newFields(_ node: YAMLNode, _ entries: [YAMLEntry], _ change: MappingChange) -> [String] {
        var present: Set<String> = []
        if change.order.count <= 4 {
            for key in change.order where entries.contains(where: { $0.name == key }) { present.insert(key) }
        } else {
            present = Set(entries.map(\.name))
        }
        let missing = change.order.filter { !present.contains($0) }
        for key in missing {
            guard let child = change.children[key] else { continue }
            if case .remove = child.action { refuse(node, "\(quoted(key)) is not here to be removed") }
            if child.newName != nil { refuse(node, "\(quoted(key)) is not here to be renamed") }
        }
        return missing
    }

    private func isBlockCollection(_ node: YAMLNode) -> Bool {
        switch node.value {
        case .mapping(_, .block), .sequence(_, .block): true
        default: false
        }
    }

    /// Whether the key stands first on its line, so that lines can be added below it.
    func standsInBlock(_ key: YAMLNode) -> Bool { lines.isFirstOnLine(key.byteRange.lowerBound) }

    /// The colon of a key on the same line; nil for a key without one (`{a}`).
    func colon(after key: YAMLNode) -> Int? {
        var index = key.byteRange.upperBound
        while index < lines.bytes.count, [0x20, 0x09].contains(lines.bytes[index]) { index += 1 }
        return index < lines.bytes.count && lines.bytes[index] == UInt8(ascii: ":") ? index : nil
    }
}
