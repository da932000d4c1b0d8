/// Mistakes in what a command was asked for.
extension DiagnosticID {
    package static let commands: [DiagnosticID] = [
        .unknownCommand, .meshOption, .peerExists, .unknownID, .fileExists, .operatorKey, .outputLost,
    ]

    package static let unknownCommand = DiagnosticID(
        "unknown-command",
        """
        The first word after `hauberk`, or after `hauberk operator`, is the command, and there is none of that name.
        Nothing was done. `hauberk help` lists the commands.
        """)

    package static let meshOption = DiagnosticID(
        "mesh-option",
        """
        `--mesh DIR` was given in a way that nothing can be done with: without the folder, without a command, or to
        `init`, which takes the folder of the new mesh as its argument. Nothing was done.
        """)

    package static let peerExists = DiagnosticID(
        "peer-exists",
        """
        `add` or `rename` was given the name of a peer that the mesh has already. Nothing was changed. `hauberk set`
        changes a peer; `hauberk list` shows them all.
        """)

    package static let unknownID = DiagnosticID(
        "unknown-id",
        """
        `hauberk explain` was asked for an id that no finding has. The id stands in square brackets at the end of a
        finding; `hauberk explain` alone lists all.
        """)

    package static let fileExists = DiagnosticID(
        "file-exists",
        """
        A file of that name is there already, and a command that writes a new file never writes over another. Name
        another file, or remove the old one.
        """)

    package static let operatorKey = DiagnosticID(
        "operator-key",
        """
        The text is not what `hauberk operator key` prints: `hauberk-operator:` and 86 characters. Copy it whole.
        It is public, so it may travel by mail or chat; make sure that it is your colleague's.
        """)

    package static let outputLost = DiagnosticID(
        "output-lost",
        """
        The command did its work, but its result could not be written to standard output: it is closed, or a file on
        a full disk. What the command has changed stays changed; ask again with `list`, `show` or `check`.
        """)
}
