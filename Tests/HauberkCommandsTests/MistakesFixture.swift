import Diagnostics
import Glibc

/// A text with mistakes, and beside each a mark that says what must be found there and where.
///
/// A mark is a line of its own under the line it is about: `#    ^ id` with the caret in the column of the finding,
/// or `#< id` for column 1. Marks, and the directives `#: escapes` (`\{0a}` is a byte, `\{x*9}` a run of one letter)
/// and `#: cut` (the last line feed is missing), are no part of the text that is read.
struct MistakesFixture: Sendable, CustomStringConvertible {
    /// What reads the text, by the end of the file's name.
    enum Kind: String, CaseIterable {
        // The longer endings first.
        case peerList = ".list.yaml"
        case mesh = ".yaml"
        case lock = ".lock"
        case keyring = ".keys"
        case identity = ".identity"
        case csv = ".csv"
        case template = ".template"
        case configuration = ".conf"
        case sockets = ".sockets"
    }

    /// The file's name.
    let description: String
    let kind: Kind
    let text: [UInt8]
    /// `id line:column`, sorted.
    let expected: [String]

    /// What stands before the first `~` or `.` of the file's name.
    var id: String { String(description.prefix { $0 != "~" && $0 != "." }) }

    static let folder = testFolder + "/Fixtures/mistakes"

    /// Every fixture, sorted by name.
    static let all: [MistakesFixture] = names(in: folder).compactMap { MistakesFixture($0) }

    /// Nil when the file's name has an ending that nothing reads.
    private init?(_ name: String) {
        guard let kind = Kind.allCases.first(where: { name.hasSuffix($0.rawValue) }) else { return nil }
        self.kind = kind
        description = name
        var isCut = false
        var hasEscapes = false
        var lines: [String] = []
        var marks: [String] = []
        let source = String(decoding: contents(of: "\(Self.folder)/\(name)"), as: UTF8.self)
        for line in source.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line == "#: cut" {
                isCut = true
            } else if line == "#: escapes" {
                hasEscapes = true
            } else if let mark = Self.mark(line, under: lines.count) {
                marks.append(mark)
            } else {
                lines.append(String(line))
            }
        }
        let body = Array((lines.joined(separator: "\n") + (isCut ? "" : "\n")).utf8)
        text = hasEscapes ? Self.unescaped(body) : body
        expected = marks.sorted()
    }

    private static func mark(_ line: Substring, under number: Int) -> String? {
        guard line.hasPrefix("#") else { return nil }
        let rest = line.dropFirst().drop { $0 == " " }
        guard let sign = rest.first, sign == "^" || sign == "<" else { return nil }
        let column = sign == "<" ? 1 : line.unicodeScalars.count - rest.unicodeScalars.count + 1
        return "\(rest.dropFirst(2)) \(number):\(column)"
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "\\")), let end = rest[start...].firstIndex(of: 0x7d) {
            result += rest[..<start]
            let inner = rest[(start + 2)..<end]
            rest = rest[(end + 1)...]
            if inner.dropFirst().first == UInt8(ascii: "*"), let letter = inner.first {
                let count = Int(String(decoding: inner.dropFirst(2), as: UTF8.self)) ?? 0
                result += [UInt8](repeating: letter, count: count)
            } else {
                result.append(UInt8(String(decoding: inner, as: UTF8.self), radix: 16) ?? 0)
            }
        }
        return result + rest
    }
}

/// The folder of these tests' sources.
let testFolder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex))

/// The names in a folder without the hidden ones, sorted by bytes; none when it cannot be read.
func names(in folder: String) -> [String] { entries(of: folder).filter { !$0.hasPrefix(".") } }

/// All names in a folder but `.` and `..`, sorted by bytes; none when it cannot be read.
func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The bytes of a file; none when it cannot be read.
func contents(of path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count <= 0 { return result }
        result += chunk[..<count]
    }
}
