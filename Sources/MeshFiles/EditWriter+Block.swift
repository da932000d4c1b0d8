/// A line to add to a block mapping, before the original entry `position` or, at the end, after the last.
private struct Addition {
    let key: String
    let flowText: String
    let node: YAMLNode
    let position: Int
}

// Entries on lines of their own.
extension EditWriter {
    mutating func rewriteBlock(
        _ node: YAMLNode, _ entries: [YAMLEntry], _ change: MappingChange, under key: YAMLNode?
    ) -> YAMLNode {
        let kept = entries.map { rewrite($0, change.children[$0.name]) }
        let additions = additions(to: node, entries, change)
        removeLines(of: entries, kept)
        if key == nil && node.byteRange.lowerBound == tree.root.byteRange.lowerBound {
            appendToFile(additions, column: node.column)
        } else {
            insertLines(additions, into: entries, kept)
            if additions.isEmpty, kept.allSatisfy({ $0 == nil }) { leaveEmpty(node, under: key) }
        }
        var result: [YAMLEntry] = []
        result.reserveCapacity(entries.count + additions.count)
        var next = 0
        for position in 0...entries.count {
            while next < additions.count, additions[next].position <= position {
                result.append(YAMLEntry(key: .fresh(additions[next].key), value: additions[next].node))
                next += 1
            }
            if position < entries.count, let entry = kept[position] { result.append(entry) }
        }
        if result.isEmpty && key == nil { return YAMLNode(.scalar("", .plain), node.place) }
        return YAMLNode(.mapping(result, .block), node.place)
    }

    /// New entries with their positions: inserted ones in sorted place where the mapping is sorted, fields at the end.
    private mutating func additions(
        to node: YAMLNode, _ entries: [YAMLEntry], _ change: MappingChange
    ) -> [Addition] {
        let isRoot = node.byteRange.lowerBound == tree.root.byteRange.lowerBound
        let isSorted =
            !isRoot && lines.isFirstOnLine(node.byteRange.lowerBound)
            && zip(entries, entries.dropFirst()).allSatisfy { $0.name < $1.name }
        let inserts = isSorted ? change.inserts.sorted { $0.key < $1.key } : change.inserts
        var result: [Addition] = []
        result.reserveCapacity(inserts.count)
        var position = isSorted ? 0 : entries.count
        for entry in inserts {
            while position < entries.count, entries[position].name < entry.key { position += 1 }
            result.append(
                Addition(
                    key: entry.key, flowText: entry.flowText, node: fresh.node(entry.flowText), position: position))
        }
        for name in newFields(node, entries, change) {
            guard let child = change.children[name] else { continue }
            if isRoot && !child.inserts.isEmpty && child.children.isEmpty {
                let block = blockValue(child, column: node.column)
                result.append(Addition(key: name, flowText: block.text, node: block.node, position: entries.count))
            } else {
                let value = fresh.value(child)
                result.append(
                    Addition(key: name, flowText: value.flowText, node: value.node, position: entries.count))
            }
        }
        return result
    }

    /// A new mapping as indented lines, to follow its key's colon.
    private func blockValue(_ change: MappingChange, column: Int) -> (text: String, node: YAMLNode) {
        let indent = String(repeating: " ", count: column - 1 + indentation)
        var text = ""
        for entry in change.inserts { text += lines.newline + indent + line(entry.key, entry.flowText) }
        return (text, fresh.value(change).node)
    }

    private func line(_ key: String, _ flowText: String) -> String {
        let isBlock = flowText.hasPrefix("\n") || flowText.hasPrefix("\r\n")
        return yamlScalar(key) + ":" + (isBlock || flowText.isEmpty ? "" : " ") + flowText
    }

    private mutating func removeLines(of entries: [YAMLEntry], _ kept: [YAMLEntry?]) {
        for (entry, new) in zip(entries, kept) where new == nil {
            let start = entry.key.byteRange.lowerBound
            guard lines.isFirstOnLine(start) else {
                refuse(entry.key, "the entry shares its first line with something else")
                continue
            }
            edit(lines.start(start)..<lines.next(end(of: entry)), "")
        }
    }

