/// What `push` finds before it begins.
extension DiagnosticID {
    static let pushing: [DiagnosticID] = [.staleRender]

    package static let staleRender = DiagnosticID(
        "stale-render", .error,
        """
        The output folder is not what the mesh says now, so that a push of it would bring hosts to a former state.
        `hauberk plan --out DIR` says what differs, and `hauberk render --out DIR` writes it. To push what stands there
        all the same, say `--as-rendered`. No host was asked.
        """)
}
