/// The command lines that `push` has a host run.
///
/// Nothing in them is secret: every user of the host may read them. They run as root, by sudo(8) where the login is
/// somebody else's, and change nothing but a private folder in /run and what `apply` does.
package struct HostScript: Sendable {
    /// How a script ends besides the exit status of `apply`.
    package enum Ending: Int32, Sendable {
        /// The host's half is not there.
        case lacking = 101
        /// The host's half does not run there.
        case foreign = 103
        /// Not all has arrived.
        case cut = 104
    }

    /// The line on standard output that says that the script runs, whatever a login shell has said before it.
    package static let marker = "hauberk-push 1"

    /// How `apply` says on standard error that it waits: only then may it be confirmed.
    package static let waiting = "applied; confirm it within "

    private let half: any HostHalf

    package init(_ half: any HostHalf) { self.half = half }

    /// Applies the tree that stands in a ``TarArchive`` on standard input, in the folder `tree`.
    ///
    /// - Parameter carriesHalf: whether the host's half stands in it, too.
    package func deliver(confirmWithin seconds: Int, carriesHalf: Bool) -> String {
        apply("--confirm-within \(seconds)", carriesHalf)
    }

    /// Has `apply` say what it would do with the tree; nothing stays there but the host's half.
    package func plan(carriesHalf: Bool) -> String { apply("--dry-run", carriesHalf) }

    private func apply(_ words: String, _ carriesHalf: Bool) -> String {
        Self.asRoot(
            Self.opening + (carriesHalf ? [] : [half.search]) + Self.unpacking
                + (carriesHalf ? [half.installation] : [])
                + ["\"$half\" apply \"$d/tree\" \(words) --json </dev/null"])
    }

    package var confirm: String { answer("--confirm") }
    package var status: String { answer("--status") }

    private func answer(_ word: String) -> String {
        Self.asRoot(Self.opening + [half.search, "\"$half\" apply \(word) --json </dev/null"])
    }

    private static let opening = [
        "set -eu", "umask 077", "PATH=\"$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"",
        "export PATH", "echo \"\(marker)\"",
    ]

    /// Into a new private folder in memory. Folders of processes that were killed go; that of this one goes when it ends,
    /// which it does at the latest when the time to confirm is over.
    private static let unpacking = [
        "for old in /run/hauberk-push.*; do if [ -d \"$old\" ]; then "
            + "kill -0 \"${old##*.}\" 2>/dev/null || rm -rf \"$old\"; fi; done",
        "d=/run/hauberk-push.$$", "mkdir \"$d\"", "trap \"rm -rf $d\" EXIT", "trap \"exit 129\" HUP INT TERM PIPE",
        "tar -x -p -o -m -f - -C \"$d\" || exit \(Ending.cut.rawValue)",
        "[ -e \"$d/\(TarArchive.end)\" ] || exit \(Ending.cut.rawValue)",
    ]

    private static func asRoot(_ lines: [String]) -> String {
        "exec sh -c 'if [ \"$(id -u)\" = 0 ]; then exec \"$@\"; fi; exec sudo -n -- \"$@\"' hauberk sh -c '"
            + lines.joined(separator: "; ") + "' hauberk"
    }

    /// What was said after the marker; nil when the script has not begun.
    package static func answer(in output: String) -> String? {
        var lines = output.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard let index = lines.firstIndex(where: { $0 == marker }) else { return nil }
        lines = lines[(index + 1)...]
        return lines.joined(separator: "\n")
    }
}