    private mutating func insertLines(_ additions: [Addition], into entries: [YAMLEntry], _ kept: [YAMLEntry?]) {
        guard let first = entries.first, !additions.isEmpty else { return }
        let indent = String(repeating: " ", count: first.key.column - 1)
        var anchor: Int?
        var scanned = 0
        var index = 0
        while index < additions.count {
            let position = additions[index].position
            while scanned < position {
                if kept[scanned] != nil { anchor = scanned }
                scanned += 1
            }
            var texts: [String] = []
            while index < additions.count, additions[index].position == position {
                texts.append(indent + line(additions[index].key, additions[index].flowText))
                index += 1
            }
            if let anchor {
                let place = lines.end(end(of: entries[anchor]))
                edit(place..<place, texts.map { lines.newline + $0 }.joined())
            } else {
                let place =
                    kept[0] == nil ? lines.start(first.key.byteRange.lowerBound) : startWithComments(of: first.key)
                edit(place..<place, texts.map { $0 + lines.newline }.joined())
            }
        }
    }

    /// The beginning of the comment lines directly above a key, or of its own line.
    private func startWithComments(of key: YAMLNode) -> Int {
        var start = lines.start(key.byteRange.lowerBound)
        while start > 0 {
            let above = lines.start(start - 1)
            guard lines.isComment(lineAt: above, column: key.column) else { break }
            start = above
        }
        return start
    }

    /// Top-level keys go to the very end, below any comment there.
    private mutating func appendToFile(_ additions: [Addition], column: Int) {
        guard !additions.isEmpty else { return }
        let indent = String(repeating: " ", count: column - 1)
        let texts = additions.map { indent + line($0.key, $0.flowText) }.joined(separator: lines.newline)
        let end = lines.bytes.count
        let isComplete = end == 0 || lines.bytes[end - 1] == 0x0A
        edit(end..<end, isComplete ? texts + lines.newline : lines.newline + texts)
    }

    /// Nothing, `~` or `{}` becomes lines below its key, or fields in braces where fields are to be set.
    mutating func startBlock(_ node: YAMLNode, _ change: MappingChange, under key: YAMLNode?) -> YAMLNode {
        _ = newFields(node, [], change)
        guard let key else { return startRoot(node, change) }
        let value = fresh.value(change)
        let colon = colon(after: key)
        if !change.inserts.isEmpty, change.children.isEmpty, !isInBraces, standsInBlock(key), let colon {
            edit(colon + 1..<max(colon + 1, node.byteRange.upperBound), "")
            let block = blockValue(change, column: key.column)
            let place = lines.end(max(colon + 1, node.byteRange.upperBound))
            edit(place..<place, block.text)
        } else {
            replaceValue(of: YAMLEntry(key: key, value: node), value.flowText)
        }
        return value.node
    }

    /// The first keys of a file without any.
    private mutating func startRoot(_ node: YAMLNode, _ change: MappingChange) -> YAMLNode {
        guard node.byteRange.isEmpty else {
            refuse(node, "the file holds \(quotedSource(node)) where its fields belong")
            return node
        }
        let additions = additions(to: tree.root, [], change)
        appendToFile(additions, column: 1)
        return YAMLNode(
            .mapping(additions.map { YAMLEntry(key: .fresh($0.key), value: $0.node) }, .block), node.place)
    }

    private mutating func leaveEmpty(_ node: YAMLNode, under key: YAMLNode?) {
        guard let key, let colon = colon(after: key), lines.start(node.byteRange.lowerBound) > colon else {
            return refuse(node, "the last entry shares its line with something else")
        }
        edit(colon + 1..<colon + 1, " {}")
    }

    /// The end of an entry's text.
    private func end(of entry: YAMLEntry) -> Int {
        max(entry.key.byteRange.upperBound, entry.value.byteRange.upperBound)
    }

    private func quotedSource(_ node: YAMLNode) -> String {
        "\"" + String(decoding: lines.bytes[node.byteRange], as: UTF8.self) + "\""
    }

    /// How far the file indents: its first nested block mapping decides, else two spaces.
    private var indentation: Int {
        for entry in tree.root.entries ?? [] {
            guard case .mapping(let inner, .block) = entry.value.value, let first = inner.first else { continue }
            return max(1, first.key.column - entry.key.column)
        }
        return 2
    }
}
