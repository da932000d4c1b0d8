import ArgumentParser
import Diagnostics
import Glibc
import SystemAccess

/// What runs every day for a mesh on this machine.
struct Schedule {
    /// The mesh's folder, absolute.
    let mesh: String
    let name: String
    let kind: Kind
    /// Whether it is the user's own and not the machine's.
    let isUsers: Bool
    let root: String

    enum Kind {
        case systemd, cron
    }

    /// Files of cron have no dots in their names (cron(8)).
    private var unit: String {
        let plain = name.map { $0 == "." ? "_" : $0 }
        return "hauberk-rotate-\(String(plain))"
    }

    /// How each file of this mesh begins, and no other.
    private var mark: String { "# Written by `hauberk schedule` for the mesh in \(mesh)\n" }

    private var folder: String {
        if kind == .cron { return "\(root)/etc/cron.d" }
        guard isUsers else { return "\(root)/etc/systemd/system" }
        let home = Environment.variables["HOME"] ?? "/root"
        let configuration = Environment.variables["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return "\(root)\(configuration ?? "\(home)/.config")/systemd/user"
    }

    private var paths: [String] {
        kind == .cron ? ["\(folder)/\(unit)"] : ["\(folder)/\(unit).service", "\(folder)/\(unit).timer"]
    }

    /// The files with their texts.
    func files(for job: ScheduledJob) -> [(path: String, text: String)] {
        switch kind {
        case .cron: [(paths[0], "\(mark)\(job.at.minute) \(job.at.hour) * * * \(job.user) \(job.cronCommand)\n")]
        case .systemd:
            [
                (
                    paths[0],
                    """
                    \(mark)[Unit]
                    Description=Begin the rotation of keys of the mesh \(name) that are due

                    [Service]
                    Type=oneshot
                    \(isUsers ? "" : "User=\(job.user)\n")ExecStart=\(job.systemdCommand)

                    """
                ),
                (
                    paths[1],
                    """
                    \(mark)[Unit]
                    Description=Every day: keys of the mesh \(name) that are due

                    [Timer]
                    OnCalendar=*-*-* \(job.at):00
                    Persistent=true

                    [Install]
                    WantedBy=timers.target

                    """
                ),
            ]
        }
    }

    private var control: String { isUsers ? "systemctl --user" : "systemctl" }

    /// How the files take effect.
    var starting: String {
        kind == .cron
            ? "nothing; cron sees the file by itself"
            : "`\(control) daemon-reload && \(control) enable --now \(unit).timer`"
                + (isUsers ? "; with `loginctl enable-linger` it runs also while you are not logged in" : "")
    }

    /// How they stop, once they are gone.
    var stopping: String { "`\(control) stop \(unit).timer; \(control) daemon-reload`" }

    /// The files of this mesh that are there.
    func ownFiles() throws -> [(path: String, text: String)] {
        try paths.compactMap { path in
            guard let text = try Self.text(path), text.hasPrefix(mark) else { return nil }
            return (path, text)
        }
    }

    /// Refuses to write over what is not this mesh's.
    func refuseForeign(_ path: String) throws {
        guard let text = try Self.text(path), !text.hasPrefix(mark) else { return }
        throw Failure(
            .usage, .fileExists, "there is a file \(quoted(path)) already, which is not of this mesh",
            hint: "remove it yourself if nobody needs it")
    }

    func write(_ text: String, to path: String) throws {
        try remove(path)
        _ = try TextFolder("", fileSystem: Surroundings.current.files).create(path, Array(text.utf8), mode: 0o644)
    }

    /// Removes a file; nothing happens when there is none.
    func remove(_ path: String) throws {
        guard unlink(path) != 0, errno != ENOENT else { return }
        let reason = String(cString: strerror(errno))
        throw Failure(.permission, .scheduleMissing, "\(quoted(path)) cannot be removed: \(reason)")
    }

    private static func text(_ path: String) throws -> String? {
        guard access(path, F_OK) == 0 else { return nil }
        let bytes = try TextFolder("", fileSystem: Surroundings.current.files).bytes(of: path)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nil if there is none.
    static func owner(of path: String) -> uid_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_uid : nil
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The path from `/` on, without links; of one that is not there, the path itself.
    static func absolute(_ path: String) throws -> String {
        let found = realpath(path, nil)
        defer { free(found) }
        let text = found.map { String(cString: $0) } ?? path
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw Failure(
                .usage, .scheduleMissing, "\(quoted(text)) cannot be named in a timer", hint: "rename the folder")
        }
        return text
    }
}

/// The command that runs, and when.
struct ScheduledJob {
    let at: TimeOfDay
    let user: String
    private let words: [String]

