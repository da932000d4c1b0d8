import Addresses
package import HostPlans

/// The script at ``FirewallPaths/script(_:)``: the same in all back ends but for what each word does.
///
/// The lines of a word run under `set -eu` as the body of a function, with `$folder` for the absolute folder of the
/// script; they are indented, so that here-documents do not work. POSIX sh alone: Debian's is dash.
package struct FirewallScript: Sendable {
    /// A program that the script cannot do without, and the Debian package that has it.
    package struct Tool: Sendable {
        package let command: String
        package let package: String

        package init(_ command: String, from package: String) {
            self.command = command
            self.package = package
        }
    }

    /// The dialect, for the comment at the head.
    package var dialect: String
    package var tools: [Tool]
    /// Assignments and functions that the words share; may be empty.
    package var shared: String
    /// Replaces whatever of ours is loaded, and what decides about packets in one step; again is no change.
    package var load: String
    /// Takes away all of ours and nothing else; no error when there is nothing.
    package var remove: String
    /// Fails when the files beside the script would not load; changes nothing.
    package var check: String
    /// Prints what was counted since the last load; fails when nothing is loaded.
    package var report: String

    package init(
        _ dialect: String, needing tools: [Tool], shared: String = "", load: String, remove: String, check: String,
        report: String
    ) {
        self.dialect = dialect
        self.tools = tools
        self.shared = shared
        self.load = load
        self.remove = remove
        self.check = check
        self.report = report
    }

    /// The file for a policy's host.
    package func artifact(for policy: FirewallPolicy) -> Artifact {
        var text = SecretText()
        text.append(head(policy))
        text.append(Self.start)
        if !shared.isEmpty { text.append(shared.terminated + "\n") }
        for (word, body) in [("load", load), ("remove", remove), ("check", check), ("report", report)] {
            text.append("\(word)() {\n\(body.indented)}\n\n")
        }
        text.append(tools.map { "need \($0.command) \($0.package)\n" }.joined())
        text.append(Self.lock)
        text.append("\"$1\" 9<&-\n")
        return Artifact(
            path: FirewallPaths.script(policy.interface), mode: 0o755, check: "sh -n {{file}}", pieces: [.text(text)])
    }

    private func head(_ policy: FirewallPolicy) -> String {
        """
        #!/bin/sh
        # Hauberk: the firewall of peer \(policy.peer) in mesh \(policy.mesh), interface \(policy.interface), \
        for \(dialect).
        # Rendered: what is changed here is lost with the next render.
        #   load    the rules, in one step; again is no change
        #   remove  all that load has brought, and nothing else
        #   check   whether the files are good; changes nothing
        #   report  what was counted since the last load

        """
    }

    /// Several interfaces come up at the same moment when a host boots, and read what they change. The file of the network
    /// namespace is there in every one, and its lock ends with the process. flock(1) is in util-linux, which every
    /// Debian has.
    private static let lock = """

        # One at a time in this network: a second load waits for the first.
        case $1 in
        load | remove)
            if [ -r /proc/self/ns/net ] && command -v flock >/dev/null; then exec 9</proc/self/ns/net && flock 9; fi
            ;;
        esac

        """

    /// Exit codes as the program's own: 64 usage, 78 a tool is missing.
    private static let start = """
        set -eu
        PATH=${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin

        case $#,${1-} in
        1,load | 1,remove | 1,check | 1,report) ;;
        *)
            echo "usage: $0 load|remove|check|report" >&2
            exit 64
            ;;
        esac

        case $0 in
        */*) folder=$(CDPATH='' cd -- "${0%/*}/" && pwd) ;;
        *) folder=$(pwd) ;;
        esac

        need() {
            command -v "$1" >/dev/null && return
            echo "$0: there is no $1: install the package $2" >&2
            exit 78
        }


        """
}

extension String {
    /// The same with a line feed at the end.
    var terminated: String { hasSuffix("\n") ? self : self + "\n" }

    /// The lines, each four spaces further in, the last with a line feed.
    fileprivate var indented: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
    }
}
