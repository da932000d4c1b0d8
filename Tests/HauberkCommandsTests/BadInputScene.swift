import Glibc
import Synchronization

/// A folder of its own for one command, with a mesh `m`, the operator's `identity`, a colleague's, and lists of peers.
struct BadInputScene: ~Copyable {
    let path: String

    /// The mesh that every case begins with, made once by the program itself, and its secrets.
    static let base: (path: String, secrets: [String]) = {
        let path = temporaryFolder()
        atexit { removeTree(baseFolder.withLock { $0 }) }
        baseFolder.withLock { $0 = path }
        mkdir("\(path)/bin", 0o755)
        symlink(program, "\(path)/bin/hauberk")
        mkdir("\(path)/start", 0o755)
        let preparation = "sh -eu \(testFolder)/Fixtures/base.sh"
        let done = run(preparation, in: "\(path)/start", tools: "\(path)/bin")
        precondition(done.status == 0, "the base mesh cannot be made: \(done.errors) \(done.output)")
        let secrets = run("cat secrets && rm -r secrets out", in: "\(path)/start", tools: "\(path)/bin").output
        return (path, secrets)
    }()

    private static let baseFolder = Mutex("")

    init() {
        path = temporaryFolder()
    }

    deinit {
        removeTree(path)
    }

    /// Prepares the folder, runs the case's command in it, and looks at what is there before and after; nil for a case
    /// that this machine cannot play.
    func play(_ item: BadInputCase) throws -> BadInputOutcome? {
        let base = Self.base.path
        let lines = ["cp -a '\(base)/start/.' ."] + item.preparation
        let ready = run("set -eu\n" + lines.joined(separator: "\n"), in: path, tools: "\(base)/bin")
        guard ready.status != 75 else { return nil }
        guard ready.status == 0 else { throw Unprepared(errors: ready.errors) }
        let before = tree(path)
        let done = run(item.command, in: path, tools: "\(base)/bin")
        return BadInputOutcome(
            status: done.status, errors: done.errors.filter { !Self.isHelp($0) }, output: done.output, before: before,
            after: tree(path))
    }

    /// Whether a line is the parser's reminder of how the verb is used, which the manual's tests hold.
    private static func isHelp(_ line: String) -> Bool {
        ["Usage: ", "Help: ", "  See 'hauberk", "       hauberk "].contains { line.hasPrefix($0) }
    }

    /// A case whose own preparation fails.
    struct Unprepared: Error {
        let errors: [String]
    }

    /// The built program beside the bundle of tests.
    private static let program: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let bundle = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = bundle.prefix(upTo: bundle.lastIndex(of: "/") ?? bundle.startIndex)
        let program = "\(folder)/hauberk"
        precondition(access(program, X_OK) == 0, "there is no program \(program)")
        return program
    }()
}

/// Runs a line of sh(1) with a clean environment; standard input is empty.
func run(
    _ line: String, in folder: String, tools: String
) -> (status: Int32, errors: [String], output: [String]) {
    let streams = (temporaryFile(), temporaryFile())
    defer {
        close(streams.0)
        close(streams.1)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, streams.0, 1)
    posix_spawn_file_actions_adddup2(&actions, streams.1, 2)
    let path = "\(tools):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    let script = "umask 022; . '\(testFolder)/Fixtures/helpers.sh'; cd '\(folder)' || exit 99\n\(line)"
    let arguments = ["timeout", "-k", "1", "60", "sh", "-c", script]
    let variables = [
        "PATH=\(path)", "HOME=\(folder)/home", "HAUBERK_IDENTITY=identity", "LC_ALL=C.UTF-8", "USER=tester",
        "TERM=xterm",
    ]
    var child = pid_t()
    let failed = withCStrings(arguments) { arguments in
        withCStrings(variables) { posix_spawnp(&child, "timeout", &actions, nil, arguments, $0) }
    }
    guard failed == 0 else { return (-1, ["posix_spawn: error \(failed)"], []) }
    var word: Int32 = 0
    while waitpid(child, &word, 0) == -1, errno == EINTR {}
    let status = word & 0x7f == 0 ? word >> 8 & 0xff : 128 + word & 0x7f
    return (status, lines(of: streams.1), lines(of: streams.0))
}

private func lines(of file: Int32) -> [String] {
    lseek(file, 0, SEEK_SET)
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &chunk, chunk.count)
        if count <= 0 { break }
        text += chunk[..<count]
    }
    return text.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
}

private func withCStrings<Result>(
    _ texts: [String], _ work: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
    pointers[texts.count] = nil
    defer {
        for index in texts.indices { free(pointers[index]) }
        pointers.deallocate()
    }
    return work(pointers)
}

/// Memory where there is some to write to: the cases are many, and none is about the disk.
private let scratch = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

private func temporaryFile() -> Int32 {
    var name = Array("\(scratch)/hauberk-bad-input-XXXXXX".utf8CString)
    let file = mkstemp(&name)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    unlink(name)
    return file
}

private func temporaryFolder() -> String {
    var name = Array("\(scratch)/hauberk-bad-input-XXXXXX".utf8CString)
    precondition(mkdtemp(&name) != nil, "no temporary folder")
    chmod(name, 0o755)
    return String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Everything below a folder: for each path its kind, mode, inode, time and contents; but for the lock of a writer,
/// which only says who holds it.
func tree(_ root: String) -> [String: String] {
    var result: [String: String] = [:]
    walk(root) { path, status in
        guard !path.hasSuffix("/.hauberk.lock") else { return }
        let kind = status.st_mode & S_IFMT
        var words = "\(String(status.st_mode, radix: 8)) \(status.st_uid) \(status.st_ino)"
        if kind != S_IFDIR { words += " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)" }
        if kind == S_IFREG {
            var hasher = Hasher()
            hasher.combine(status.st_size < 1 << 20 ? contents(of: path) : [])
            words += " \(status.st_size) \(hasher.finalize())"
        }
        result[String(path.dropFirst(root.count))] = words
    }
    return result
}

/// Calls `visit` for everything below `folder`, a folder after what is in it; links are not followed.
private func walk(_ folder: String, _ visit: (String, stat) -> Void) {
    for name in entries(of: folder) {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR { walk(path, visit) }
        visit(path, status)
    }
}

private func removeTree(_ root: String) {
    guard root.hasPrefix("\(scratch)/hauberk-bad-input-") else { return }
    walk(root) { path, status in
        if status.st_mode & S_IFMT == S_IFDIR { rmdir(path) } else { unlink(path) }
    }
    rmdir(root)
}
