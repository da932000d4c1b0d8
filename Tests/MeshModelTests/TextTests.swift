import Addresses
import MeshFixtures
import MeshModel
import Testing

/// The small texts: names, durations, orders, lines and keys.
@Suite struct TextTests {
    @Test(arguments: ["a", "1", "web-1", "a.b_c-d", "A9", String(repeating: "x", count: 63), "a-"])
    func `a good name`(_ name: String) {
        #expect(NameRule.problem(of: name) == nil)
    }

    @Test(arguments: [
        "", "-a", ".a", "_a", "a.", "..", "a/b", "a b", "a\n", "a\0", "é", "all", String(repeating: "x", count: 64),
        "a:b",
    ])
    func `a bad name`(_ name: String) {
        #expect(NameRule.problem(of: name) != nil)
    }

    @Test(
        arguments: [
            ("0s", 0), ("45s", 45), ("30m", 1800), ("12h", 43_200), ("90d", 7_776_000), ("3650d", 315_360_000),
        ] as [(String, Int64)])
    func `a duration`(_ text: String, _ seconds: Int64) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "d", "90", "-1d", "+1d", "1.5h", "01d", "1w", "1 d", "d1", "3651d", "9999999999d", "1D", "１d",
    ])
    func `no duration`(_ text: String) {
        #expect(DurationText.seconds(text) == nil)
    }

    @Test func `people count web-2 before web-10`() {
        let sorted = [
            "", "1", "2", "02", "10", "a", "a1", "a1b", "a2", "a10", "a10b2", "a10b10", "b", "b-1", "web-2", "web-10",
        ]
        for (i, a) in sorted.enumerated() {
            for (j, b) in sorted.enumerated() {
                #expect(NaturalOrder.precedes(a, b) == (i < j) || a == "02" || b == "02", "\(a) \(b)")
            }
        }
    }

    @Test func `the natural order is an order`() {
        var random = SeededRandom.replayable(5, for: "natural order")
        let names = (0..<60).map { _ in
            String(
                (0..<Int.random(in: 0..<6, using: &random)).map { _ in "0019ab-".randomElement(using: &random) ?? "a" })
        }
        for a in names {
            for b in names {
                #expect(!(NaturalOrder.precedes(a, b) && NaturalOrder.precedes(b, a)))
                #expect(a == b || NaturalOrder.precedes(a, b) || NaturalOrder.precedes(b, a), "\(a) \(b)")
                for c in names where NaturalOrder.precedes(a, b) && NaturalOrder.precedes(b, c) {
                    if !NaturalOrder.precedes(a, c) { Issue.record("\(a) \(b) \(c)") }
                }
            }
        }
    }

    @Test(arguments: ["", "echo a; b", "é 中", "a\u{a0}b"])
    func `one line`(_ text: String) {
        #expect(OneLine(text)?.description == text)
    }

    @Test(arguments: ["a\nb", "a\r", "\t", "\0", "\u{1b}[0m", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}", "a\r\nb"])
    func `more than one line`(_ text: String) {
        #expect(OneLine(text) == nil)
    }

    @Test(arguments: (0..<20).map { FakeKeys.key("key \($0)") })
    func `a public key`(_ text: String) {
        #expect(PublicKeyText.isValid(text))
        #expect(!PublicKeyText.isValid(text.dropLast()))
        #expect(!PublicKeyText.isValid(text + "="))
        #expect(!PublicKeyText.isValid(" " + text.dropFirst()))
        #expect(!PublicKeyText.isValid(String(text.dropLast(2)) + "B="))
        #expect(!PublicKeyText.isValid(String(text.dropLast()) + "A"))
        #expect(!PublicKeyText.isValid("-" + text.dropFirst()))
    }

    @Test func `all zeros are no key`() {
        #expect(PublicKeyText.problem(of: String(repeating: "A", count: 43) + "=") != nil)
        #expect(PublicKeyText.problem(of: String(repeating: "A", count: 42) + "E=") == nil)
    }
}
