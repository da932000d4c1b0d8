import Diagnostics
import Testing

@testable import MeshFiles

@Suite struct YAMLTreeTests {
    @Test(arguments: [
        ("a: &x 1", "yaml-anchor 1:4"),
        ("a: 1\nb: *x", "yaml-alias 2:4"),
        ("a: {<<: 1}", "yaml-merge-key 1:5"),
        ("a: !!str 1", "yaml-tag 1:4"),
        ("a: !x {b: c}", "yaml-tag 1:4"),
        ("a: 1\n---\nb: 2", "yaml-documents 2:1"),
        ("a: 1\n...\n", "yaml-documents 2:1"),
        ("%YAML 1.1\n---\na: 1", "yaml-directive 1:1"),
        ("? a\n: b", "yaml-complex-key 1:3"),
        ("?\n|", "yaml-complex-key 2:1"),
        ("?\n  a\n: b", "yaml-complex-key 2:3"),
        ("{?\n a : b}", "yaml-complex-key 2:2"),
        ("{? a : b}", "yaml-complex-key 1:4"),
        ("{a\n b, c: d}", "yaml-complex-key 1:2"),
        ("?", "yaml-complex-key 1:2"),
        (": a", "yaml-syntax 1:1"),
        ("[a]: b", "yaml-complex-key 1:1"),
        ("{a: b}: c", "yaml-complex-key 1:1"),
        ("a: 1\nb: 2\na: 3", "duplicate-key 3:1"),
        ("é: {ü: 1, ü: 2}", "duplicate-key 1:11"),
        ("a:\n\tb: 1", "tab-indentation 2:1"),
        ("a:\n  \tb: 1", "tab-indentation 2:3"),
        ("a: b\0c", "control-character 1:5"),
        ("é\u{1b}: b", "control-character 1:2"),
        ("a: b\u{202e}c", "control-character 1:5"),
        ("a: b\rc", "control-character 1:5"),
        ("a: b\u{85}c", "line-separator 1:5"),
        ("a: b\u{2028}c", "line-separator 1:5"),
        ("\u{feff}a: b", "invalid-encoding 1:1"),
        (
            "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n",
            "merge-conflict 2:1,merge-conflict 4:1,merge-conflict 6:1"
        ),
        ("a: [1, 2", "yaml-syntax 2:1"),
        ("a: {b: 1\nc: 2", "yaml-syntax 2:2"),
        ("a: \"b\nc", "yaml-syntax 1:4"),
        ("a: b: c", "yaml-syntax 1:5"),
        ("a: 1\n b: 2", "yaml-syntax 2:3"),
        ("a: @b", "yaml-syntax 1:4"),
        ("a: &x 1\nb: !y 2\nb: 3", "yaml-anchor 1:4,yaml-tag 2:4,duplicate-key 3:1"),
    ])
    func `each mistake has its place and id`(text: String, expected: String) {
        #expect(findings { _ = try tree(text) }.joined(separator: ",") == expected)
    }

    @Test func `bytes that are no UTF-8 are refused, and other encodings named`() {
        let parse: ([UInt8]) -> [String] = { bytes in findings { _ = try YAMLTree(parsing: bytes, file: "f") } }
        #expect(parse([0x61, 0x3A, 0x20, 0xFF]) == ["invalid-encoding 1:4"])
        #expect(parse([0xFF, 0xFE, 0x61, 0]) == ["invalid-encoding 1:1"])
        #expect(parse([0x61, 0xC0, 0x80]) == ["invalid-encoding 1:2", "invalid-encoding 1:3"])
        #expect(parse([0xED, 0xA0, 0x80]).first == "invalid-encoding 1:1")
    }

    @Test func `nesting, text length and file size have limits`() throws {
        _ = try tree(String(repeating: "[", count: 32) + String(repeating: "]", count: 32))
        #expect(findings { _ = try tree(String(repeating: "[", count: 100_000)) } == ["nesting-too-deep 1:33"])
        _ = try tree("a: " + String(repeating: "x", count: 4096))
        #expect(findings { _ = try tree("a: " + String(repeating: "x", count: 5_000_000)) } == ["value-too-long 1:4"])
        let large = [UInt8](repeating: 0x20, count: 64 << 20 + 1)
        #expect(findings { _ = try YAMLTree(parsing: large, file: "f") } == ["file-too-large 1:1"])
    }

