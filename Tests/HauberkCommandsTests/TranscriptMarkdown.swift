import Glibc

/// As much of a Markdown page as tests need: its fenced blocks, its tables by heading, its anchors.
struct MarkdownText {
    private let lines: [String]

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The lines of every fenced block of a language.
    func blocks(of language: String) -> [[String]] {
        var blocks: [[String]] = []
        var open: [String]?
        for line in lines {
            if let block = open {
                if line.hasPrefix("```") {
                    blocks.append(block)
                    open = nil
                } else {
                    open = block + [line]
                }
            } else if line == "```\(language)" {
                open = []
            }
        }
        return blocks
    }

    /// The cells of the rows of every table under a heading, up to the next heading of any level, titles left out.
    func rows(under heading: String) -> [[String]] {
        var isHere = false
        var isFenced = false
        var rows: [[String]] = []
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") { isFenced.toggle() }
            if isFenced { continue }
            if line.hasPrefix("#") { isHere = line.drop { $0 == "#" } == " " + heading }
            guard isHere, line.hasPrefix("|"), !line.hasPrefix("| ---"), !line.hasPrefix("|---") else { continue }
            if index + 1 < lines.count, lines[index + 1].hasPrefix("| ---") { continue }
            rows.append(line.dropFirst().dropLast().split(separator: "|").map { $0.trimmingSpaces })
        }
        return rows
    }

    /// The words in backticks of the first column under a heading.
    func names(under heading: String) -> [String] {
        rows(under: heading).compactMap(\.first).flatMap { cell in
            cell.matches(of: #/`([^`]+)`/#).map { String($0.1) }
        }
    }

    /// What a link inside the page may name: headings in lower case, spaces as hyphens, marks left out.
    var anchors: Set<String> {
        Set(
            lines.filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.dropFirst().lowercased().filter {
                    $0.isLetter || $0.isNumber || " -".contains($0)
                }
                .map { $0 == " " ? "-" : String($0) }.joined()
            })
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension TranscriptFolder {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
