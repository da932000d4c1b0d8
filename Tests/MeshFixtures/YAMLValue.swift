/// A YAML value to print, so that a test can shuffle what means nothing.
package indirect enum YAMLValue: Sendable {
    case text(String)
    case list([YAMLValue])
    case fields([(String, YAMLValue)])

    package static func texts(_ texts: [String]) -> YAMLValue { .list(texts.map { .text($0) }) }

    /// The same with the entries of every mapping in another order.
    package func shuffled(using random: inout SeededRandom) -> YAMLValue {
        switch self {
        case .text: return self
        case .list(let items):
            var result: [YAMLValue] = []
            for item in items { result.append(item.shuffled(using: &random)) }
            return .list(result)
        case .fields(let fields):
            var result: [(String, YAMLValue)] = []
            for (key, value) in fields.shuffled(using: &random) { result.append((key, value.shuffled(using: &random))) }
            return .fields(result)
        }
    }

    /// The file: the outer two levels as blocks, what is inside in braces.
    package var document: String {
        guard case .fields(let fields) = self else { return flow + "\n" }
        return fields.map { key, value in
            guard case .fields(let inner) = value, !inner.isEmpty else { return "\(key): \(value.flow)\n" }
            return "\(key):\n" + inner.map { "  \($0): \($1.flow)\n" }.joined()
        }.joined()
    }

    private var flow: String {
        switch self {
        case .text(let text): return text
        case .list(let items): return "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .fields(let fields): return "{" + fields.map { "\($0): \($1.flow)" }.joined(separator: ", ") + "}"
        }
    }
}
