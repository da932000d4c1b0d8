import Addresses
import Diagnostics
import MeshFiles

/// Reads located nodes as typed values and collects every mistake instead of stopping at the first.
struct FieldReader {
    let file: String
    private(set) var findings: [Diagnostic] = []

    init(file: String) {
        self.file = file
    }

    func place(_ node: YAMLNode) -> SourceLocation {
        node.location(in: file)
    }

    mutating func report(_ id: DiagnosticID, _ node: YAMLNode, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(id, at: place(node), message, hint: hint))
    }

    mutating func report(_ id: DiagnosticID, at location: SourceLocation, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(id, at: location, message, hint: hint))
    }

    /// The entries of a mapping; an absent value (`{}`, null) is the empty mapping.
    mutating func entries(_ node: YAMLNode, of field: String) -> [YAMLEntry] {
        if let entries = node.entries { return entries }
        if node.isNull { return [] }
        report(.wrongShape, node, "\(quoted(field)) takes fields, not \(node.described)")
        return []
    }

    /// The items of a list; a single value stands for a list of one.
    mutating func items(_ node: YAMLNode, of field: String) -> [YAMLNode] {
        switch node.value {
        case .sequence(let items, _): return items
        case .scalar where !node.isNull: return [node]
        case .scalar, .mapping:
            report(.wrongShape, node, "\(quoted(field)) takes a value or a list of values, not \(node.described)")
            return []
        }
    }

    /// The text of a single value, or nil after a report.
    mutating func text(_ node: YAMLNode, of field: String) -> String? {
        if case .scalar(let text, _) = node.value, !node.isNull { return text }
        report(.wrongShape, node, "\(quoted(field)) takes one value, not \(node.described)")
        return nil
    }

    /// One value parsed, or nil after a report that quotes it.
    mutating func value<Value: Sendable>(
        _ node: YAMLNode, of field: String, parse: (String) throws(AddressError) -> Value
    ) -> Located<Value>? {
        guard let text = text(node, of: field) else { return nil }
        do throws(AddressError) {
            return Located(try parse(text), place(node))
        } catch {
            let message = "\(field): \(quoted(text)) is not a valid \(error.noun): \(error.reason.rawValue)"
            report(.invalidValue, node, message, hint: error.hint)
            return nil
        }
    }

    /// Every item of a list parsed; those that do not parse are reported and left out.
    mutating func values<Value: Sendable>(
        _ node: YAMLNode, of field: String, parse: (String) throws(AddressError) -> Value
    ) -> [Located<Value>] {
        items(node, of: field).compactMap { value($0, of: field, parse: parse) }
    }

    /// A whole number within bounds, written in decimal digits without sign or leading zero; `words` are what may stand
    /// there instead, for the message.
    mutating func number(
        _ node: YAMLNode, of field: String, in range: ClosedRange<Int>, or words: [String] = []
    ) -> Int? {
        guard let text = text(node, of: field) else { return nil }
        if let number = Int(strictDecimal: text), range.contains(number) { return number }
        report(
            .invalidValue, node,
            "\(field): \(quoted(text)) is not \(words.map { "\($0), " }.joined())"
                + "\(words.isEmpty ? "" : "or ")a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// One of a fixed set of words.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ node: YAMLNode, of field: String, as type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(node, of: field) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        report(
            .invalidValue, node, "\(field): \(quoted(text)) is not one of \(words.joined(separator: ", "))",
            hint: nearest(to: text, among: words).map { "write \($0)" })
        return nil
    }

    /// `yes` or `no`, `true` or `false`.
    mutating func flag(_ node: YAMLNode, of field: String) -> Bool? {
        guard let text = text(node, of: field) else { return nil }
        switch text {
        case "yes", "true": return true
        case "no", "false": return false
        default:
            report(.invalidValue, node, "\(field): \(quoted(text)) is neither yes nor no")
            return nil
        }
    }

    /// A name of a mesh, peer, group or site.
    mutating func name(_ node: YAMLNode, of kind: String) -> String? {
        guard let text = text(node, of: kind) else { return nil }
        if let problem = NameRule.problem(of: text) {
            report(.invalidName, node, "the \(kind) name \(quoted(text)) \(problem)")
            return nil
        }
        return text
    }

    /// Reports a key that the grammar does not have.
    mutating func unknown(_ key: YAMLNode, in place: String, known: [String]) {
        guard let text = key.text else { return }
        report(
            .unknownField, key, "\(place) has no field \(quoted(text))",
            hint: nearest(to: text, among: known).map { "did you mean \(quoted($0))?" }
                ?? (known.count == 1 ? "its only field is " : "its fields are ") + known.joined(separator: ", "))
    }
}

extension YAMLNode {
    /// What stands there, in words for a message: the value itself where there is one.
    var described: String {
        if let text, !isNull { return quoted(text) }
        return shape
    }
}

extension Int {
    /// Decimal digits alone, at most nine, without leading zeros.
    init?(strictDecimal text: some StringProtocol) {
        let digits = text.utf8
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        self.init(text)
    }
}
