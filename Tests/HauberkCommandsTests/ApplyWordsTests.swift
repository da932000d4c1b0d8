import Testing

@testable import HauberkCommands

/// The words that `apply` reads itself mean what the parser says of them.
@Suite struct ApplyWordsTests {
    @Test(arguments: [
        "apply out/a", "apply /tmp/a --root /mnt --confirm-within 0", "apply --confirm-within 60 out --json",
        "apply a --patience 0 --dry-run", "apply - --json", "apply --dry-run -",
        "apply --dry-run --patience 180 --confirm-within 86400 --root r a",
    ])
    func `plain words are read as the parser reads them`(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let plain = try #require(ApplyWords(plain: words))
        #expect(try plain == ApplyCommand.parsed(words))
    }

    @Test(arguments: [
        "", "apply", "apply --confirm", "apply --rollback", "apply --status", "apply a b", "apply -h", "apply a --help",
        "apply a --root=r", "apply a --root", "apply a --root --json", "apply a --json --json",
        "apply a --patience 241",
        "apply a --confirm-within 86401", "apply a --confirm-within 1x", "apply a --patience -1", "apply -- a",
        "apply a --confirm", "apply a --mesh m", "--mesh m apply a", "applya a", "push a", "apply a --patience +1",
    ])
    func `everything else is the parser's`(line: String) {
        #expect(ApplyWords(plain: line.split(separator: " ").map(String.init)) == nil)
    }
}
