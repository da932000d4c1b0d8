import CYAML
import Diagnostics

/// Builds the located tree from libyaml's events. Finished nodes wait on one stack until their collection ends, so
/// that each collection costs one allocation of the right size.
struct YAMLReader {
    struct Frame {
        let isMapping: Bool
        let layout: YAMLLayout
        let place: YAMLPlace
        /// Where the collection's nodes begin on the stack.
        let base: Int
    }

    private enum Step {
        case go, stop
    }

    /// A file that is wrong in more places than this lists no more.
    private static let findingLimit = 100

    let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private let characters: CharacterIndex
    private(set) var frames: [Frame] = []
    private var nodes: [YAMLNode] = []
    private var documents = 0
    private(set) var findings: [Diagnostic] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String, isASCII: Bool) {
        self.bytes = bytes
        self.file = file
        self.characters = CharacterIndex(bytes, isASCII: isASCII)
    }

    /// The root; nil when a finding stopped the reading. Findings may be there in either case.
    mutating func read() -> YAMLNode? {
        let nothing = YAMLNode(.scalar("", .plain), YAMLPlace())
        guard !bytes.isEmpty else { return nothing }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            report(.yamlSyntaxError, YAMLPlace(), "out of memory")
            return nil
        }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) == 1 else {
                // libyaml takes no key of more than 1,024 characters: what it says then is beside the point.
                if !findings.contains(where: { $0.id == .valueTooLong }) {
                    findings.append(YAMLComplaint(parser.pointee, file: file).diagnostic)
                }
                return nil
            }
            let step = take(event)
            let isEnd = event.type == YAML_STREAM_END_EVENT
            yaml_event_delete(&event)
            if isEnd { return nodes.first ?? nothing }
            if step == .stop || findings.count >= Self.findingLimit { return nil }
        }
    }

    private mutating func take(_ event: yaml_event_t) -> Step {
        switch event.type {
        case YAML_SCALAR_EVENT: takeScalar(event)
        case YAML_MAPPING_START_EVENT:
            return begin(
                event, isMapping: true, (event.data.mapping_start.anchor, event.data.mapping_start.tag),
                event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? .flow : .block)
        case YAML_SEQUENCE_START_EVENT:
            return begin(
                event, isMapping: false, (event.data.sequence_start.anchor, event.data.sequence_start.tag),
                event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? .flow : .block)
        case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: end(event)
        case YAML_ALIAS_EVENT:
            let place = place(event)
            report(
                .yamlAlias, place, "the file repeats a value by an alias (\(quoted(source(place))))",
                hint: "write the value out in full")
            push(YAMLNode(.scalar("", .plain), place))
        case YAML_DOCUMENT_START_EVENT: return beginDocument(event)
        case YAML_DOCUMENT_END_EVENT where event.data.document_end.implicit == 0:
            report(.yamlDocuments, place(event), "\"...\" ends the document early", hint: "delete the line")
        default: break
        }
        return .go
    }

    private mutating func beginDocument(_ event: yaml_event_t) -> Step {
        let start = event.data.document_start
        if start.version_directive != nil || start.tag_directives.start != start.tag_directives.end {
            report(.yamlDirective, place(event), "the file begins with a YAML directive", hint: "delete the line")
        }
        documents += 1
        if documents == 1 { return .go }
        report(
            .yamlDocuments, place(event), "\"---\" begins a second document; a file holds one",
            hint: "delete the line, or keep the second document in a mesh of its own")
        return .stop
    }

    private mutating func takeScalar(_ event: yaml_event_t) {
        let scalar = event.data.scalar
        var place = place(event)
        refuse(anchor: scalar.anchor, tag: scalar.tag, place)
        let style = YAMLScalarStyle(scalar.style)
        if scalar.length > YAMLTree.scalarLimit {
            report(
                .valueTooLong, place,
                "a text of \(scalar.length) bytes; the longest is \(YAMLTree.scalarLimit)",
                hint: "shorten it, or close the quote before it")
        }
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        if style == .literal || style == .folded { place.end = endOfBlockScalar(place, text.utf8) }
        let node = YAMLNode(.scalar(text, style), place)
        if style == .plain && text == "<<" && isKeyNext {
            report(.yamlMergeKey, place, "\"<<\" merges fields from elsewhere", hint: "write the fields out in full")
        }
        let isOneWord = event.start_mark.line == event.end_mark.line && place.start < place.end
        if isKeyNext && (!isOneWord || isExplicitKey(place)) { reportComplexKey(place) }
        push(node)
    }

    /// The end of a `|` or `>` text: after its last line; the line break that libyaml counts in is left out, and so
    /// are blank lines, unless `+` keeps them. A line of spaces that goes on further than the text's indentation is not
    /// blank: its spaces are text.
    private func endOfBlockScalar(_ place: YAMLPlace, _ text: String.UTF8View) -> Int32 {
        let start = Int(place.start)
        var end = Int(place.end)
        var header = start + 1
        var keeps = false
        while header < end, bytes[header] != 0x0A {
            if bytes[header] == UInt8(ascii: "#") { break }
            keeps = keeps || bytes[header] == UInt8(ascii: "+")
            header += 1
        }
        let endsInSpaces = text.last { $0 != 0x0A } == 0x20
        let isBlank: (UInt8) -> Bool = { $0 == 0x0A || $0 == 0x0D || !endsInSpaces && $0 == 0x20 }
        if keeps {
            if end > start, bytes[end - 1] == 0x0A { end -= 1 }
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        } else {
            while end > start + 1, isBlank(bytes[end - 1]) { end -= 1 }
        }
        return Int32(truncatingIfNeeded: end)
    }

    private mutating func begin(
        _ event: yaml_event_t, isMapping: Bool,
        _ properties: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?),
        _ layout: YAMLLayout
    ) -> Step {
        let place = place(event)
        refuse(anchor: properties.0, tag: properties.1, place)
        if isKeyNext { reportComplexKey(place) }
        frames.append(Frame(isMapping: isMapping, layout: layout, place: place, base: nodes.count))
        if frames.count <= YAMLTree.depthLimit { return .go }
        report(.nestingTooDeep, place, "more than \(YAMLTree.depthLimit) levels of nesting")
        return .stop
    }

    private mutating func end(_ event: yaml_event_t) {
        guard let frame = frames.popLast() else { return }
        var place = frame.place
        if frame.layout == .flow {
            place.end = Int32(truncatingIfNeeded: offset(event.end_mark))
        } else if let last = nodes.last, nodes.count > frame.base {
            place.end = max(place.start, last.place.end)
        }
        let value: YAMLNode.Value
        if frame.isMapping {
            let base = frame.base
            let entries = (0..<(nodes.count - base) / 2).map {
                YAMLEntry(key: nodes[base + 2 * $0], value: nodes[base + 2 * $0 + 1])
            }
            refuseDuplicates(entries)
            value = .mapping(entries, frame.layout)
        } else {
            value = .sequence(Array(nodes[frame.base...]), frame.layout)
        }
        nodes.removeLast(nodes.count - frame.base)
        push(YAMLNode(value, place))
    }

    private mutating func push(_ node: YAMLNode) { nodes.append(node) }

    /// Whether the next node of the innermost collection is a key.
    private var isKeyNext: Bool {
        guard let frame = frames.last else { return false }
        return frame.isMapping && (nodes.count - frame.base) % 2 == 0
    }

    private func place(_ event: yaml_event_t) -> YAMLPlace {
        YAMLPlace(
            line: Int32(truncatingIfNeeded: event.start_mark.line + 1),
            column: Int32(truncatingIfNeeded: event.start_mark.column + 1),
            start: Int32(truncatingIfNeeded: offset(event.start_mark)),
            end: Int32(truncatingIfNeeded: offset(event.end_mark)))
    }

    private func offset(_ mark: yaml_mark_t) -> Int { characters.byteOffset(ofCharacter: Int(mark.index)) }

    private func source(_ place: YAMLPlace) -> String {
        String(decoding: bytes[Int(place.start)..<max(Int(place.start), Int(place.end))], as: UTF8.self)
    }

    mutating func report(_ id: DiagnosticID, _ place: YAMLPlace, _ message: String, hint: String? = nil) {
        guard findings.count < Self.findingLimit else { return }
        let location = SourceLocation(file: file, line: Int(place.line), column: Int(place.column))
        findings.append(Diagnostic(id, at: location, message, hint: hint))
    }
}

extension YAMLScalarStyle {
    fileprivate init(_ style: yaml_scalar_style_t) {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: self = .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: self = .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: self = .literal
        case YAML_FOLDED_SCALAR_STYLE: self = .folded
        default: self = .plain
        }
    }
}
