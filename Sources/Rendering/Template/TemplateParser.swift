import Diagnostics

/// Parses the body of a template and resolves its names; every mistake has its place.
///
/// The language is Mustache's without partials, escapes and dotted names: `{{name}}`, `{{#name}}…{{/name}}`,
/// `{{^name}}…{{/name}}`, `{{.}}`. A section tag alone on its line takes the line with it (mustache(5)).
struct TemplateParser {
    private let source: [UInt8]
    private let file: String
    private var position: Int
    private(set) var findings: [Diagnostic] = []
    private(set) var usesSecret = false
    private var open: [(name: String, offset: Int)] = []
    private var isInPeers = false
    private var listDepth = 0
    private var hasPeers = false

    init(source: [UInt8], from position: Int, file: String) {
        self.source = source
        self.file = file
        self.position = position
    }

    mutating func parse() -> [TemplateNode] {
        var result = nodes()
        // A closing tag without its opening one has ended the nodes and is reported; what follows is read all the same.
        while position < source.count { result += nodes() }
        return result
    }

    /// Nodes up to the end of the source or of the open section, whose closing tag is consumed.
    private mutating func nodes() -> [TemplateNode] {
        var result: [TemplateNode] = []
        while position < source.count {
            guard let start = source[position...].firstPair(of: UInt8(ascii: "{")) else {
                result.append(.text(source[position...]))
                position = source.count
                break
            }
            guard let end = source[start...].firstPair(of: UInt8(ascii: "}")) else {
                report(.templateSyntax, at: start, "the tag is not closed", hint: "close it with }}")
                position = source.count
                break
            }
            let tag = Tag(source[(start + 2)..<end], standingIn: source, start..<(end + 2))
            if position < tag.range.lowerBound { result.append(.text(source[position..<tag.range.lowerBound])) }
            if tag.kind == .close {
                close(tag, at: start)
                return result
            }
            position = tag.range.upperBound
            if let node = node(tag, at: start) { result.append(node) }
        }
        if let unclosed = open.popLast() {
            report(
                .templateSyntax, at: unclosed.offset, "the section \(quoted(unclosed.name)) is not closed",
                hint: "close it with {{/\(unclosed.name)}}")
        }
        return result
    }

    private mutating func close(_ tag: Tag, at offset: Int) {
        position = tag.range.upperBound
        guard let opened = open.popLast() else {
            report(.templateSyntax, at: offset, "the section \(quoted(tag.name)) is closed and was not opened")
            return
        }
        if opened.name != tag.name {
            report(
                .templateSyntax, at: offset, "the section \(quoted(opened.name)) is closed as \(quoted(tag.name))",
                hint: "write {{/\(opened.name)}}")
        }
    }

    private mutating func node(_ tag: Tag, at offset: Int) -> TemplateNode? {
        if tag.name == "." && tag.kind == .value {
            if listDepth > 0 { return .item }
            report(.templateName, at: offset, "{{.}} stands for an item, and this is not inside a list")
            return nil
        }
        if tag.name == "peers" { return peers(tag, at: offset) }
        guard let name = resolve(tag.name, at: offset) else {
            if tag.kind != .value { _ = body(of: tag, at: offset) }
            return nil
        }
        switch tag.kind {
        case .value, .close:
            usesSecret = usesSecret || name.isSecret
            if name.isQuestion {
                report(.templateName, at: offset, "\(quoted(tag.name)) is no text", hint: "write {{#\(tag.name)}}…")
            }
            return .value(name)
        case .section:
            listDepth += name.isList ? 1 : 0
            defer { listDepth -= name.isList ? 1 : 0 }
            return .section(name, body(of: tag, at: offset))
        case .inverted: return .inverted(name, body(of: tag, at: offset))
        }
    }

    private mutating func peers(_ tag: Tag, at offset: Int) -> TemplateNode? {
        if tag.kind != .section || isInPeers || !open.isEmpty || hasPeers {
            report(
                .templateSyntax, at: offset, "{{#peers}} stands at most once in a template, in no other section",
                hint: "move it out")
        }
        hasPeers = true
        guard tag.kind == .section || tag.kind == .inverted else { return nil }
        let wasInPeers = isInPeers
        isInPeers = true
        defer { isInPeers = wasInPeers }
        return .peers(body(of: tag, at: offset))
    }

    private mutating func body(of tag: Tag, at offset: Int) -> [TemplateNode] {
        open.append((tag.name, offset))
        let depth = open.count
        if depth > 16 {
            report(.templateSyntax, at: offset, "sections are nested more than 16 deep")
            position = source.count
        }
        return nodes()
    }

    private mutating func resolve(_ text: String, at offset: Int) -> TemplateName? {
        let known = TemplateName.allCases.filter { isInPeers ? $0.isOfPeer : $0.isOfInterface }
        if let name = TemplateName(rawValue: text), known.contains(name) { return name }
        let place = isInPeers ? "inside {{#peers}}" : "here"
        report(
            .templateName, at: offset, "there is no name \(quoted(text)) \(place)",
            hint: nearest(to: text, among: known.map(\.rawValue)).map { "did you mean \(quoted($0))?" })
        return nil
    }

    private mutating func report(_ id: DiagnosticID, at offset: Int, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(id, at: place(offset), message, hint: hint))
    }

    private func place(_ offset: Int) -> SourceLocation {
        let before = source[..<min(offset, source.count)]
        let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
        return SourceLocation(file: file, line: line, column: column)
    }
}

/// One `{{…}}`, with the bytes it takes from the text: its whole line when it is a section tag alone on it.
private struct Tag {
    enum Kind { case value, section, inverted, close }

    let kind: Kind
    let name: String
    let range: Range<Int>

    init(_ inner: ArraySlice<UInt8>, standingIn source: [UInt8], _ range: Range<Int>) {
        var text = inner[...]
        switch text.first {
        case UInt8(ascii: "#")?: kind = .section
        case UInt8(ascii: "^")?: kind = .inverted
        case UInt8(ascii: "/")?: kind = .close
        default: kind = .value
        }
        if kind != .value { text = text.dropFirst() }
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") }
        name = String(decoding: text.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
        self.range = kind == .value ? range : Self.standalone(range, in: source) ?? range
    }

    private static func standalone(_ range: Range<Int>, in source: [UInt8]) -> Range<Int>? {
        var start = range.lowerBound
        while start > 0, source[start - 1] == UInt8(ascii: " ") { start -= 1 }
        guard start == 0 || source[start - 1] == UInt8(ascii: "\n") else { return nil }
        var end = range.upperBound
        while end < source.count, source[end] == UInt8(ascii: " ") { end += 1 }
        guard end == source.count || source[end] == UInt8(ascii: "\n") else { return nil }
        return start..<min(end + 1, source.count)
    }
}

extension ArraySlice<UInt8> {
    /// The index of the first of two equal bytes in a row.
    fileprivate func firstPair(of byte: UInt8) -> Int? {
        var index = startIndex
        while index + 1 < endIndex {
            if self[index] == byte && self[index + 1] == byte { return index }
            index += 1
        }
        return nil
    }
}