    @Test func `values stay text as written, and only a plain empty value is null`() throws {
        let root = try tree("a: no\nb: 010\nc: 12:30\nd: ''\ne:\nf: ~\ng: \"~\"\nh: null\ni: 1_000\n").root
        #expect(["a", "b", "c", "i"].map { root[$0]?.text } == ["no", "010", "12:30", "1_000"])
        #expect(["a", "d", "e", "f", "g", "h"].map { root[$0]?.isNull } == [false, false, true, true, false, true])
    }

    @Test func `places and byte ranges are right after text that is not ASCII, with either line end`() throws {
        for newline in ["\n", "\r\n"] {
            let text = "# größe €𝄞\nname: 'ä'\nlist:\n- é\n-  [ü, 𝄞x]\nlast: |\n  zä\n\nend: ".replacing(
                "\n", with: newline)
            let tree = try tree(text)
            let bytes = tree.source
            let source: (YAMLNode?) -> String? = { $0.map { String(decoding: bytes[$0.byteRange], as: UTF8.self) } }
            let items = try #require(tree.root["list"]?.items)
            #expect(source(tree.root["name"]) == "'ä'")
            #expect(source(items[0]) == "é" && source(items[1]) == "[ü, 𝄞x]")
            #expect(source(items[1].items?[1]) == "𝄞x")
            #expect(tree.location(of: items[1].items?[1] ?? tree.root).description == "mesh.yaml:5:8")
            #expect(source(tree.root["last"]) == "|\n  zä".replacing("\n", with: newline))
            #expect(source(tree.root["end"]) == "")
            #expect(source(tree.root["list"]) == "- é\n-  [ü, 𝄞x]".replacing("\n", with: newline))
        }
    }

    @Test func `an empty file and a file of comments are null`() throws {
        #expect(try tree("").root.isNull)
        #expect(try tree("# nothing\n").root.isNull)
        #expect(try tree("---\n").root.isNull)
    }

    @Test(arguments: [
        "fd00::1", "web-1", "10.0.0.1", "10.0.0.0/24", "51820", "0", "203.0.113.2:51820", "90d", "3306/tcp",
        "iptables -A FORWARD -i %i -j ACCEPT", "a.b_c", "/usr/bin/x", "2001:db8::1",
    ])
    func `what is safe everywhere stays plain`(text: String) { #expect(yamlScalar(text) == text) }

    @Test(arguments: [
        "", "no", "Yes", "NULL", "null", "~", "0x10", "1e3", "010", "1_000", "1.5", "12:30", "::1", "fd00::", "::",
        "a: b",
        "a:", "a, b", "[a]", "{a}", "a #b", "#a", "- a", "-", "?", "&a", "*a", "!a", "|", ">", "'a'", "\"a\"", "a\\b",
        "%a",
        "@a", "`a", "a\nb", "a\tb", "a\u{0}b", "é", "\u{85}", "\u{2028}", "\u{feff}x", " a", "a ", "<<", "=",
        "2001-01-01",
        "on", "it's \"so\"", "a\u{202e}b", ".5", "+1", "1:2:3", "𝄞",
    ])
    func `what could mean something else is quoted, and reads back as itself`(text: String) throws {
        let scalar = yamlScalar(text)
        #expect(scalar.hasPrefix("\"") || scalar.hasPrefix("'"))
        let root = try tree("a: \(scalar)\nb: {c: \(scalar), d: [\(scalar), \(scalar)]}\n\(scalar): 1\n").root
        #expect(root["a"]?.text == text && root["a"]?.isNull == false)
        #expect(root["b"]?["d"]?.items?[1].text == text)
        #expect(root[text] != nil)
    }

    @Test func `random texts read back as themselves`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let alphabet = Array("ab01 :,.-_#{}[]'\"\\\n\té€𝄞\u{85}\u{7f}\u{0}?!&*|>%@`~=+/$()".unicodeScalars)
        for _ in 0..<3000 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<9, using: &random) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            let root = try tree("{a: \(yamlScalar(text)), b: [\(yamlScalar(text))]}").root
            #expect(root["a"]?.text == text && root["b"]?.items?.first?.text == text, "seed \(seed)")
        }
    }
}
