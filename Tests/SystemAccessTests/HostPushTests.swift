import Delivery
import Diagnostics
import Glibc
import Synchronization
import SystemAccess
import TestSupport
import Testing

/// What a push makes of what ssh says; ssh itself is played.
@Suite struct HostPushTests {
    /// Answers one session after another.
    private final class PlayedSSH: ToolRunning {
        struct Answer: Sendable {
            var status: Int32
            var output = "\(HostScript.marker)\n"
            var errors = ""
        }

        private let answers: Mutex<[Answer]>
        private let runs = Mutex<[ToolRun]>([])

        init(_ answers: [Answer]) { self.answers = Mutex(answers) }

        /// The words of each session.
        var heard: [[String]] { runs.withLock { $0.map(\.arguments) } }

        func run(_ run: ToolRun) async throws -> ToolResult {
            runs.withLock { $0.append(run) }
            let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            for line in answer.errors.split(separator: "\n") { run.hear?(String(line)) }
            return ToolResult(
                ending: .exited(answer.status), output: Array(answer.output.utf8), errors: Array(answer.errors.utf8))
        }
    }

    private let tree = [HostFile(path: "etc/wireguard/wg0.conf", mode: 0o600, bytes: [1])]

    private func push(
        _ ssh: PlayedSSH, _ halves: [any HostHalf]? = nil, within seconds: Int = 1, back: Int = 55
    ) async throws -> HostPush.End {
        try await HostPush(
            tools: ssh, halves: halves ?? [InstalledHalf(version: "1")], confirmWithin: seconds, returnWithin: back,
            progress: { _ in }
        ).deliver(tree, to: SSHTarget(name: "h1"))
    }

    private func answer(_ status: Int32, json: String = "", errors: String = "") -> PlayedSSH.Answer {
        PlayedSSH.Answer(status: status, output: "\(HostScript.marker)\n\(json)", errors: errors)
    }

    private static let waiting = "\(HostScript.waiting)60 s from another session"
    private static let nowhere = PlayedSSH.Answer(
        status: 255, output: "", errors: "ssh: connect to host h1 port 22: Connection refused\r\n")

