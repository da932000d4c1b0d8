/// How the host's half comes to be on a host: a program that takes the words of `hauberk apply`.
///
/// Its parts are POSIX shell on one line, without a single quote, a backslash or an exclamation mark, so that every
/// login shell hands them on as they are.
package protocol HostHalf: Sendable {
    /// What people call it.
    var name: String { get }
    /// Sets `half` to its path, or ends with ``HostScript/Ending/lacking`` or ``HostScript/Ending/foreign``.
    var search: String { get }
    /// What is sent along to a host that lacks it; nil when nothing can be.
    var cargo: HostFile? { get }
    /// Brings the cargo from the folder `$d` to where the search finds it, and sets `half`.
    var installation: String { get }
}

/// The program that somebody has installed on the host, if it is of this version.
package struct InstalledHalf: HostHalf {
    private let version: String

    package init(version: String) { self.version = version }

    package var name: String { "the installed hauberk" }
    package var search: String {
        let lacking = HostScript.Ending.lacking.rawValue
        return "half=$(command -v hauberk) || exit \(lacking); "
            + "[ \"$(\"$half\" --version 2>/dev/null)\" = \(version) ] || exit \(lacking)"
    }
    package var cargo: HostFile? { nil }
    package var installation: String { search }
}

/// A program that `push` brings: one that needs no library that a bare host lacks, or a script.
///
/// It stays on the host by its digest, which is checked each time before it runs. Where it did not run it leaves a mark, so
/// that it is not carried there again for a day.
package struct CarriedHalf: HostHalf {
    package let name: String
    package let cargo: HostFile?
    /// SHA-256, in hexadecimal: sha256sum(1) is on every host.
    private let digest: String
    /// As uname(1) says it; nil for what runs everywhere.
    private let machine: String?

    private static let folder = "/var/lib/hauberk/half"

    /// - Parameter digest: SHA-256 of the bytes, 64 hexadecimal digits.
    package init(name: String, bytes: [UInt8], digest: String, machine: String? = nil) {
        self.name = name
        self.digest = digest
        self.machine = machine
        cargo = HostFile(path: "half", mode: 0o700, bytes: bytes)
    }

    private var place: String { "half=\(Self.folder)/\(digest)" }

    private func isWhole(_ file: String) -> String { "echo \"\(digest)  \(file)\" | sha256sum -c - >/dev/null 2>&1" }

    package var search: String {
        let foreign = "exit \(HostScript.Ending.foreign.rawValue)"
        let isOther = machine.map { "[ \"$(uname -m)\" = \($0) ] || \(foreign); " } ?? ""
        return "\(isOther)\(place); [ -z \"$(find \"$half.foreign\" -mtime -1 2>/dev/null)\" ] || \(foreign); "
            + "{ [ -x \"$half\" ] && \(isWhole("$half")); } || exit \(HostScript.Ending.lacking.rawValue)"
    }

    package var installation: String {
        [
            place,
            "\(isWhole("$d/half")) || exit \(HostScript.Ending.cut.rawValue)",
            "mkdir -p \(Self.folder)", "chmod 700 \(Self.folder)",
            "find \(Self.folder) -type f -mtime +30 -exec rm -f {} +",
            "cp \"$d/half\" \"$half.$$\"", "chmod 700 \"$half.$$\"", "rm \"$d/half\"",
            "\"$half.$$\" --version >/dev/null 2>&1 || "
                + "{ rm -f \"$half.$$\"; : >\"$half.foreign\"; exit \(HostScript.Ending.foreign.rawValue); }",
            "mv -f \"$half.$$\" \"$half\"",
        ].joined(separator: "; ")
    }
}
