/// What stands in the way of a rotation of keys.
extension DiagnosticID {
    package static let rotation: [DiagnosticID] = [
        .rotationUndeclared, .rotationRunning, .rotationIdle, .rotationWaiting, .rotationPeer,
        .rotationOverdue, .rotationConsent, .scheduleMissing,
    ]

    package static let rotationUndeclared = DiagnosticID(
        "rotation-undeclared",
        """
        Keys are rotated over a second interface on every host, and the hosts' rules and open ports have to know both
        before the first rotation. Add `rotation: {}` to `mesh.yaml`, then `hauberk render` and deliver: that alone
        changes firewalls, and nothing else. A rotation in place (`hauberk rotate --simple`) needs none of this, and
        interrupts connections.
        """)

    package static let rotationRunning = DiagnosticID(
        "rotation-running",
        """
        Only one rotation runs at a time, as a host has two interfaces and not three. `hauberk rotate status` says how
        far it is and who is waited for; `hauberk rotate advance` takes it on, `hauberk rotate abort` takes it back.
        """)

    package static let rotationIdle = DiagnosticID(
        "rotation-idle",
        """
        No rotation of keys runs, so that there is nothing to acknowledge, to advance or to abort.
        `hauberk rotate PEER…` begins one.
        """)

    package static let rotationWaiting = DiagnosticID(
        "rotation-waiting",
        """
        A rotation goes on when every host has said that it is in the present stage: a host that was passed over would
        be cut off. Deliver to those that are named, then `hauberk rotate acknowledge`. A host that cannot be reached is
        left behind with `hauberk rotate advance --absent PEER`: the others keep their former way to it. The former
        interface goes when those have come back, when the deadline has passed, or with `--drop`.
        """)

    package static let rotationPeer = DiagnosticID(
        "rotation-peer",
        """
        A peer cannot do what is asked of it in a rotation: its private key is on its host alone, so that only its own
        people can change it (`hauberk set PEER --public-key KEY`); or it is disabled; or it is an app that has one
        interface and nothing to acknowledge yet; or it cannot be left behind any more. The message says which.
        """)

    package static let rotationOverdue = DiagnosticID(
        "rotation-overdue", .warning,
        """
        A rotation runs, its deadline has passed, and keys cannot be rotated again before it ends. `hauberk rotate status`
        says who is waited for. `hauberk rotate advance` takes it on, and from the stage retiring to its end: hosts that
        were left behind are cut off then.
        """)

    package static let rotationConsent = DiagnosticID(
        "rotation-consent",
        """
        Keys that change in place interrupt connections, and this was not agreed to. Nothing was changed. Answer `yes` on
        the terminal, give `--yes` where there is none, or rotate without `--simple`, which interrupts nothing.
        """)

    package static let scheduleMissing = DiagnosticID(
        "schedule-missing",
        """
        `hauberk schedule` found nothing that could run a command every day, or could not use it: it writes timers of
        systemd, which has to be running, and files below /etc/cron.d, which need root. The message says what is in the
        way. Any other timer will do: let it run `hauberk --mesh DIR rotate --due`.
        """)
}
