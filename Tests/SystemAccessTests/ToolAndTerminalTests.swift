import Diagnostics
import Glibc
import TestSupport
import Testing

@testable import SystemAccess

@Suite struct ToolTests {
    @Test func `a tool gets its input and arguments, and all of its answer comes back`() async throws {
        var run = ToolRun("sh", ["-c", "cat; echo \"$1 $LC_ALL $ADDED\" >&2; exit 3", "sh", "argument"])
        run.input = Array(repeating: 65, count: 300_000)
        run.environment = ["ADDED": "added"]
        let result = try await ProcessRunner().run(run)
        #expect(result.ending == .exited(3) && !result.succeeded)
        #expect(result.output == run.input)
        #expect(result.errorText == "argument C added\n")
    }

    @Test func `a tool that ignores its input does not fail`() async throws {
        var run = ToolRun("true")
        run.input = Array(repeating: 65, count: 300_000)
        #expect(try await ProcessRunner().run(run).succeeded)
    }

    @Test func `a signal is told from an exit`() async throws {
        let result = try await ProcessRunner().run(ToolRun("sh", ["-c", "kill -KILL $$"]))
        #expect(result.ending == .signalled(SIGKILL))
    }

    @Test func `a missing tool is named with its package`() async throws {
        var run = ToolRun("wg-quick")
        run.environment = ["PATH": "/nowhere"]
        let failure = await #expect(throws: Failure.self) { try await ProcessRunner().run(run) }
        #expect(failure?.status == .toolMissing)
        #expect(failure?.diagnostics.first?.message == "the tool \"wg-quick\" is not installed")
        #expect(failure?.diagnostics.first?.hint == "apt-get install wireguard-tools")
        let other = await #expect(throws: Failure.self) {
            try await ProcessRunner().run(ToolRun("/nowhere/hauberk-no-such-tool"))
        }
        #expect(other?.status == .toolMissing)
    }

    @Test func `a tool that takes too long is ended`() async throws {
        var run = ToolRun("sleep", ["600"])
        run.timeoutSeconds = 0.1
        let failure = await #expect(throws: Failure.self) { try await ProcessRunner().run(run) }
        #expect(failure?.diagnostics.first?.id == .toolOverdue)
    }

    @Test func `a tool that says too much is ended`() async throws {
        var run = ToolRun("yes")
        run.outputLimit = 10_000
        let failure = await #expect(throws: Failure.self) { try await ProcessRunner().run(run) }
        #expect(failure?.diagnostics.first?.id == .toolTooLoud)
    }
}

@Suite struct TerminalTests {
    @Test func `progress is silent at first and off a terminal, and leaves no trace`() {
        var shown: [String] = []
        let clock = virtualClock()
        var progress = Progress(width: 10, clock: clock) { shown.append($0) }
        progress.update("too soon")
        progress.finish()
        #expect(shown == [])
        clock.pause(600_000_000)
        progress.update("a line that is too long")
        progress.update("too soon again")
        progress.finish()
        progress.finish()
        #expect(shown == ["\r\u{1b}[Ka line th", "\r\u{1b}[K"])
        var silent = Progress(width: nil, clock: clock) { shown.append($0) }
        clock.pause(600_000_000)
        silent.update("never")
        silent.finish()
        #expect(shown.count == 2)
    }

