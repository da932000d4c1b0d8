import Diagnostics
import Glibc

/// A host's `etc`, in memory: read outside, where the user's rights hold, and written into the lab's own memory.
struct LabTree: WireRepresentable, Sendable {
    struct Entry: WireRepresentable, Sendable {
        enum Kind: String, Sendable {
            case folder
            case file
            case link
        }

        /// Relative to `etc`, for example `wireguard/wg0.conf`; a folder comes before what is in it.
        let path: String
        let kind: Kind
        let mode: UInt32
        /// A file's contents or a link's target.
        let contents: [UInt8]
    }

    let entries: [Entry]

    init(entries: [Entry]) { self.entries = entries }

    /// Reads the trees of several meshes on one host; of a path that is in more than one, the first counts. Fails with
    /// `lab-tree-unreadable`.
    init(reading trees: [String]) throws(Failure) {
        var entries: [Entry] = []
        var seen: Set<String> = []
        for tree in trees { entries += try LabTree(reading: tree).entries.filter { seen.insert($0.path).inserted } }
        self.entries = entries
    }

    /// Reads `tree/etc`. Fails with `lab-tree-unreadable`.
    init(reading tree: String) throws(Failure) {
        var entries: [Entry] = []
        do {
            try LabTree.collect(tree + "/etc", below: "", into: &entries)
        } catch {
            throw Failure(.fileMissing, .labTreeUnreadable, "\(error)", hint: "run hauberk render first")
        }
        self.entries = entries
    }

    private static func collect(
        _ folder: String, below prefix: String, into entries: inout [Entry]
    ) throws(PosixError) {
        for name in try PosixFiles.names(in: folder) {
            let path = "\(folder)/\(name)"
            guard let status = PosixFiles.status(path) else { throw PosixError("read \(quoted(path))") }
            let mode = status.st_mode & 0o777
            if status.isFolder {
                entries.append(Entry(path: prefix + name, kind: .folder, mode: mode, contents: []))
                try collect(path, below: "\(prefix)\(name)/", into: &entries)
            } else if status.isLink {
                let target = Array((PosixFiles.link(path) ?? "").utf8)
                entries.append(Entry(path: prefix + name, kind: .link, mode: mode, contents: target))
            } else if status.isRegular {
                let contents = try PosixFiles.read(path)
                entries.append(Entry(path: prefix + name, kind: .file, mode: mode, contents: contents))
            }
        }
    }

    var wire: Wire { .all(entries) }

    init(fields: inout WireFields) throws(WireError) {
        var entries: [Entry] = []
        while let entry = try? fields.next() { entries.append(try Entry(wire: entry)) }
        self.entries = entries
    }

    /// `net.…` settings of the tree's `sysctl.d`, in the order of sysctl.d(5); a later one wins.
    var networkSettings: [(key: String, value: String)] {
        entries.filter { $0.kind == .file && $0.path.hasPrefix("sysctl.d/") && $0.path.hasSuffix(".conf") }
            .flatMap { entry in
                String(decoding: entry.contents, as: UTF8.self).split(separator: "\n").compactMap { line in
                    let parts = line.split(separator: "=", maxSplits: 1).map { trimmed($0) }
                    guard parts.count == 2, let first = parts[0].first, first != "#", first != ";" else { return nil }
                    let key = first == "-" ? trimmed(parts[0].dropFirst()) : parts[0]
                    return key.hasPrefix("net.") || key.hasPrefix("net/") ? (key, parts[1]) : nil
                }
            }
    }
}

extension LabTree.Entry {
    var wire: Wire { .list([.text(path), .text(kind.rawValue), .number(Int(mode)), .bytes(contents)]) }

    init(fields: inout WireFields) throws(WireError) {
        path = try fields.text()
        kind = try fields.choice(Kind.self)
        mode = UInt32(clamping: try fields.number())
        contents = try fields.bytes()
    }
}

/// Without blanks, tabs and carriage returns at both ends.
func trimmed(_ text: some StringProtocol) -> String {
    func isBlank(_ c: Character) -> Bool { c == " " || c == "\t" || c == "\r" || c == "\n" || c == "\r\n" }
    let start = text.firstIndex { !isBlank($0) } ?? text.endIndex
    guard let last = text.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(text[start...last])
}
