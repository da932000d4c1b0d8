/// Failures of the lab: what it needs from the machine, and what stopped it.
extension DiagnosticID {
    package static let lab: [DiagnosticID] = [
        labBroken, labNoTunnelDevice, labNoUserNamespaces, labOutsideRefused, labToolMissing, labTreeUnreadable,
    ]

    package static let labToolMissing = DiagnosticID(
        "lab-tool-missing",
        """
        A program that the lab runs is not installed.
        The lab brings every host up with the real wg-quick, wireguard-go and ip, so it needs them on this machine; nft
        only where a host stands behind a NAT router.
        Install the package that the hint names (names are those of Debian and Ubuntu) and run the command again.
        """)

    package static let labNoUserNamespaces = DiagnosticID(
        "lab-no-user-namespaces",
        """
        The kernel or a container refuses an ordinary user a network namespace.
        The lab runs the whole mesh inside namespaces of its own, so that nothing of it can reach this machine's
        network. Without user namespaces only root can make them.
        Allow them with the sysctl that the hint names, or run the same command with sudo. In a container, start it
        with the rights to make namespaces (for Docker: --privileged, or a seccomp profile that permits unshare).
        """)

    package static let labNoTunnelDevice = DiagnosticID(
        "lab-no-tunnel-device",
        """
        /dev/net/tun is missing or not open to this user.
        Without the kernel's WireGuard module the tunnels are wireguard-go's, and those need the TUN device.
        Load it with "sudo modprobe tun" and see that "ls -l /dev/net/tun" prints crw-rw-rw-, which is what systemd and
        udev set; in a container pass it in with --device /dev/net/tun.
        """)

    package static let labOutsideRefused = DiagnosticID(
        "lab-outside-refused",
        """
        The inner half of the lab was started in the machine's own network.
        It adds interfaces, routes and firewall rules, so it refuses to run where those would be this machine's.
        It is started by the program itself and never by hand: run "hauberk prove" instead.
        """)

    package static let labTreeUnreadable = DiagnosticID(
        "lab-tree-unreadable",
        """
        A host's rendered files cannot be read.
        The lab copies each host's etc folder from the rendered tree before it starts; the files with keys are 0600 and
        belong to whoever rendered them.
        Render again as the same user, or run the lab as the user who owns the files.
        """)

    package static let labBroken = DiagnosticID(
        "lab-broken",
        """
        The lab could not be built or ended before it had a result.
        The message quotes the program that failed. This says nothing about the mesh: a host that does not come up or
        does not answer is a result and is reported as one.
        Run the command again; if it fails the same way, the kernel lacks something the message names.
        """)
}