    @Test func `a host that has the tree is not confirmed`() async throws {
        let ssh = PlayedSSH([answer(0, json: #"{"outcome" : "unchanged"}"#)])
        let end = try await push(ssh)
        #expect(end.outcome == .new && end.answer == #"{"outcome" : "unchanged"}"#)
        #expect(ssh.heard.count == 1)
    }

    @Test func `what waits is confirmed over a connection of its own`() async throws {
        let ssh = PlayedSSH([answer(0, json: "{}", errors: Self.waiting), answer(0)])
        #expect(try await push(ssh).outcome == .new)
        #expect(ssh.heard.map { $0.contains("ControlPath=none") } == [false, true])
        #expect(ssh.heard[1].last?.contains("--confirm ") == true)
    }

    @Test func `who cannot be reached is told apart from who refuses`() async throws {
        let away = try await push(PlayedSSH([Self.nowhere]))
        #expect(away.outcome == .unreachable)
        #expect(away.message == "ssh: connect to host h1 port 22: Connection refused")
        let sudo = try await push(PlayedSSH([.init(status: 1, output: "", errors: "sudo: a password is required")]))
        #expect(sudo.outcome == .refused && sudo.message == "sudo: a password is required")
        let bad = try await push(PlayedSSH([answer(65, errors: "error: bad [refused-tree]\n  hint: render")]))
        #expect(bad.outcome == .refused && bad.message == "bad [refused-tree]")
    }

    @Test func `what a host complains of is short, and moves no cursor`() async throws {
        let loud = answer(65, errors: "error: \u{1b}]0;title\u{7}\tred\u{9b}2J\u{202e}\n")
        #expect(try await push(PlayedSSH([loud])).message == #"\u{1B}]0;title\u{07}red\u{009B}2J\u{202E}"#)
        let long = answer(65, errors: "error: o" + String(repeating: "\u{301}", count: 100_000))
        #expect(try await push(PlayedSSH([long])).message?.unicodeScalars.count == 293)
    }

    @Test func `without a new connection the host is asked whether it has put itself back`() async throws {
        let idle = answer(0, json: #"{"outcome" : "idle"}"#)
        let ssh = PlayedSSH([
            answer(1, errors: "\(Self.waiting)\nerror: not confirmed"), Self.nowhere, Self.nowhere, Self.nowhere, idle,
        ])
        let end = try await push(ssh)
        #expect(end.outcome == .putBack)
        #expect(end.message?.hasSuffix("it is as it was, and answers") == true)
        let cut = try await push(PlayedSSH([answer(255, errors: "Connection reset"), Self.nowhere, idle]))
        #expect(cut.outcome == .putBack)
    }

    @Test(arguments: [70, 74, 126, 137, 143] as [Int32])
    func `an apply that dies has changed nothing only when the host says so`(status: Int32) async throws {
        let dead = answer(status, errors: "error: it failed, and putting back failed too: x [apply-failed]")
        let idle = try await push(PlayedSSH([dead, answer(0, json: #"{"outcome" : "idle"}"#)]))
        #expect(idle.outcome == .putBack && idle.message?.hasSuffix("it is as it was, and answers") == true)
        let busy = try await push(PlayedSSH([dead, answer(0, json: #"{"outcome" : "returning"}"#)]), back: 0)
        #expect(busy.outcome == .unknown && busy.message?.hasSuffix("it has not put everything back yet") == true)
        let gone = try await push(PlayedSSH([dead, Self.nowhere]), back: 0)
        #expect(gone.outcome == .unknown && gone.message?.hasSuffix("nothing of it is heard since") == true)
    }

    @Test func `a confirmation that came too late and met another apply is not this one's`() async throws {
        let ssh = PlayedSSH([
            answer(1, errors: "\(Self.waiting)\nerror: it was not confirmed within 1 s [apply-failed]"), answer(0),
        ])
        #expect(try await push(ssh).outcome == .putBack)
    }

    @Test func `a confirmation whose answer is lost leaves open what the host has`() async throws {
        let ssh = PlayedSSH([
            answer(255, errors: "\(Self.waiting)\nreset"), answer(255), answer(0, json: #"{"outcome" : "idle"}"#),
        ])
        #expect(try await push(ssh).outcome == .unknown)
    }

    @Test func `a host without hauberk gets one, and one that cannot run it says so`() async throws {
        let carried = CarriedHalf(name: "x", bytes: [1, 2], digest: String(repeating: "a", count: 64))
        let halves: [any HostHalf] = [InstalledHalf(version: "1"), carried]
        let ssh = PlayedSSH([answer(101), answer(101), answer(0, json: "{}", errors: Self.waiting), answer(0)])
        #expect(try await push(ssh, halves).outcome == .new)
        #expect(ssh.heard.count == 4)
        let foreign = try await push(PlayedSSH([answer(101), answer(101), answer(103)]), halves)
        #expect(foreign.outcome == .refused && foreign.message == "what was carried does not run there")
        let none = try await push(PlayedSSH([answer(101)]))
        #expect(none.outcome == .refused && none.message?.contains("--binary") == true)
    }

    @Test func `what does not run there gives way to the next half`() async throws {
        let carried = ["a", "b"].map { CarriedHalf(name: $0, bytes: [1], digest: String(repeating: $0, count: 64)) }
        let halves: [any HostHalf] = [InstalledHalf(version: "1")] + carried
        let after = PlayedSSH([
            answer(101), answer(101), answer(103), answer(101), answer(0, json: "{}", errors: Self.waiting), answer(0),
        ])
        let end = try await push(after, halves)
        #expect(end.outcome == .new && end.half == "b")
        let before = try await push(PlayedSSH([answer(101), answer(103), answer(0, json: "{}")]), halves)
        #expect(before.outcome == .new && before.half == "b")
        let none = try await push(PlayedSSH([answer(101), answer(103), answer(103)]), halves)
        #expect(none.outcome == .refused && none.message == "what was carried does not run there")
    }

    @Test func `another apply there is waited for`() async throws {
        let ssh = PlayedSSH([answer(75, errors: "error: locked"), answer(0, json: "{}")])
        #expect(try await push(ssh).outcome == .new)
    }

    @Test(arguments: ["sh", "bash", "zsh", "fish"])
    func `every login shell hands a script on as it is, to sudo where it is not root's`(shell: String) async throws {
        try await withFolder { folder in
            let fakes =
                "printf '#!/bin/sh\\nshift 2; echo by sudo >&2; exec \"$@\"\\n' >sudo; "
                + "printf '#!/bin/sh\\necho 1000\\n' >id; chmod 755 sudo id"
            var make = ToolRun("sh", ["-c", fakes])
            make.folder = folder
            #expect(try await ProcessRunner().run(make).succeeded)
            let half = CarriedHalf(name: "x", bytes: [], digest: String(repeating: "a", count: 64))
            for isRoot in [true, false] {
                var run = ToolRun(shell, ["-c", HostScript(half).status])
                if !isRoot {
                    run.environment["PATH"] = "\(folder):/usr/sbin:/usr/bin:/sbin:/bin"
                } else if geteuid() != 0 {
                    continue
                }
                let result = try await ProcessRunner().run(run)
                #expect(result.ending == .exited(HostScript.Ending.lacking.rawValue), "\(result.errorText)")
                #expect(result.outputText == "\(HostScript.marker)\n")
                #expect(result.errorText == (isRoot ? "" : "by sudo\n"))
            }
        }
    }

    @Test func `tar takes the archive, and a cut one lacks its last file`() async throws {
        try await withFolder { folder in
            let files = (0..<3).map {
                HostFile(path: "tree/f\($0)", mode: 0o640, bytes: Array(repeating: 7, count: 700 * $0))
            }
            let archive = try #require(TarArchive(files)).bytes
            for (count, isWhole) in [(archive.count, true), (archive.count - 1536, false)] {
                var run = ToolRun(
                    "sh", ["-c", "rm -rf tree whole; tar -x -p -o -m -f -; stat -c '%n %a %s' tree/* whole"])
                run.folder = folder
                run.input = Array(archive.prefix(count))
                let result = try await ProcessRunner().run(run)
                #expect(result.outputText.contains("tree/f2 640 1400\n"))
                #expect(result.outputText.contains("whole 600 0") == isWhole)
            }
        }
    }

    @Test func `lines of a tool are heard as they come`() async throws {
        let (lines, feed) = AsyncStream<String>.makeStream()
        var run = ToolRun("sh", ["-c", "echo one >&2; printf 'two\\nthr' >&2; cat >&2; echo out"])
        run.input = Array("ee\nrest".utf8)
        run.hear = { feed.yield($0) }
        let result = try await ProcessRunner().run(run)
        feed.finish()
        var heard: [String] = []
        for await line in lines { heard.append(line) }
        #expect(heard == ["one", "two", "three"])
        #expect(result.errorText == "one\ntwo\nthree\nrest" && result.outputText == "out\n" && result.succeeded)
    }

    private func withFolder(_ work: (String) async throws -> Void) async throws {
        let folder = try SystemAccess.TemporaryFolder(prefix: "hauberk-push-test")
        defer { folder.remove() }
        try await work(folder.path)
    }
}
