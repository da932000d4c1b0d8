/// A key to add, with its value as flow text.
struct NewEntry: Sendable {
    let key: String
    let flowText: String
}

/// What is to become of one value of the tree, and of those below it.
struct MappingChange: Sendable {
    enum Action: Sendable {
        case none
        case remove
        case set(String)
    }

    var action = Action.none
    var newName: String?
    /// Entries to add as lines, in sorted place.
    var inserts: [NewEntry] = []
    /// Changes below, by key; `order` is the order in which they were asked for.
    private(set) var children: [String: MappingChange] = [:]
    private(set) var order: [String] = []

    /// Whether nothing changes below this value.
    var isEmpty: Bool { inserts.isEmpty && children.isEmpty }

    mutating func update(at path: ArraySlice<String>, _ body: (inout MappingChange) -> Void) {
        guard let key = path.first else { return body(&self) }
        if children[key] == nil { order.append(key) }
        children[key, default: MappingChange()].update(at: path.dropFirst(), body)
    }

    /// Every new value's text, in no particular order.
    func collectTexts(into texts: inout [String]) {
        if case .set(let text) = action { texts.append(text) }
        for entry in inserts { texts.append(entry.flowText) }
        for key in order { children[key]?.collectTexts(into: &texts) }
    }
}

/// The bytes of `range` give way to `replacement`.
struct ByteEdit: Sendable {
    let range: Range<Int>
    let replacement: String
}
