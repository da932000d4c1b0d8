internal import CLinux
internal import Diagnostics
internal import Glibc

/// Runs tools one after another, each to its end, with no thread or task beside: for a process that does nothing else
/// meanwhile. What `ProcessRunner` spends on a run is more than most tools do.
///
/// Input and output are files in memory, so that nobody waits for a pipe; what a tool leaves running may keep them.
struct PlainRunner: ToolRunning {
    init() { _ = brokenPipesAreErrors }

    func run(_ run: ToolRun) async throws -> ToolResult {
        guard run.hear == nil, run.folder == nil else { return try await ProcessRunner().run(run) }
        do {
            return try result(of: run)
        } catch let error as SystemError {
            throw Failure(.inputOutput, .toolFailed, "cannot run \(quoted(run.tool)): \(explanation(of: error.number))")
        }
    }

    /// Milliseconds between two looks at how much a tool has said.
    private static let glance: Int32 = 250

    func result(of run: ToolRun) throws -> ToolResult {
        let files = try [MemoryFile(run.input), MemoryFile([]), MemoryFile([])]
        defer { for file in files { file.close() } }
        let process = try start(run, files)
        let pid = pidfd_open(process, 0)
        defer { if pid >= 0 { close(pid) } }
        let deadline = ContinuousClock.now + .seconds(run.timeoutSeconds)
        while true {
            if let ending = wait(process, pid, until: min(deadline, .now + .milliseconds(Int(Self.glance)))) {
                let said = try files[1...].map { try $0.bytes(limit: run.outputLimit) }
                guard let output = said[0], let errors = said[1] else { throw Failure.tooLoud(run) }
                return ToolResult(ending: ending, output: output, errors: errors)
            }
            let isLoud = files[1...].contains { $0.size > run.outputLimit }
            guard isLoud || ContinuousClock.now >= deadline else { continue }
            end(process, pid)
            throw isLoud ? Failure.tooLoud(run) : Failure.overdue(run)
        }
    }

    /// Nil if it is still running at that moment.
    private func wait(_ process: pid_t, _ pid: Int32, until deadline: ContinuousClock.Instant) -> ToolResult.Ending? {
        while true {
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) == process {
                let signal = status & 0x7f
                return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
            }
            let rest = deadline - .now
            guard rest > .zero else { return nil }
            let milliseconds = Int32(rest / .milliseconds(1)) + 1
            // Linux before 5.3 has no descriptor for a process: then it is asked for every few milliseconds.
            if pid < 0 {
                poll(nil, 0, min(milliseconds, 5))
            } else {
                var waited = pollfd(fd: pid, events: Int16(POLLIN), revents: 0)
                poll(&waited, 1, milliseconds)
            }
        }
    }

    private func end(_ process: pid_t, _ pid: Int32) {
        kill(process, SIGTERM)
        if wait(process, pid, until: .now + .seconds(2)) != nil { return }
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    private func start(_ run: ToolRun, _ files: [MemoryFile]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.raw, Int32(target))
        }
        var arguments = ([run.tool] + run.arguments).map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        let own = run.environment.merging(["LC_ALL": "C"]) { given, _ in given }
        var variables = Self.inherited.filter { variable in !own.keys.contains { Self.sets(variable, $0) } }
        let added = own.compactMap { name, value in value.map { strdup("\(name)=\($0)") } }
        defer { for word in added { free(word) } }
        variables += added + [nil]
        // Threads of Dispatch block signals, and a tool would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process: pid_t = 0
        let number = posix_spawnp(&process, run.tool, &actions, &attributes, &arguments, &variables)
        if number == ENOENT { throw Failure.missing(run) }
        guard number == 0 else { throw SystemError("start", run.tool, number) }
        return process
    }

    /// The variables of this process.
    private static var inherited: [UnsafeMutablePointer<CChar>?] {
        var found: [UnsafeMutablePointer<CChar>?] = []
        var place = environ
        while let variable = place.pointee {
            found.append(variable)
            place += 1
        }
        return found
    }

    private static func sets(_ variable: UnsafeMutablePointer<CChar>?, _ name: String) -> Bool {
        guard let variable else { return false }
        let length = name.utf8.count
        return strncmp(variable, name, length) == 0 && variable[length] == CChar(UInt8(ascii: "="))
    }
}

/// A file that is in memory alone and goes with its last descriptor (memfd_create(2)).
private struct MemoryFile {
    /// Above the three that a tool gets, so that none is lost when they are put into their places.
    let raw: Int32

    init(_ bytes: [UInt8]) throws(SystemError) {
        // MFD_CLOEXEC
        let made = memfd_create("hauberk", 1)
        guard made >= 0 else { throw SystemError("make", "a file in memory", errno) }
        raw = made > 2 ? made : fcntl(made, F_DUPFD_CLOEXEC, 3)
        if raw != made { _ = Glibc.close(made) }
        guard raw >= 0 else { throw SystemError("make", "a file in memory", errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return pwrite(raw, rest.baseAddress, rest.count, off_t(written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                close()
                throw SystemError("write", "a file in memory", number)
            }
            written += count
        }
    }

    func close() { _ = Glibc.close(raw) }

    var size: Int {
        var record = stat()
        return fstat(raw, &record) == 0 ? Int(record.st_size) : 0
    }

    /// Nil for more than the limit.
    func bytes(limit: Int) throws(SystemError) -> [UInt8]? {
        let size = size
        guard size <= limit else { return nil }
        if size == 0 { return [] }
        var number: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            filled = 0
            while filled < size {
                let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                let count = pread(raw, rest.baseAddress, rest.count, off_t(filled))
                if count < 0, errno == EINTR { continue }
                if count < 0 { number = errno }
                if count <= 0 { return }
                filled += count
            }
        }
        if number != 0 { throw SystemError("read", "a file in memory", number) }
        return bytes
    }
}

extension Failure {
    /// A tool that is not installed.
    static func missing(_ run: ToolRun) -> Failure {
        let package = debianPackage(of: run.tool)
        return Failure(
            .toolMissing, .missingTool, "the tool \(quoted(run.tool)) is not installed",
            hint: package.map { "apt-get install \($0)" } ?? "install it, or look at $PATH")
    }

    static func tooLoud(_ run: ToolRun) -> Failure {
        Failure(.inputOutput, .toolTooLoud, "\(quoted(run.tool)) wrote more than \(run.outputLimit) bytes")
    }

    static func overdue(_ run: ToolRun) -> Failure {
        Failure(
            .inputOutput, .toolOverdue, "\(quoted(run.tool)) took longer than \(run.timeoutSeconds) s and was ended")
    }
}
