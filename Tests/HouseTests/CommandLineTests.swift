import Foundation
import Testing

/// The command line of the built program, as far as no mesh is needed.
@Suite struct CommandLineTests {
    private static func run(_ line: String) throws -> ToolResult {
        try BuiltTools.run(BuiltTools.hauberk, line.split(separator: " ").map(String.init))
    }

    @Test(arguments: ["", "help", "--help", "-h"])
    func `help comes for the asking and for nothing`(line: String) throws {
        let result = try Self.run(line)
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("OVERVIEW: "))
        #expect(result.text.contains("hauberk [--mesh <dir>] <subcommand>"))
    }

    @Test(arguments: [
        (line: "lst", hint: "did you mean `hauberk list`?"),
        (line: "rend", hint: "did you mean `hauberk render`?"),
        (line: "--mesh /nowhere chekc", hint: "did you mean `hauberk check`?"),
        (line: "operator lits", hint: "did you mean `hauberk operator list`?"),
        (line: "operator frobnicate", hint: "`hauberk help operator` lists them"),
        (line: "help frobnicate", hint: "`hauberk help` lists them"),
        (line: "lab-agend", hint: "`hauberk help` lists them"),
    ])
    func `an unknown command is refused with a hint`(line: String, hint: String) throws {
        let result = try Self.run(line)
        #expect(result.status == 64)
        #expect(result.errors.contains("[unknown-command]"))
        #expect(result.errors.contains(hint), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        "list", "show a", "check", "add a", "remove a", "set a --port 1", "rename a b", "disable a", "enable a",
        "render --out /nowhere/out", "operator list", "operator remove a", "qr a", "prove", "templates --eject",
        "can a b ssh", "matrix", "services", "plan --out /nowhere/out", "push --out /nowhere/out",
    ])
    func `the mesh may be named before the command and after it`(line: String) throws {
        let words = line.split(separator: " ")
        let verbs = words[0] == "operator" ? 2 : 1
        let after = words.prefix(verbs) + ["--mesh", "/nowhere/mesh"] + words.dropFirst(verbs)
        for line in ["--mesh /nowhere/mesh \(line)", "--mesh=/nowhere/mesh \(line)", after.joined(separator: " ")] {
            let result = try Self.run(line)
            #expect(result.status == 66, "\(line): \(result.errors)")
            #expect(result.errors.contains("\"/nowhere/mesh"), "\(line): \(result.errors)")
        }
    }

    @Test(arguments: ["--mesh", "--mesh /nowhere", "--mesh /nowhere operator", "--mesh /nowhere init"])
    func `a mesh that means nothing is refused`(line: String) throws {
        let result = try Self.run(line)
        #expect(result.status == 64)
        #expect(result.errors.contains("[mesh-option]"))
    }

    @Test(arguments: [
        "render", "show", "init", "list extra", "--bogus", "add", "add a --from b", "add a --wait 1e9",
        "add a --wait 99999999999999999999", "set a", "set a --unset nothing", "rename a", "explain no-such-id",
        "operator add a", "remove",
    ])
    func `a wrong command line has status 64 and says what is wrong`(line: String) throws {
        let result = try Self.run(line)
        #expect(result.status == 64)
        #expect(result.errors.contains("rror: "))
        #expect(!result.errors.contains("Fatal") && !result.errors.contains("Backtrace"))
    }

    @Test func `a result that nobody takes is a failure`() throws {
        let bash = try #require(BuiltTools.path(of: "bash"))
        let result = try BuiltTools.run(bash, ["-c", "\"$0\" explain >/dev/full", BuiltTools.hauberk])
        #expect(result.status == 74)
        #expect(result.errors.contains("[output-lost]"))
    }
}
