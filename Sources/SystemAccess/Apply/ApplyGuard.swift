internal import CGuard
internal import Delivery
internal import Diagnostics
internal import Glibc

/// The process that puts a host back when nobody confirms, or when the one that changes it is gone.
///
/// It is a session of its own, so that neither the end of a terminal nor of an SSH session ends it, and it holds the
/// lock as well.
package enum ApplyGuard {
    /// The hidden command that starts it.
    package static let command = "apply-guard"

    private static let lock: Int32 = 3
    private static let life: Int32 = 4
    private static let ready: Int32 = 5

    /// How often putting back is tried, with growing pauses: for some 40 minutes.
    private static let most = 100

    /// Seconds for all steps; a change that takes longer hangs.
    private static let stepSeconds = Double(FaultPoint.stepSeconds ?? 300)

    /// The end of a pipe; when it is closed, by whatever end of this process, the guard knows.
    struct Tie: Sendable {
        let raw: Int32

        /// Tells the guard that nothing is left to watch; one that has the program already sees that by itself.
        func release() {
            var byte: UInt8 = 1
            _ = write(raw, &byte, 1)
        }
    }

    /// Starts it, and returns when it watches.
    ///
    /// Where nobody has to confirm, it is a copy of this process that becomes the program only when there is something
    /// to do: the program's start would cost more than most changes.
    static func start(_ folder: ApplyFolder, lock held: Handle, confirmation: Int) throws -> Tie {
        var lifePipe: [Int32] = [0, 0]
        var readyPipe: [Int32] = [0, 0]
        guard pipe(&lifePipe) == 0, pipe(&readyPipe) == 0 else { throw SystemError("make", "a pipe", errno) }
        for end in lifePipe + readyPipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Clear of 3 to 7 first: a copy onto itself would stay close-on-exec.
        let sources = try [held.raw, lifePipe[0], readyPipe[1]].map { source in
            let copy = fcntl(source, F_DUPFD_CLOEXEC, 64)
            guard copy >= 0 else { throw SystemError("copy", "a descriptor", errno) }
            return copy
        }
        if confirmation == 0 {
            try fork(sources, others: [lifePipe[1], readyPipe[0]], folder.disk.root)
        } else {
            try spawn(sources, ["hauberk", command, folder.disk.root])
        }
        for end in sources + [lifePipe[0], readyPipe[1]] { close(end) }
        defer { close(readyPipe[0]) }
        var waited = pollfd(fd: readyPipe[0], events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0
        guard poll(&waited, 1, 20_000) == 1, read(readyPipe[0], &byte, 1) == 1 else {
            close(lifePipe[1])
            throw Failure(.no, .applyFailed, "the process that puts the host back did not start")
        }
        return Tie(raw: lifePipe[1])
    }

    private static func fork(_ sources: [Int32], others: [Int32], _ root: String) throws {
        // Open, so that it can be started whatever becomes of the file meanwhile.
        let own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        let program = own < 0 ? own : fcntl(own, F_DUPFD_CLOEXEC, 64)
        guard program >= 0 else { throw SystemError("open", "/proc/self/exe", errno) }
        defer { for end in [own, program] { close(end) } }
        let words = ["hauberk", command, root]
        var orphaned = words.map { strdup($0) } + [nil]
        var overdue = (words + ["\(Int(stepSeconds))"]).map { strdup($0) } + [nil]
        defer { for word in orphaned + overdue { free(word) } }
        var plan = guard_plan()
        (plan.lock, plan.life, plan.ready) = (sources[0], sources[1], sources[2])
        plan.program = program
        plan.others = (others[0], others[1])
        plan.milliseconds = Int32(stepSeconds * 1000)
        guard guard_start(&plan, &orphaned, &overdue, environ) > 0 else {
            throw SystemError("start", "the process that puts the host back", errno)
        }
    }

    private static func spawn(_ sources: [Int32], _ words: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (source, target) in zip(sources, [lock, life, ready]) {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        for target in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // POSIX_SPAWN_SETSIGMASK, and spawn.h's POSIX_SPAWN_SETSID, which needs _GNU_SOURCE.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | 0x80)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        var process: pid_t = 0
        let number = posix_spawn(&process, try OwnExecutable.path(), &actions, &attributes, &arguments, environ)
        guard number == 0 else { throw SystemError("start", "the process that puts the host back", number) }
    }

    // MARK: in the process itself

    /// Watches until the transaction below the root is over.
    ///
    /// - Parameter elapsed: seconds for which somebody has watched already.
    package static func watch(root: String, since elapsed: Int) async {
        guard fcntl(lock, F_GETFD) >= 0, fcntl(life, F_GETFD) >= 0, fcntl(ready, F_GETFD) >= 0 else { return }
        for end in [lock, life, ready] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        signal(SIGHUP, SIG_IGN)
        _ = chdir("/")
        let folder = ApplyFolder(disk: HostDisk(root: root, files: RealFileSystem()))
        var byte: UInt8 = 1
        _ = write(ready, &byte, 1)
        close(ready)
        let start = ContinuousClock.now - .seconds(elapsed)
        var waiting: ContinuousClock.Instant?
        var attempts = 0
        var id: String?
        while attempts < most {
            let present: (journal: ApplyJournal, phase: ApplyPhase)?
            do {
                present = try folder.present()
            } catch {
                attempts += 1
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            // The next transaction is another process's to watch.
            guard let (journal, phase) = present, id ?? journal.id == journal.id else { return }
            id = journal.id
            let now = ContinuousClock.now
            let isWaiting = (try? folder.has(.waiting)) ?? false
            if isWaiting, waiting == nil { waiting = now }
            let handed = isWaiting && journal.confirmation > 0
            let limit = handed ? Double(journal.confirmation) : stepSeconds
            let duty = phase.duty(
                ApplyPhase.Surroundings(
                    isFirstAlive: isFirstAlive, needsConfirmation: handed,
                    isOverdue: now - (handed ? waiting ?? start : start) >= .seconds(limit)))
            if !(await perform(duty, folder, journal, handed: handed)) { attempts += 1 }
            try? await Task.sleep(for: .milliseconds(duty == .wait ? 50 : attempts == 0 ? 1 : 1000 * min(attempts, 30)))
        }
    }

    /// Nobody ever writes into the pipe: it is readable when it has been closed.
    private static var isFirstAlive: Bool {
        var waited = pollfd(fd: life, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, 0) == 0
    }

    /// False if it failed and is to be tried again.
    private static func perform(
        _ duty: ApplyPhase.Duty, _ folder: ApplyFolder, _ journal: ApplyJournal, handed: Bool
    ) async -> Bool {
        do {
            switch duty {
            case .wait: break
            case .decideToReturn:
                // One that hangs in its steps must not go on while they are put back.
                if !handed, isFirstAlive, journal.process > 1 { kill(journal.process, SIGKILL) }
                _ = try folder.decide(.returning)
            case .finish: try await Confirmation(folder: folder, journal: journal, tools: PlainRunner()).run()
            case .putBack: try await PutBack(folder: folder, journal: journal, tools: PlainRunner()).run()
            }
            return true
        } catch {
            return false
        }
    }
}
