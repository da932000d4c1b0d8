import Foundation
import Testing

/// The completions that `make install` writes are scripts that their shells take.
@Suite struct CompletionTests {
    private static func script(for shell: String) throws -> Data {
        let result = try BuiltTools.run(BuiltTools.hauberk, ["--generate-completion-script", shell])
        try #require(result.status == 0)
        try #require(result.output.count > 1000)
        return result.output
    }

    private static func check(_ shell: String) throws {
        let path = try #require(BuiltTools.path(of: shell))
        let result = try BuiltTools.run(path, ["-n", "/dev/stdin"], input: script(for: shell))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
    }

    @Test func `bash takes its completions`() throws { try Self.check("bash") }

    @Test(.enabled(if: BuiltTools.path(of: "zsh") != nil, "needs zsh"))
    func `zsh takes its completions`() throws { try Self.check("zsh") }

    @Test(.enabled(if: BuiltTools.path(of: "fish") != nil, "needs fish"))
    func `fish takes its completions`() throws { try Self.check("fish") }

    @Test(arguments: [
        (line: "hauberk re", words: ["remove", "rename", "render"]),
        (line: "hauberk operator a", words: ["add"]),
        (line: "hauberk render --ta", words: ["--target"]),
        (line: "hauberk add web-1 --platform l", words: ["linux"]),
    ])
    func `bash completes`(line: String, words: [String]) throws {
        let bash = try #require(BuiltTools.path(of: "bash"))
        let parts = line.split(separator: " ").map(String.init)
        var script = try Self.script(for: "bash")
        // compopt works inside of a completion only.
        let call = """

            compopt() { :; }
            COMP_WORDS=(\(parts.joined(separator: " "))); COMP_CWORD=\(parts.count - 1)
            COMP_LINE='\(line)'; COMP_POINT=\(line.utf8.count)
            _hauberk hauberk '\(parts[parts.count - 1])' '\(parts[parts.count - 2])'
            printf '%s\\n' "${COMPREPLY[@]}"

            """
        script += Data(call.utf8)
        let result = try BuiltTools.run(bash, ["--norc", "/dev/stdin"], input: script)
        #expect(result.text.split(separator: "\n").map(String.init).sorted() == words, "\(result.errors)")
    }
}
