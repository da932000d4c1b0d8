import MeshFixtures

/// One rendered line changed as a bug in a back end might have it.
struct RuleMutation: CustomStringConvertible {
    enum Change: String, CaseIterable {
        /// The line is gone.
        case drop
        /// What was let through is refused, or the other way around.
        case flip
        /// A port range or a prefix is wider by one.
        case widen
    }

    /// The file's path below the host's `/`.
    let file: String
    /// From 1.
    let number: Int
    let change: Change
    let line: String
    let replacement: String
    /// The whole file with the change in it.
    let text: String

    var description: String {
        "\(file):\(number) \(change.rawValue): \(line.trimmed) => \(replacement.isEmpty ? "nothing" : replacement.trimmed)"
    }

    /// Every change that can be made to a file's rules; comments and frames are no rules.
    static func all(of text: String, in file: String) -> [RuleMutation] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var result: [RuleMutation] = []
        for (index, line) in lines.enumerated() where isRule(line) {
            for change in Change.allCases {
                guard let replacement = changed(line, change) else { continue }
                var lines = lines
                lines[index] = replacement
                result.append(
                    RuleMutation(
                        file: file, number: index + 1, change: change, line: line, replacement: replacement,
                        text: lines.joined(separator: "\n")))
            }
        }
        return result
    }

    private static func isRule(_ line: String) -> Bool {
        let line = line.trimmed
        let frames = [
            "#", "table ", "delete table", "chain ", "set ", "map ", "counter ", "type ipv", "type inet_proto",
            "flags ", "elements = {", "}", "*", ":", "COMMIT", "comment ", "typeof ", "<?xml", "<short", "</", "<zone",
            "<policy", "<ipset",
        ]
        return !line.isEmpty && line != "}" && !frames.contains { line.hasPrefix($0) && !line.contains(" hook ") }
            || line.hasPrefix("type filter hook")
    }

    private static func changed(_ line: String, _ change: Change) -> String? {
        switch change {
        case .drop: return line.contains(" hook ") ? nil : ""
        case .flip: return flipped(line)
        case .widen: return widened(line)
        }
    }

    /// Verdicts and what stands for the other, in any dialect; the first that is found.
    private static let verdicts: [(String, String)] = [
        ("policy drop", "policy accept"), (": accept", ": drop"), ("-j ACCEPT", "-j DROP"), ("-j RETURN", "-j DROP"),
        ("-j DROP", "-j ACCEPT"), ("-j REJECT", "-j ACCEPT"), ("<accept/>", "<drop/>"), ("<drop/>", "<accept/>"),
        (" accept", " drop"), (" drop", " accept"), (" reject", " accept"), ("\taccept", "\tdrop"),
        ("\tdrop", "\taccept"), ("\treject", "\taccept"),
    ]

    private static func flipped(_ line: String) -> String? {
        for (from, to) in verdicts {
            guard let range = line.range(of: from) else { continue }
            // What follows a verdict belongs to it (`reject with …`, `--reject-with …`).
            let rest = line[range.upperBound...]
            let isReject = from.lowercased().contains("reject")
            return line[..<range.lowerBound] + to + (isReject ? "" : rest)
        }
        return nil
    }

    /// The last prefix or port of the line, one wider.
    private static func widened(_ line: String) -> String? {
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for index in words.indices.reversed() {
            let word = words[index]
            let bare = word.trimmingSuffix { $0 == "," }
            let tail = String(word.dropFirst(bare.count))
            if let slash = bare.lastIndex(of: "/"), let length = Int(bare[bare.index(after: slash)...]), length > 1,
                bare.contains(".") || bare.contains(":")
            {
                words[index] = bare[...slash] + "\(length - 1)" + tail
                return words.joined(separator: " ")
            }
            let isPort = index > 0 && ["--dport", "--sport", "dport", "sport", "."].contains(words[index - 1])
            guard isPort else { continue }
            let separator: Character = bare.contains(":") ? ":" : "-"
            let ends = bare.split(separator: separator)
            guard let low = ends.first.flatMap({ Int($0) }), let high = ends.last.flatMap({ Int($0) }), high < 65_535
            else {
                continue
            }
            words[index] = "\(low)\(words[index - 1].hasPrefix("--") ? ":" : "-")\(high + 1)" + tail
            return words.joined(separator: " ")
        }
        return nil
    }
}

extension String {
    var trimmed: String { String(drop { $0 == " " || $0 == "\t" }) }

    func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }

    fileprivate func trimmingSuffix(while isSuffix: (Character) -> Bool) -> String {
        var result = self
        while let last = result.last, isSuffix(last) { result.removeLast() }
        return result
    }
}
