/// A host as ssh(1) is to reach it.
///
/// What is nil here is the business of ssh_config(5): user, port, keys, jump hosts, known hosts. Nothing here weakens
/// the check of host keys, and no password is ever asked for.
package struct SSHTarget: Hashable, Sendable {
    /// The name by which ssh_config(5) knows the host: the peer's.
    package let name: String
    /// The address or name to connect to in the place of the one that ssh_config(5) gives; nil for that one.
    package var address: String?
    package var user: String?
    /// An ssh_config(5) file in the place of the user's own.
    package var configuration: String?

    package init(name: String, address: String? = nil, user: String? = nil, configuration: String? = nil) {
        self.name = name
        self.address = address
        self.user = user
        self.configuration = configuration
    }

    /// How a session comes about.
    package enum Connection: Sendable {
        /// Over a connection of the user's own that is open already, where ssh_config(5) says so.
        case shared
        /// Over a new one, so that it proves that one can be made now.
        case fresh
    }

    /// Seconds until a connection counts as impossible; less for the many that ask whether one can be made again.
    package static func connectSeconds(_ connection: Connection) -> Int { connection == .shared ? 10 : 5 }

    /// The words after `ssh` for a session that runs a command line there.
    package func arguments(_ connection: Connection, command: String) -> [String] {
        var words = asked + ["-T"]
        let settings =
            [
                "BatchMode=yes", "ConnectTimeout=\(Self.connectSeconds(connection))", "ServerAliveInterval=5",
                "ServerAliveCountMax=3", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
                "PermitLocalCommand=no", "RemoteCommand=none",
            ] + (connection == .fresh ? ["ControlMaster=no", "ControlPath=none"] : [])
        for setting in settings { words += ["-o", setting] }
        return words + ["--", name, command]
    }

    /// The words after `ssh` that have it print what it would do.
    package var question: [String] { asked + ["-G", "--", name] }

    private var asked: [String] {
        (configuration.map { ["-F", $0] } ?? []) + (user.map { ["-l", $0] } ?? [])
            + (address.map { ["-o", "HostName=\($0)"] } ?? [])
    }

    /// The host's name in what `ssh -G` prints; nil when that is no other than was asked for, so that nobody has said
    /// where the host is.
    package static func configuredHost(in text: String, for name: String) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == "hostname" else { continue }
            return words[1].lowercased() == name.lowercased() ? nil : String(words[1])
        }
        return nil
    }
}
