internal import Diagnostics
internal import Glibc
internal import Synchronization

/// Asks for a passphrase on the controlling terminal, whatever the standard streams are.
package struct PassphrasePrompt: Sendable {
    private let terminalPath: String

    private let isShown: Bool

    /// - Parameter isShown: whether the answer is no secret, and is echoed.
    package init(terminalPath: String = "/dev/tty", isShown: Bool = false) {
        self.terminalPath = terminalPath
        self.isShown = isShown
    }

    /// Reads one line without echo straight into the caller's memory; nothing else ever holds its bytes.
    ///
    /// The terminal gets its echo back on every way out, also on SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGTSTP, which
    /// then take their usual effect (as readpassphrase(3) of OpenBSD does).
    /// - Returns: the number of bytes without the newline.
    /// - Throws: `Failure`, status 64 without a terminal or for a line that does not fit, 1 if the input ends.
    package func ask(_ question: String, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let descriptor = open(terminalPath, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw Failure(
                .usage, .noTerminal, "there is no terminal to ask for a passphrase on",
                hint: "run the command in a terminal, or name a file that only you can read: --passphrase-file FILE")
        }
        defer { close(descriptor) }
        while true {
            let answer = try readLine(question, descriptor, buffer)
            guard let signal = answer.signal else { return answer.count }
            // With the terminal as it was: ends the process, or stops it until SIGCONT, then asks again.
            raise(signal)
            guard signal == SIGTSTP else { throw endOfInput() }
        }
    }

    private func readLine(
        _ question: String, _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer
    ) throws -> (count: Int, signal: Int32?) {
        var original = termios()
        guard tcgetattr(descriptor, &original) == 0 else {
            throw Failure(SystemError("ask on", terminalPath, errno))
        }
        let former = catchSignals()
        var silent = original
        if !isShown { silent.c_lflag &= ~tcflag_t(ECHO) }
        // TCSAFLUSH: what was typed before the question is not the answer.
        tcsetattr(descriptor, TCSAFLUSH, &silent)
        defer {
            tcsetattr(descriptor, TCSADRAIN, &original)
            restoreSignals(former)
        }
        let terminal = Terminal(descriptor: descriptor)
        terminal.write(question)
        defer { if !isShown { terminal.write("\n") } }
        return try line(descriptor, buffer)
    }

    private func line(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer
    ) throws -> (count: Int, signal: Int32?) {
        var count = 0
        var byte: UInt8 = 0
        defer { explicit_bzero(&byte, 1) }
        while true {
            let signal = caughtSignal.load(ordering: .relaxed)
            if signal != 0 { return (0, signal) }
            let got = read(descriptor, &byte, 1)
            if got < 0 && errno == EINTR { continue }
            guard got == 1 else { throw endOfInput() }
            if byte == 0x0a || byte == 0x0d { break }
            if count < buffer.count { buffer[count] = byte }
            count += 1
        }
        guard count <= buffer.count else {
            throw Failure(
                .usage, .longPassphrase, "the passphrase is longer than \(buffer.count) bytes",
                hint: "use a shorter one")
        }
        return (count, nil)
    }

    private func endOfInput() -> Failure {
        Failure(.no, .noPassphrase, "no passphrase was given")
    }
}

private let caughtSignal = Atomic<Int32>(0)
private let caught: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]

private func catchSignals() -> [sigaction] {
    caughtSignal.store(0, ordering: .relaxed)
    return caught.map { signal in
        var action = sigaction()
        var former = sigaction()
        // Without SA_RESTART, so that read(2) returns.
        action.__sigaction_handler.sa_handler = { caughtSignal.store($0, ordering: .relaxed) }
        sigaction(signal, &action, &former)
        return former
    }
}

private func restoreSignals(_ former: [sigaction]) {
    for (signal, action) in zip(caught, former) {
        var action = action
        sigaction(signal, &action, nil)
    }
}
