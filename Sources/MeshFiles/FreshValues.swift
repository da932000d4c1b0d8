import Diagnostics

/// The new values of an edit as trees, read from their flow texts in one go.
struct FreshValues {
    private var nodes: [String: YAMLNode] = [:]

    /// - Throws: a failure of status `bug` when a text is not one value.
    init(_ editor: MeshFileEditor) throws(Failure) {
        var texts: [String] = editor.scalars.values.map(\.flowText)
        editor.root.collectTexts(into: &texts)
        guard !texts.isEmpty else { return }
        var source: [UInt8] = Array("[\n".utf8)
        for (index, text) in texts.enumerated() {
            if index > 0 { source += ",\n".utf8 }
            source += text.utf8
            source += "\n".utf8
        }
        source += "]\n".utf8
        let tree: YAMLTree
        do { tree = try YAMLTree(parsing: source, file: "the new value") } catch {
            let long = error.diagnostics.filter { $0.id == .valueTooLong }
            if long.count == error.diagnostics.count {
                throw Failure(.usage, long.map { Diagnostic($0.id, at: nil, $0.message, hint: "shorten it") })
            }
            throw Failure(.bug, error.diagnostics.map { Diagnostic(.editMismatch, at: $0.location, $0.message) })
        }
        guard let items = tree.root.items, items.count == texts.count else {
            throw Failure(.bug, .editMismatch, "a new value is not one value")
        }
        nodes.reserveCapacity(texts.count)
        for (text, node) in zip(texts, items) { nodes[text] = node }
    }

    /// The value that a text of the edit stands for.
    func node(_ flowText: String) -> YAMLNode { nodes[flowText] ?? YAMLNode(.scalar("", .plain), YAMLPlace()) }

    /// The text and value of a change to a key that does not exist yet.
    func value(_ change: MappingChange) -> (flowText: String, node: YAMLNode) {
        if case .set(let text) = change.action { return (text, node(text)) }
        var parts: [String] = []
        var entries: [YAMLEntry] = []
        for (key, text, node) in additions(change) {
            parts.append("\(yamlScalar(key)): \(text)")
            entries.append(YAMLEntry(key: .fresh(key), value: node))
        }
        return ("{" + parts.joined(separator: ", ") + "}", YAMLNode(.mapping(entries, .flow), YAMLPlace()))
    }

    private func additions(_ change: MappingChange) -> [(key: String, text: String, node: YAMLNode)] {
        change.inserts.map { ($0.key, $0.flowText, node($0.flowText)) }
            + change.order.compactMap { key in
                guard let child = change.children[key] else { return nil }
                let value = value(child)
                return (key, value.flowText, value.node)
            }
    }
}

extension YAMLNode {
    /// A key that is not in a file yet.
    static func fresh(_ text: String) -> YAMLNode { YAMLNode(.scalar(text, .doubleQuoted), YAMLPlace()) }
}
