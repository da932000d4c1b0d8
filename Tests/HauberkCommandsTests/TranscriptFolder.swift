import Glibc

/// A folder in which a test runs the built program as a person would, gone with ``remove()``.
///
/// The program is `hauberk` on the path, the home is inside the folder, and nothing of the tester's environment leaks in.
struct TranscriptFolder {
    let path: String

    struct Outcome {
        let status: Int32
        /// Both outputs in the order in which they were written.
        let output: String

        var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }
    }

    init() throws {
        var template = Array("/tmp/hauberk-transcript-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TranscriptError.system("mkdtemp", errno) }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try require("mkdir bin home && ln -s '\(Self.program)' bin/hauberk")
    }

    func remove() { _ = try? Self.spawn("rm -rf '\(path)'", in: "/", environment: [], output: "/dev/null") }

    /// Runs a command line of the shell in the folder, for 5 minutes at most.
    func run(_ command: String) throws -> Outcome {
        let log = "\(path)/.output"
        let environment = [
            "PATH=\(path)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=\(path)/home",
            "USER=alice", "LC_ALL=C", "REPOSITORY=\(Self.repository)",
        ]
        let status = try Self.spawn(command, in: path, environment: environment, output: log)
        return Outcome(status: status, output: try Self.text(of: log))
    }

    /// Runs a command that is to succeed; the error holds what it printed.
    @discardableResult
    func require(_ command: String) throws -> String {
        let outcome = try run(command)
        guard outcome.status == 0 else { throw TranscriptError.failed(command, outcome.status, outcome.output) }
        return outcome.output
    }

    /// The program as built beside the tests.
    private static var program: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/hauberk"
    }

    /// The folder that holds `Sources`.
    static let repository = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    /// A file of the repository.
    static func text(ofRepository path: String) throws -> String { try text(of: "\(repository)/\(path)") }

    /// The names in a folder of the repository, sorted.
    static func names(inRepository path: String) -> [String] {
        guard let folder = opendir("\(repository)/\(path)") else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func text(of path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw TranscriptError.system("read \(path)", errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func spawn(
        _ command: String, in folder: String, environment: [String], output: String
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var process: pid_t = 0
        let script = "cd '\(folder)' || exit 126\n\(command)"
        let line: [String] = ["/usr/bin/timeout", "--kill-after=10", "300", "/bin/sh", "-c", script]
        let words = line.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let error = posix_spawn(&process, "/usr/bin/timeout", &actions, nil, words, variables)
        guard error == 0 else { throw TranscriptError.system("start \(command)", error) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1 {
            if errno != EINTR { throw TranscriptError.system("wait for \(command)", errno) }
        }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}

enum TranscriptError: Error, CustomStringConvertible {
    case system(String, Int32)
    case failed(String, Int32, String)

    var description: String {
        switch self {
        case .system(let what, let number): return "cannot \(what): \(String(cString: strerror(number)))"
        case .failed(let command, let status, let output): return "\(command): exit \(status)\n\(output)"
        }
    }
}
