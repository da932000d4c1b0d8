/// Mistakes in the lists of sockets that `audit` reads.
extension DiagnosticID {
    package static let sockets: [DiagnosticID] = [.unknownSocketLine, .cutSocketAddress, .emptySocketList]

    package static let unknownSocketLine = DiagnosticID(
        "unknown-socket-line",
        """
        `hauberk audit` reads what `ss -plunt` and `netstat -plunt` print, in the C locale, and this line is not of
        theirs. It is not skipped: it could be a socket that nobody then looks at. Run the command again and give its
        output as it is; `-H`, another order of the options, and a missing `-p` are fine.
        """)

    package static let cutSocketAddress = DiagnosticID(
        "cut-socket-address",
        """
        netstat gives an address and its port 23 characters and cuts longer IPv6 addresses without a sign, so that
        this may be another address than the one that the socket has. `ss -plunt` cuts nothing.
        """)

    package static let emptySocketList = DiagnosticID(
        "empty-socket-list",
        """
        The input for `hauberk audit` is empty. On a host where nothing listens the titles would still be there, so
        that an empty input is most likely a command that failed: a host that was not reached, say. `ss -H` prints no
        titles; leave the H out for a host on which nothing may listen.
        """)
}
