/// What `apply` finds on a host.
extension DiagnosticID {
    static let application: [DiagnosticID] = [.refusedTree, .applyLocked, .applyFailed, .nothingApplied]

    package static let refusedTree = DiagnosticID(
        "refused-tree", .error,
        """
        The folder is not a tree that `hauberk apply` can bring a host to, and to have it all put back when it fails.
        It has to be one host's folder of what `hauberk render --out` wrote, whole, with the modes that it was written
        with. Nothing was changed on the host.
        """)

    package static let applyLocked = DiagnosticID(
        "apply-locked", .error,
        """
        Another `hauberk apply` is at work on this host, or waits for its confirmation.
        `hauberk apply --status` says which; confirm it with `hauberk apply --confirm`, end it with
        `hauberk apply --rollback`, or wait.
        """)

    package static let applyFailed = DiagnosticID(
        "apply-failed", .error,
        """
        The tree could not be applied, or was not confirmed in time: files and live state are as they were before.
        The message says what failed. Peers that had a session before must answer afterwards, too: if they do not,
        look at what the firewall does with the port of WireGuard.
        """)

    package static let nothingApplied = DiagnosticID(
        "nothing-applied", .error,
        """
        There is nothing to confirm or to put back: no `hauberk apply` waits for its confirmation on this host.
        It was confirmed already, its time ran out and it was put back, or it is still taking its steps.
        """)
}
