import Diagnostics
import Glibc
import Testing

@testable import SystemAccess

/// Tools that are run one after another, with files for their input and output.
@Suite struct PlainRunnerTests {
    @Test func `a tool gets its input and arguments, and all of its answer comes back`() async throws {
        var run = ToolRun("sh", ["-c", "cat /dev/stdin; echo \"$1 $LC_ALL $ADDED\" >&2; exit 3", "sh", "argument"])
        run.input = Array(repeating: 65, count: 300_000)
        run.environment = ["ADDED": "added"]
        let result = try await PlainRunner().run(run)
        #expect(result.ending == .exited(3) && result.output == run.input)
        #expect(result.errorText == "argument C added\n")
    }

    @Test func `what one tool adds to another's answer comes behind it`() async throws {
        let result = try await PlainRunner().run(ToolRun("sh", ["-c", "echo a; sh -c 'echo b'; echo c; exec cat"]))
        #expect(result.outputText == "a\nb\nc\n" && result.succeeded)
    }

    @Test func `a variable is replaced, and one that is taken away is not there`() async throws {
        setenv("HAUBERK_PLAIN", "outer", 1)
        setenv("HAUBERK_PLAIN_GONE", "outer", 1)
        defer { for name in ["HAUBERK_PLAIN", "HAUBERK_PLAIN_GONE"] { unsetenv(name) } }
        var run = ToolRun("sh", ["-c", "env | grep HAUBERK_PLAIN"])
        run.environment = ["HAUBERK_PLAIN": "inner"]
        run.environment.updateValue(nil, forKey: "HAUBERK_PLAIN_GONE")
        #expect(try await PlainRunner().run(run).outputText == "HAUBERK_PLAIN=inner\n")
    }

    @Test func `a signal is told from an exit, and a missing tool is named`() async throws {
        let killed = try await PlainRunner().run(ToolRun("sh", ["-c", "kill -KILL $$"]))
        #expect(killed.ending == .signalled(SIGKILL))
        for tool in ["hauberk-no-such-tool", "/nowhere/hauberk-no-such-tool"] {
            let failure = await #expect(throws: Failure.self) { try await PlainRunner().run(ToolRun(tool)) }
            #expect(failure?.status == .toolMissing)
        }
        let failure = await #expect(throws: Failure.self) { try await PlainRunner().run(ToolRun("/dev/null")) }
        #expect(failure?.diagnostics.first?.id == .toolFailed)
    }

    @Test func `a tool that takes too long or says too much is ended`() async throws {
        var slow = ToolRun("sleep", ["60"])
        slow.timeoutSeconds = 0.2
        let late = await #expect(throws: Failure.self) { try await PlainRunner().run(slow) }
        #expect(late?.diagnostics.first?.id == .toolOverdue)
        var loud = ToolRun("yes")
        loud.outputLimit = 1000
        let failure = await #expect(throws: Failure.self) { try await PlainRunner().run(loud) }
        #expect(failure?.diagnostics.first?.id == .toolTooLoud)
    }

    @Test func `a tool blocks no signal`() async throws {
        let result = try await PlainRunner().run(ToolRun("grep", ["SigBlk", "/proc/self/status"]))
        #expect(result.outputText == "SigBlk:\t0000000000000000\n")
    }

    @Test func `nobody waits for what a tool leaves running`() async throws {
        let start = ContinuousClock.now
        let result = try await PlainRunner().run(ToolRun("sh", ["-c", "sleep 20 & echo $!"]))
        #expect(ContinuousClock.now - start < .seconds(10))
        kill(try #require(Int32(result.outputText.dropLast())), SIGKILL)
    }
}