    @Test func `a file is no terminal and gets no colour`() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let terminal = Terminal(descriptor: null)
        #expect(!terminal.isTerminal && terminal.width == nil && !terminal.allowsColour([:]))
    }

    @Test func `a terminal has colour unless NO_COLOR or TERM say otherwise`() throws {
        try withTerminal { _, path in
            let descriptor = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            defer { close(descriptor) }
            let terminal = Terminal(descriptor: descriptor)
            #expect(terminal.isTerminal && terminal.allowsColour([:]) && terminal.allowsColour(["NO_COLOR": ""]))
            #expect(!terminal.allowsColour(["NO_COLOR": "1"]) && !terminal.allowsColour(["TERM": "dumb"]))
        }
    }

    @Test func `a passphrase is read without echo, and the echo comes back`() throws {
        try withTerminal { keyboard, path in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
            defer { buffer.deallocate() }
            let typist = Typist(keyboard, "open sesame\n")
            let count = try PassphrasePrompt(terminalPath: path).ask("passphrase: ", into: buffer)
            #expect(String(decoding: buffer[..<count], as: UTF8.self) == "open sesame")
            #expect(typist.screen == "passphrase: ")
            #expect(echoes(path))
        }
    }

    @Test func `a passphrase that does not fit is refused, and the echo comes back`() throws {
        try withTerminal { keyboard, path in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
            defer { buffer.deallocate() }
            _ = Typist(keyboard, "open sesame\n")
            expectFailure(.longPassphrase) { _ = try PassphrasePrompt(terminalPath: path).ask("?", into: buffer) }
            #expect(echoes(path))
        }
    }

    @Test func `the end of the input and a missing terminal are told`() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
        defer { buffer.deallocate() }
        try withTerminal { keyboard, path in
            _ = Typist(keyboard, "\u{4}")
            expectFailure(.noPassphrase) { _ = try PassphrasePrompt(terminalPath: path).ask("?", into: buffer) }
            #expect(echoes(path))
        }
        expectFailure(.noTerminal) { _ = try PassphrasePrompt(terminalPath: "/nowhere").ask("?", into: buffer) }
    }

    private func echoes(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(descriptor) }
        var settings = termios()
        tcgetattr(descriptor, &settings)
        return settings.c_lflag & tcflag_t(ECHO) != 0
    }
}

/// Types the text when the question (ending in `: ` or `?`) is on the screen: what is typed before is discarded.
private final class Typist: @unchecked Sendable {
    private var thread = pthread_t()
    private let keyboard: Int32
    private let line: String
    private var seen: [UInt8] = []
    private var isJoined = false

    init(_ keyboard: Int32, _ line: String) {
        (self.keyboard, self.line) = (keyboard, line)
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Typist>.fromOpaque(context).takeRetainedValue().type() }
                return nil
            }, context)
    }

    private func type() {
        var byte: UInt8 = 0
        while read(keyboard, &byte, 1) == 1 {
            seen.append(byte)
            if seen.suffix(2).elementsEqual(": ".utf8) || byte == 0x3f { break }
        }
        var line = line
        _ = line.withUTF8 { write(keyboard, $0.baseAddress, $0.count) }
    }

    /// What was shown until the answer was typed.
    var screen: String {
        if !isJoined { pthread_join(thread, nil) }
        isJoined = true
        return String(decoding: seen, as: UTF8.self)
    }
}

