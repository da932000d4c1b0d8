// Entries in braces.
extension EditWriter {
    mutating func rewriteFlow(_ node: YAMLNode, _ entries: [YAMLEntry], _ change: MappingChange) -> YAMLNode {
        let kept = entries.map { rewrite($0, change.children[$0.name]) }
        let additions = flowAdditions(node, entries, change)
        let texts = additions.map { "\(yamlScalar($0.key)): \($0.text)" }
        if let last = kept.lastIndex(where: { $0 != nil }) {
            removeRuns(entries, kept)
            if !texts.isEmpty { append(texts, after: entries[last], in: node) }
        } else {
            if !entries.isEmpty && holdsComment(node.byteRange, outside: entries) {
                refuse(node, "a comment stands inside the braces")
            }
            edit(node.byteRange, "{" + texts.joined(separator: ", ") + "}")
        }
        let new = additions.map { YAMLEntry(key: .fresh($0.key), value: $0.node) }
        return YAMLNode(.mapping(kept.compactMap { $0 } + new, .flow), node.place)
    }

    private mutating func flowAdditions(
        _ node: YAMLNode, _ entries: [YAMLEntry], _ change: MappingChange
    ) -> [(key: String, text: String, node: YAMLNode)] {
        var result = change.inserts.map { (key: $0.key, text: $0.flowText, node: fresh.node($0.flowText)) }
        for name in newFields(node, entries, change) {
            guard let child = change.children[name] else { continue }
            let value = fresh.value(child)
            result.append((name, value.flowText, value.node))
        }
        return result
    }

    /// Removes neighbouring entries together: up to the next one that stays, else from the end of the one before.
    private mutating func removeRuns(_ entries: [YAMLEntry], _ kept: [YAMLEntry?]) {
        var index = 0
        while index < entries.count {
            guard kept[index] == nil else {
                index += 1
                continue
            }
            var last = index
            while last + 1 < entries.count, kept[last + 1] == nil { last += 1 }
            if last + 1 < entries.count {
                let gap = end(of: entries[last])..<entries[last + 1].key.byteRange.lowerBound
                if commentFollows(afterFirstLineOf: gap) { refuse(entries[index].key, "a comment follows the entry") }
                edit(entries[index].key.byteRange.lowerBound..<gap.upperBound, "")
            } else {
                let gap = end(of: entries[index - 1])..<entries[index].key.byteRange.lowerBound
                if lines.bytes[gap].contains(UInt8(ascii: "#")) {
                    refuse(entries[index].key, "a comment stands before the entry")
                }
                edit(gap.lowerBound..<end(of: entries[last]), "")
            }
            index = last + 1
        }
    }

    /// Adds fields after the last that stays; on lines of their own when that one has one.
    private mutating func append(_ texts: [String], after entry: YAMLEntry, in node: YAMLNode) {
        let place = end(of: entry)
        let start = entry.key.byteRange.lowerBound
        let hasOwnLine = lines.isFirstOnLine(start) && node.line < entry.key.line
        if hasOwnLine || entry.value.byteRange.isEmpty {
            let rest = place..<max(place, min(lines.end(place), node.byteRange.upperBound))
            guard !lines.bytes[rest].contains(UInt8(ascii: "#")) else {
                return refuse(entry.key, "a comment follows the last entry in the braces")
            }
        }
        if hasOwnLine {
            let indent = lines.newline + String(repeating: " ", count: entry.key.column - 1)
            edit(place..<place, texts.map { "," + indent + $0 }.joined())
        } else {

            edit(place..<place, texts.map { ", " + $0 }.joined())
        }
    }

    /// The end of an entry's text. Where it has no value, its colon belongs to it, and the space or line end that
    /// makes it a colon.
    private func end(of entry: YAMLEntry) -> Int {
        if !entry.value.byteRange.isEmpty { return entry.value.byteRange.upperBound }
        guard let colon = colon(after: entry.key) else { return entry.key.byteRange.upperBound }
        var end = colon + 1
        if end < lines.bytes.count, lines.bytes[end] == 0x0D { end += 1 }
        if end < lines.bytes.count, lines.bytes[end] == 0x20 || lines.bytes[end] == 0x0A { end += 1 }
        return end
    }

    /// Whether a line after the first of the gap between two entries holds a comment.
    private func commentFollows(afterFirstLineOf gap: Range<Int>) -> Bool {
        guard let lineEnd = lines.bytes[gap].firstIndex(of: 0x0A) else { return false }
        return lines.bytes[lineEnd..<gap.upperBound].contains(UInt8(ascii: "#"))
    }

    private func holdsComment(_ range: Range<Int>, outside entries: [YAMLEntry]) -> Bool {
        var position = range.lowerBound
        for entry in entries {
            if lines.bytes[position..<max(position, entry.key.byteRange.lowerBound)].contains(UInt8(ascii: "#")) {
                return true
            }
            position = end(of: entry)
        }
        return lines.bytes[position..<max(position, range.upperBound)].contains(UInt8(ascii: "#"))
    }
}
