package import Diagnostics

/// How a collection is written: indented lines, or inside braces and brackets.
package enum YAMLLayout: UInt8, Sendable {
    case block
    case flow
}

/// How a scalar is written.
package enum YAMLScalarStyle: UInt8, Sendable {
    case plain
    case singleQuoted
    case doubleQuoted
    /// `|`
    case literal
    /// `>`
    case folded
}

/// One value of a YAML file, with its place. Values are text as written: nothing is typed, so `no`, `010` and `12:30`
/// stay what they are.
package struct YAMLNode: Sendable {
    package enum Value: Sendable {
        case scalar(String, YAMLScalarStyle)
        case sequence([YAMLNode], YAMLLayout)
        case mapping([YAMLEntry], YAMLLayout)
    }

    package let value: Value
    /// From 1.
    package var line: Int { Int(place.line) }
    /// From 1, in Unicode scalars.
    package var column: Int { Int(place.column) }
    /// Where the value stands in the source's bytes; quotes and brackets belong to it. A block collection ends with
    /// its last value. An absent value (`key:`) is empty and stands after the colon.
    package var byteRange: Range<Int> { Int(place.start)..<Int(place.end) }

    let place: YAMLPlace

    init(_ value: Value, _ place: YAMLPlace) {
        self.value = value
        self.place = place
    }

    package func location(in file: String) -> SourceLocation {
        SourceLocation(file: file, line: line, column: column)
    }
}

/// The place of a node: small, since a large mesh has hundreds of thousands. Bytes fit: files end at 64 MiB.
struct YAMLPlace: Sendable {
    var line: Int32 = 1
    var column: Int32 = 1
    var start: Int32 = 0
    var end: Int32 = 0
}

/// A key and its value; keys are always scalars, and no mapping has one twice.
package struct YAMLEntry: Sendable {
    package let key: YAMLNode
    package let value: YAMLNode

    /// The key's text.
    package var name: String { key.text ?? "" }
}

extension YAMLNode {
    /// The text of a scalar (of a null too, as written); nil for a collection.
    package var text: String? {
        if case .scalar(let text, _) = value { text } else { nil }
    }

    /// Nothing, `~` or `null`, written without quotes.
    package var isNull: Bool {
        guard case .scalar(let text, .plain) = value else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    /// The values of a sequence; nil for anything else.
    package var items: [YAMLNode]? {
        if case .sequence(let items, _) = value { items } else { nil }
    }

    /// The entries of a mapping, in the order of the file; nil for anything else.
    package var entries: [YAMLEntry]? {
        if case .mapping(let entries, _) = value { entries } else { nil }
    }

    /// The value under `key`; nil when this is no mapping or has no such key. Looks at one entry after the other.
    package subscript(key: String) -> YAMLNode? {
        entries?.first { $0.name == key }?.value
    }

    /// "a value", "a list", "fields" or "nothing", for messages.
    package var shape: String {
        switch value {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "fields"
        }
    }

    /// The same texts in the same order, wherever they stand and however they are quoted. A null equals only a null.
    package func hasSameContent(as other: YAMLNode) -> Bool {
        switch (value, other.value) {
        case (.scalar(let a, _), .scalar(let b, _)):
            isNull == other.isNull && (isNull || a == b)
        case (.sequence(let a, _), .sequence(let b, _)):
            a.count == b.count && zip(a, b).allSatisfy { $0.hasSameContent(as: $1) }
        case (.mapping(let a, _), .mapping(let b, _)):
            a.count == b.count
                && zip(a, b).allSatisfy { $0.name == $1.name && $0.value.hasSameContent(as: $1.value) }
        default: false
        }
    }
}