/// A pseudo-terminal: its keyboard and screen, and the path of the terminal itself.
private func withTerminal(_ work: (_ keyboard: Int32, _ path: String) throws -> Void) throws {
    // linux/tty ioctls: TIOCSPTLCK unlocks, TIOCGPTN tells the number; posix_openpt(3) is hidden without _GNU_SOURCE.
    let keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var locked: Int32 = 0
    var number: UInt32 = 0
    guard keyboard >= 0, ioctl(keyboard, 0x4004_5431, &locked) == 0, ioctl(keyboard, 0x8004_5430, &number) == 0 else {
        throw SystemError("open", "/dev/ptmx", errno)
    }
    defer { close(keyboard) }
    let path = "/dev/pts/\(number)"
    // Keeps the settings alive between the openings of the terminal.
    let terminal = open(path, O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    try work(keyboard, path)
}

@Suite struct IdentityFileTests {
    @Test func `the default path follows XDG`() throws {
        #expect(try IdentityFile.defaultPath(["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == "/x/hauberk/identity")
        #expect(try IdentityFile.defaultPath(["XDG_CONFIG_HOME": "x", "HOME": "/h"]) == "/h/.config/hauberk/identity")
        #expect(try IdentityFile.defaultPath(["HOME": "/h"]) == "/h/.config/hauberk/identity")
        expectFailure(.noHome) { _ = try IdentityFile.defaultPath([:]) }
    }

    @Test func `an identity is written once, private, and read back`() throws {
        try withTemporaryFolder { folder in
            let file = IdentityFile("\(folder)/config/hauberk/identity")
            expectFailure(.missingFile) { try file.withBytes { _ in } }
            #expect(try !file.exists)
            try Array("secret".utf8).withUnsafeBytes { try file.create($0) }
            #expect(try file.exists)
            #expect(try file.withBytes { Array($0) } == Array("secret".utf8))
            let files = RealFileSystem()
            #expect(try files.status(of: Place(file.path, in: .current))?.mode == 0o600)
            #expect(try files.status(of: Place("\(folder)/config/hauberk", in: .current))?.mode == 0o700)
            expectFailure(.identityExists) { try Array("other".utf8).withUnsafeBytes { try file.create($0) } }
            #expect(tree(folder) == ["config/hauberk/identity"])
            #expect(try file.withBytes { Array($0) } == Array("secret".utf8))
        }
    }

    @Test func `an identity that others may read is refused with the command that mends it`() throws {
        try withTemporaryFolder { folder in
            let file = IdentityFile("\(folder)/identity")
            try Array("secret".utf8).withUnsafeBytes { try file.create($0) }
            chmod(file.path, 0o640)
            let failure = expectFailure(.exposedIdentity) { try file.withBytes { _ in } }
            #expect(failure?.status == .permission)
            #expect(failure?.diagnostics.first?.hint == "chmod 600 \(file.path)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `an identity of somebody else is refused`() throws {
        try withTemporaryFolder { folder in
            let file = IdentityFile("\(folder)/identity")
            try Array("secret".utf8).withUnsafeBytes { try file.create($0) }
            chown(file.path, 12345, 12345)
            expectFailure(.foreignIdentity) { try file.withBytes { _ in } }
        }
    }

    @Test(arguments: treeFaults)
    func `a fault at any call leaves no half identity`(_ fault: FaultyFileSystem.Fault) throws {
        var k = 1
        while true {
            let hadFault = try withTemporaryFolder { folder in
                let path = "\(folder)/hauberk/identity"
                let files = FaultyFileSystem(k, fault, watching: folder)
                let bytes = Array("secret".utf8)
                try? bytes.withUnsafeBytes { try IdentityFile(path, fileSystem: files).create($0) }
                let file = IdentityFile(path)
                if try !file.exists { try bytes.withUnsafeBytes { try file.create($0) } }
                #expect(try file.withBytes { Array($0) } == bytes, "call \(k)")
                #expect(tree(folder) == ["hauberk/identity"], "call \(k)")
                return files.calls >= k
            }
            if !hadFault { break }
            k += 1
        }
        #expect(k > 8)
    }
}

@Suite struct SystemErrorTests {
    @Test(arguments: [
        (ENOSPC, DiagnosticID.diskFull, Diagnostics.ExitStatus.inputOutput, "ENOSPC"),
        (EDQUOT, .diskFull, .inputOutput, "EDQUOT"), (EIO, .inputOutputError, .inputOutput, "EIO"),
        (EROFS, .readOnlyFolder, .permission, "EROFS"), (EACCES, .permissionDenied, .permission, "EACCES"),
        (ENOENT, .missingFile, .fileMissing, "ENOENT"), (ELOOP, .symlinkInTheWay, .permission, "ELOOP"),
    ])
    func `each error number has its finding, status and text`(
        _ number: Int32, _ id: DiagnosticID, _ status: Diagnostics.ExitStatus, _ name: String
    ) {
        let failure = Failure(SystemError("write", "a\nb", number))
        #expect(failure.status == status && failure.diagnostics.first?.id == id)
        let message = failure.diagnostics.first?.message ?? ""
        #expect(message.hasPrefix("cannot write \"a\\nb\": ") && message.hasSuffix(" (\(name))"))
    }
}
