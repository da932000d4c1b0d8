import Foundation
import Testing

/// The manual page says what the program does.
@Suite struct ManualTests {
    private static let page = LayerTests.root.appending(path: "Sources/Manual/hauberk.1")

    @Test func `the committed manual page is what the program's own help gives`() throws {
        let help = try BuiltTools.run(BuiltTools.hauberk, ["--experimental-dump-help"])
        try #require(help.status == 0)
        let fresh = try BuiltTools.run(BuiltTools.folder + "/write-manual", [], input: help.output)
        try #require(fresh.status == 0, "\(fresh.errors)")
        let isTrue = fresh.output == (try Data(contentsOf: Self.page))
        #expect(isTrue, "the manual page is out of date: run `make manual` and look at what changed")
    }

    @Test(.enabled(if: BuiltTools.path(of: "mandoc") != nil, "needs mandoc"))
    func `mandoc finds nothing wrong with the manual page`() throws {
        let mandoc = try #require(BuiltTools.path(of: "mandoc"))
        let result = try BuiltTools.run(mandoc, ["-Tlint", "-Wstyle", Self.page.path])
        // Whether wg(8) is installed is the machine's affair.
        let findings = (result.text + result.errors).split(separator: "\n").filter {
            !$0.contains("referenced manual not found") && !$0.contains("outdated mandoc.db")
        }
        #expect(findings.isEmpty)
    }

    @Test func `every command that help lists has its section`() throws {
        let help = try BuiltTools.run(BuiltTools.hauberk, ["--help"]).text
        let list = try #require(help.components(separatedBy: "SUBCOMMANDS:").last)
        let commands = list.split(separator: "\n").compactMap { line -> Substring? in
            guard line.hasPrefix("  "), line.dropFirst(2).first?.isLetter == true else { return nil }
            return line.split(separator: " ").first
        }.filter { $0 != "See" }
        #expect(commands.count > 10)
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        for command in commands {
            #expect(page.contains(".Ss \(command)\n") || page.contains(".Ss \(command) "), "\(command)")
        }
    }

    @Test func `the newest version of the changelog is the program's`() throws {
        let version = try BuiltTools.run(BuiltTools.hauberk, ["--version"]).text.split(separator: "\n").first
        let text = try String(contentsOf: LayerTests.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let newest = try #require(text.split(separator: "\n").first { $0.hasPrefix("## ") })
        #expect(newest.dropFirst(3).split(separator: " ").first == version)
    }
}
