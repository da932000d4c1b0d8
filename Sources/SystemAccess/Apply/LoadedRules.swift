internal import Delivery
internal import Glibc

/// SHA-256 (FIPS 180-4) in 64 hexadecimal digits.
package typealias SHA256 = @Sendable ([UInt8]) -> String

/// What the kernel has of an interface's firewall, and what it had when a transaction was confirmed.
///
/// A digest of the rules that stand there tells those of former files and those that somebody has changed by hand from
/// those that the files say; sets are not listed, for nobody can change them.
struct LoadedRules: Sendable {
    let host: LiveHost
    /// The path of a script: its dialect says whom to ask.
    let script: String
    let disk: HostDisk
    let sha256: SHA256

    /// A digest of the rules in the kernel; nil when there are none.
    func digest() async throws -> String? {
        guard let dialect = try reported({ try disk.text(script) }).flatMap(Self.dialect) else { return nil }
        let name = host.interface
        let said: String
        var lines: [String]
        if dialect == "nftables." {
            said = try await host.said("exec nft -s -t list table inet hauberk-\(name) 2>/dev/null")
            lines = Self.ofTable(said)
        } else {
            let kind = getenv("HAUBERK_IPTABLES").map { "-\(String(cString: $0))" } ?? ""
            guard kind.utf8.allSatisfy({ $0 == 0x2d || (0x61...0x7a).contains($0) }) else { return nil }
            said = try await host.said("iptables\(kind)-save 2>/dev/null; echo; ip6tables\(kind)-save 2>/dev/null")
            lines = Self.ofChains(said, "HAUBERK-\(name)-")
        }
        if lines.isEmpty { return nil }
        lines.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return sha256(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// The last word of a script's head.
    static func dialect(of script: String) -> Substring? {
        script.split(separator: "\n").first { $0.hasPrefix("# Hauberk: ") }?.split(separator: " ").last
    }

    /// Each line with its block and its number in it: their order counts, and that of the blocks does not.
    private static func ofTable(_ text: String) -> [String] {
        var (block, number) = (Substring(), 0)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            if line.hasPrefix("\t"), !line.hasPrefix("\t\t"), line != "\t}" { (block, number) = (line, 0) }
            number += 1
            return "\(block):\(number):\(line)"
        }
    }

    /// The lines with a chain or a set of ours, each with its family, its table and its number, without counters.
    private static func ofChains(_ text: String, _ mine: String) -> [String] {
        var (family, table, number) = (4, Substring(), 0)
        var found: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { family = 6 }
            if line.hasPrefix("*") { (table, number) = (line, 0) }
            guard isOurs(line, mine) else { continue }
            number += 1
            let words = line.hasPrefix(":") ? line.prefix { $0 != " " } : line
            found.append("\(family)\(table):\(number):\(words)")
        }
        return found
    }

    /// A name of ours has no hyphen behind the interface's.
    private static func isOurs(_ line: Substring, _ mine: String) -> Bool {
        line.split(separator: " ").contains { word in
            let name = word.hasPrefix(":") ? word.dropFirst() : word
            return name.hasPrefix(mine) && !name.dropFirst(mine.count).contains("-")
        }
    }
}

/// What was loaded when a transaction was confirmed, by digests: of the firewall's files, and of the rules then.
struct KeptRules: Sendable, Equatable {
    let files: String
    let rules: String

    init(files: String, rules: String) {
        self.files = files
        self.rules = rules
    }

    /// - Parameter files: all of a tree; those of the interface's firewall count.
    init(_ files: [HostFile], of interface: String, rules: String, _ sha256: SHA256) {
        let own = files.filter { $0.path.hasPrefix("etc/hauberk/\(interface)/") }.sorted { $0.path < $1.path }
        let text = own.map { "\(sha256($0.bytes))  \($0.path)\n" }.joined()
        self.init(files: sha256(Array(text.utf8)), rules: rules)
    }

    /// Nil for what is no line of two words.
    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 2 else { return nil }
        self.init(files: words[0], rules: words[1])
    }

    var text: String { "\(files) \(rules)\n" }
}
