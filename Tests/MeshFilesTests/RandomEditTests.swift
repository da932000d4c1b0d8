import Diagnostics
import Testing

@testable import MeshFiles

/// Random files, and random changes to them: every byte outside the changed entries must stay.
@Suite struct RandomEditTests {
    private static let comments = ["", "  # é €", " # x: {y}", ""]

    /// A file whose peers are each written in one of several ways, in random order and spacing.
    private func file(_ random: inout SeededRandom, _ names: [String]) -> String {
        let newline = Bool.random(using: &random) ? "\n" : "\r\n"
        var text = "# größe" + newline + "mesh: x" + newline + newline + "peers:" + newline
        for name in names {
            if Int.random(in: 0..<3, using: &random) == 0 { text += "  # über \(name)" + newline }
            if Int.random(in: 0..<5, using: &random) == 0 { text += newline }
            text += entry(name, &random, newline)
        }
        if Bool.random(using: &random) { text += "tests: [ä]  # end" + newline }
        if Bool.random(using: &random) { text.removeLast(newline.count == 1 ? 1 : 2) }
        return text
    }

    private func entry(_ name: String, _ random: inout SeededRandom, _ newline: String) -> String {
        let comment = Self.comments.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return "  \(name): {site: n, groups: [a, ü]}" + comment + newline
        case 1:
            return "  \(name):" + comment + newline + "    site: n" + comment + newline + "    groups: [a]" + newline
        case 2: return "  \(name): {}" + comment + newline
        case 3: return "  \(name):" + comment + newline
        default: return "  \"\(name)\": {  site: 'n' ,port: 1 }" + comment + newline
        }
    }

    @Test func `1000 random changes keep all other bytes`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for round in 0..<100 {
            var names = (0..<Int.random(in: 1..<8, using: &random)).map { "p\($0)" }
            if Bool.random(using: &random) { names.shuffle(using: &random) }
            var current = try tree(file(&random, names))
            for step in 0..<10 { current = try change(current, step, &random, "seed \(seed) round \(round)") }
        }
    }

    private func change(
        _ tree: YAMLTree, _ step: Int, _ random: inout SeededRandom, _ note: Comment
    ) throws -> YAMLTree {
        let before = String(decoding: tree.source, as: UTF8.self)
        var editor = MeshFileEditor(tree)
        let names = tree.root["peers"]?.entries?.map(\.name) ?? []
        let victim = names.randomElement(using: &random)
        let new = "q\(step)"
        let kind = victim == nil ? 0 : Int.random(in: 0..<5, using: &random)
        switch (kind, victim) {
        case (1, let victim?): editor.remove(victim, inMapping: ["peers"])
        case (2, let victim?): editor.rename(victim, to: new, inMapping: ["peers"])
        case (3, let victim?): editor.setField(path: ["peers", victim, "marker"], flowText: "[ö]")
        case (4, let victim?): editor.setField(path: ["peers", victim, "site"], flowText: "m")
        default: editor.insert(entries: [(new, "{site: x}")], inMapping: ["peers"])
        }
        let result = try editor.apply()
        let after = String(decoding: result.source, as: UTF8.self)
        switch kind {
        case 0: #expect(after.utf8.count >= before.utf8.count && isSubsequence(before, of: after), note)
        case 1: #expect(isSubsequence(after.replacing("peers: {}", with: "peers:"), of: before), note)
        case 2: #expect(after.utf8.count - before.utf8.count <= new.utf8.count + 2, note)
        default: #expect(Swift.abs(lineCount(after) - lineCount(before)) <= 1, note)
        }
        #expect(comments(after).isSubset(of: comments(before)), note)
        if kind != 1 { #expect(comments(after) == comments(before), note) }
        return result
    }

    private func lineCount(_ text: String) -> Int { text.utf8.count { $0 == 0x0A } }

    /// Every comment, from its mark to the end of its line.
    private func comments(_ text: String) -> Set<String> {
        Set(
            text.utf8.split(separator: 0x0A).compactMap { line in
                line.firstIndex(of: UInt8(ascii: "#")).map {
                    String(decoding: line[$0...].filter { $0 != 0x0D }, as: UTF8.self)
                }
            })
    }

    /// Whether `text` arises from `whole` by leaving bytes out.
    private func isSubsequence(_ text: String, of whole: String) -> Bool {
        var rest = whole.utf8[...]
        for byte in text.utf8 {
            guard let found = rest.firstIndex(of: byte) else { return false }
            rest = rest[rest.index(after: found)...]
        }
        return true
    }
}