    /// It runs as whoever owns the mesh's folder: as root, say by sudo(8), for somebody else too.
    ///
    /// - Parameter isHere: whether this machine is to run it, so that its files have to be there.
    /// - Throws: `Failure`; 66 if there is no identity, 77 if it is another user's, 64 if it asks for a passphrase.
    init(_ mesh: String, identity: IdentityOptions, at: TimeOfDay, isHere: Bool) throws {
        self.at = at
        let owner = geteuid() == 0 ? Schedule.owner(of: mesh) ?? 0 : geteuid()
        let account = getpwuid(owner)
        user = account.map { String(cString: $0.pointee.pw_name) } ?? "\(owner)"
        let path: String
        if owner != geteuid(), !identity.isNamed, let home = account?.pointee.pw_dir {
            path = try IdentityFile.defaultPath(["HOME": String(cString: home)])
        } else {
            path = try identity.path()
        }
        if isHere { try Self.require(path, of: owner, named: user, identity) }
        var words = [
            try Schedule.absolute("/proc/self/exe"), "--mesh", mesh, "rotate", "--due", "--identity",
            try Schedule.absolute(path),
        ]
        if let file = identity.passphraseFile { words += ["--passphrase-file", try Schedule.absolute(file)] }
        self.words = words
    }

    private static func require(
        _ path: String, of owner: uid_t, named user: String, _ identity: IdentityOptions
    ) throws {
        guard let holder = Schedule.owner(of: path) else {
            throw Failure(
                .fileMissing, .missingFile, "there is no identity \(quoted(path))",
                hint: "name that of \(user), who owns the mesh's folder, with `--identity FILE`")
        }
        guard holder == owner else {
            throw Failure(
                .permission, .foreignIdentity,
                "the identity \(quoted(path)) is not of \(user), who owns the mesh's folder",
                hint: "name theirs with `--identity FILE`")
        }
        guard try OperatorIdentity.isProtected(path, of: owner), identity.passphraseFile == nil else { return }
        throw Failure(
            .usage, .scheduleMissing, "the identity \(quoted(path)) asks for a passphrase, and nobody will be there",
            hint: "name a file that has it with `--passphrase-file FILE`")
    }

    /// As a shell takes it; cron makes a line feed of each % (crontab(5)).
    var cronCommand: String {
        words.map { word in
            let isPlain = word.utf8.allSatisfy { Self.plain.contains($0) }
            return isPlain ? word : "'\(word.replacing("'", with: "'\\''").replacing("%", with: "\\%"))'"
        }.joined(separator: " ")
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-".utf8)

    /// As systemd.service(5) takes it.
    var systemdCommand: String {
        words.map { word in
            if word.utf8.allSatisfy({ Self.plain.contains($0) }) { return word }
            var text = "\""
            for character in word {
                switch character {
                case "\\", "\"": text += "\\\(character)"
                case "%", "$": text += "\(character)\(character)"
                default: text.append(character)
                }
            }
            return text + "\""
        }.joined(separator: " ")
    }
}

/// A time of the day, to the minute.
struct TimeOfDay: ExpressibleByArgument, CustomStringConvertible {
    let hour: Int
    let minute: Int

    /// When hardly anybody works.
    static let night = TimeOfDay(hour: 3, minute: 30)

    private init(hour: Int, minute: Int) {
        self.hour = hour
        self.minute = minute
    }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && !$0.hasPrefix("+") && !$0.hasPrefix("-") }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        self.init(hour: hour, minute: minute)
    }

    /// The time that a timer or a file of cron names; nil when it names none.
    init?(in text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("OnCalendar=*-*-* ") {
                self.init(argument: String(line.dropFirst(17).prefix(5)))
                return
            }
            let fields = line.split(separator: " ")
            if fields.count > 5, fields[2] == "*", let minute = Int(fields[0]), let hour = Int(fields[1]) {
                self.init(hour: hour, minute: minute)
                return
            }
        }
        return nil
    }

    var description: String {
        let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(two(hour)):\(two(minute))"
    }

    /// How many minutes until then, in local time: 1 to 1440. A clock that is put forward or back is not looked at.
    func minutesAhead(of seconds: Int64) -> Int {
        var (moment, local) = (time_t(seconds), tm())
        localtime_r(&moment, &local)
        let ahead = hour * 60 + minute - (Int(local.tm_hour) * 60 + Int(local.tm_min))
        return ahead > 0 ? ahead : ahead + 1440
    }
}
