package import Diagnostics

/// One file of `Templates/<target>/`: a header of `field: value` lines, a line `---`, and a body.
package struct Template: Sendable {
    /// The path that findings show.
    let file: String
    /// Rendered for each host, then relative to the host's `/`.
    let path: [TemplateNode]
    package let mode: UInt32
    /// A command that checks the rendered file, with `{{file}}` for its path; nil for none.
    package let check: String?
    /// The file is rendered only for hosts for which the name is present; nil for all.
    let condition: TemplateName?
    let body: [TemplateNode]

    /// The template, or nil when a finding is an error.
    package static func parse(_ source: [UInt8], file: String) -> (template: Template?, findings: [Diagnostic]) {
        var header = TemplateHeader(source, file: file)
        var body = TemplateParser(source: source, from: header.end, file: file)
        let nodes = body.parse()
        if body.usesSecret, header.mode & 0o077 != 0 {
            header.report(
                .templateHeader, line: header.modeLine,
                "a template that uses a secret cannot have mode "
                    + String(header.mode, radix: 8), hint: "write `mode: 0600`")
        }
        let findings = (header.findings + body.findings).sorted()
        guard findings.isEmpty, let path = header.path else { return (nil, findings) }
        let template = Template(
            file: file, path: path, mode: header.mode, check: header.check, condition: header.condition, body: nodes)
        return (template, [])
    }
}

/// The lines before `---`.
private struct TemplateHeader {
    private let file: String
    private(set) var findings: [Diagnostic] = []
    private(set) var path: [TemplateNode]?
    private(set) var mode: UInt32 = 0o600
    private(set) var modeLine = 1
    private(set) var check: String?
    private(set) var condition: TemplateName?
    /// Where the body begins.
    private(set) var end: Int
    private var seen: Set<Substring> = []

    init(_ source: [UInt8], file: String) {
        self.file = file
        end = source.count
        var line = 1
        var start = 0
        while start < source.count {
            let stop = source[start...].firstIndex(of: UInt8(ascii: "\n")) ?? source.count
            let text = String(decoding: source[start..<stop], as: UTF8.self)
            start = min(stop + 1, source.count)
            if text == "---" {
                end = start
                if path == nil { report(.templateHeader, line: 1, "the header names no path") }
                return
            }
            read(text, line: line)
            line += 1
        }
        report(.templateHeader, line: line, "the header does not end", hint: "end it with a line `---`")
    }

    private mutating func read(_ text: String, line: Int) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            report(.templateHeader, line: line, "\(quoted(text)) is no line `field: value`")
            return
        }
        let value = String(text[text.utf8.index(after: colon)...].drop { $0 == " " })
        if !seen.insert(text[..<colon]).inserted {
            report(.templateHeader, line: line, "the header has \(quoted(text[..<colon])) twice")
        }
        switch text[..<colon] {
        case "path": readPath(value, line: line)
        case "mode": readMode(value, line: line)
        case "check": check = value
        case "when":
            condition = TemplateName(rawValue: value).flatMap { $0.isOfInterface ? $0 : nil }
            if condition == nil { report(.templateName, line: line, "there is no name \(quoted(value))") }
        default:
            report(
                .templateHeader, line: line, "a template's header has no field \(quoted(text[..<colon]))",
                hint: "path, mode, check and when are the fields")
        }
    }

    private mutating func readPath(_ value: String, line: Int) {
        var parser = TemplateParser(source: Array(value.utf8), from: 0, file: file)
        path = parser.parse()
        let isRelative = !value.hasPrefix("/") && !value.split(separator: "/").contains("..") && !value.isEmpty
        let hasPeers = path?.contains { if case .peers = $0 { true } else { false } } ?? false
        if !parser.findings.isEmpty || parser.usesSecret || hasPeers || !isRelative {
            report(
                .templateHeader, line: line, "the path \(quoted(value)) is not a path below the host's /",
                hint: "write for example `path: etc/wireguard/{{interface}}.conf`")
        }
    }

    private mutating func readMode(_ value: String, line: Int) {
        modeLine = line
        guard let number = UInt32(value, radix: 8), number <= 0o777, value.utf8.allSatisfy({ $0 >= 0x30 }) else {
            report(.templateHeader, line: line, "\(quoted(value)) is not an octal mode of at most 0777")
            return
        }
        mode = number
    }

    mutating func report(_ id: DiagnosticID, line: Int, _ message: String, hint: String? = nil) {
        findings.append(Diagnostic(id, at: SourceLocation(file: file, line: line), message, hint: hint))
    }
}
