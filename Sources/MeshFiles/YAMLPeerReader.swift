import Diagnostics

/// Peers from YAML: a list of mappings with a `name`, a mapping by name, or either below `peers:`.
struct YAMLPeerReader {
    private let tree: YAMLTree
    private(set) var draft = PeerListDraft()

    init(_ tree: YAMLTree) {
        self.tree = tree
        var root = tree.root
        if let entries = root.entries, entries.count == 1, let peers = root["peers"] { root = peers }
        if let items = root.items {
            for item in items { readItem(item) }
        } else if let entries = root.entries {
            for entry in entries { readNamed(entry) }
        } else if !root.isNull {
            draft.report(.wrongShape, at: tree.location(of: root), "expected a list of peers, found \(root.shape)")
        }
    }

    private mutating func readItem(_ item: YAMLNode) {
        let place = tree.location(of: item)
        guard let entries = item.entries else {
            return draft.report(
                .wrongShape, at: place, "expected the fields of a peer, found \(item.shape)",
                hint: "write \"- {name: web-1, site: nyc3}\"")
        }
        guard let name = item["name"], let text = name.text, !name.isNull else {
            return draft.report(.missingField, at: place, "the peer has no name", hint: "add \"name: NAME\"")
        }
        add(LocatedText(text, at: tree.location(of: name)), entries.filter { $0.name != "name" })
    }

    private mutating func readNamed(_ entry: YAMLEntry) {
        guard let fields = entry.value.isNull ? [] : entry.value.entries else {
            return draft.report(
                .wrongShape, at: tree.location(of: entry.value),
                "expected the fields of peer \(quoted(entry.name)), found \(entry.value.shape)",
                hint: "write \"\(entry.name): {site: nyc3}\"")
        }
        add(LocatedText(entry.name, at: tree.location(of: entry.key)), fields)
    }

    private mutating func add(_ name: LocatedText, _ entries: [YAMLEntry]) {
        let fields = entries.compactMap { field($0) }
        for (index, field) in fields.enumerated() where fields[..<index].contains(where: { $0.name == field.name }) {
            draft.report(.duplicateColumn, at: field.location, "a second value for \(quoted(field.name))")
        }
        draft.entries.append(PeerListEntry(name: name, fields: PeerListColumn.sorted(fields), privateKey: nil))
    }

    private mutating func field(_ entry: YAMLEntry) -> PeerListField? {
        let place = tree.location(of: entry.key)
        guard let column = PeerListColumn(header: entry.name), PeerListColumn.yamlNames.contains(column.rawValue),
            column != .name
        else {
            draft.report(
                .unknownField, at: place, "unknown field \(PeerList.shown(entry.name))",
                hint: "the fields are \(PeerListColumn.yamlNames.dropFirst().joined(separator: ", "))")
            return nil
        }
        if entry.value.isNull { return nil }
        let nodes = entry.value.items ?? [entry.value]
        let isHook = column.rawValue.hasPrefix("pre-") || column.rawValue.hasPrefix("post-")
        let values = nodes.compactMap { node in node.text.map { LocatedText($0, at: tree.location(of: node)) } }
        let isListAllowed = column.isList != .never || isHook
        guard values.count == nodes.count, isListAllowed || entry.value.items == nil else {
            draft.report(
                .wrongShape, at: tree.location(of: entry.value),
                "\(quoted(entry.name)) takes \(isListAllowed ? "texts" : "one value"), found \(entry.value.shape)")
            return nil
        }
        return PeerListField(name: column.rawValue, values: values, location: tree.location(of: entry.value))
    }
}
