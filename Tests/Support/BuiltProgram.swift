import Glibc

/// The program as it was built beside the tests.
package struct BuiltProgram: Sendable {
    package let path: String

    /// - Parameter name: an executable in the folder of the running test.
    package init(_ name: String) {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = own.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/" + name
    }

    /// Starts it with both outputs going to files below the folder.
    ///
    /// - Parameter tracer: a command that is started instead, with the program and its arguments as the last of its own.
    package func start(
        _ arguments: [String], tracer: [String] = [], in folder: String, as name: String = "run"
    ) throws -> RunningProgram {
        try RunningProgram(tracer + [path] + arguments, outputs: "\(folder)/\(name)")
    }

    /// Runs it to its end.
    package func run(_ arguments: [String], tracer: [String] = [], in folder: String) throws -> ProgramEnd {
        try start(arguments, tracer: tracer, in: folder).wait()
    }
}

/// How a program ended and what it printed.
package struct ProgramEnd: Sendable {
    /// Nil when a signal ended it.
    package let status: Int32?
    package let output: String
    package let errors: String
}

/// A started program; `wait()` must be called.
package struct RunningProgram: Sendable {
    package let process: Int32
    private let outputs: String

    package struct NotStarted: Error {
        package let command: String
        package let number: Int32
    }

    fileprivate init(_ command: [String], outputs: String) throws {
        self.outputs = outputs
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, suffix) in [(1 as Int32, "output"), (2, "errors")] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, "\(outputs).\(suffix)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var words = command.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        // The threads that run tests block signals, and a daemon that inherits that is not to be ended by SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process: pid_t = 0
        let number = posix_spawnp(&process, command[0], &actions, &attributes, words, environ)
        guard number == 0 else { throw NotStarted(command: command[0], number: number) }
        self.process = process
    }

    /// Whether it has ended; it still is to be waited for.
    package var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information._sifields._sigchld.si_pid == process
    }

    package func kill() { Glibc.kill(process, SIGKILL) }

    /// Waits for its end and takes away the files of its outputs.
    package func wait() throws -> ProgramEnd {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        defer {
            unlink("\(outputs).output")
            unlink("\(outputs).errors")
        }
        return ProgramEnd(
            status: status & 0x7f == 0 ? status >> 8 & 0xff : nil, output: text("\(outputs).output") ?? "",
            errors: text("\(outputs).errors") ?? "")
    }
}
