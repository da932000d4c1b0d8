internal import Glibc

/// What this process has inherited.
package enum OwnProcess {
    /// Has the ends of children be told, whatever the parent process has set (wait(2), SIGCHLD).
    package static func hearChildren() { signal(SIGCHLD, SIG_DFL) }
}
