/// Mistakes in `mesh.lock`.
extension DiagnosticID {
    package static let lockFile: [DiagnosticID] = [
        .lockNotOurs, .lockNewer, .lockUnknownLine, .lockMalformedLine, .lockInvalidField,
        .lockDuplicateName, .lockDuplicateAddress, .lockDuplicateKey, .lockTruncated, .lockOrder,
    ]

    package static let lockNotOurs = DiagnosticID(
        "lock-not-ours",
        """
        The first line of `mesh.lock` is not `hauberk-lock 1`. The file is empty, damaged, or no lock file. It holds
        which address and which key each peer has: restore it from Git rather than deleting it, else every host
        may get another address.
        """)

    package static let lockNewer = DiagnosticID(
        "lock-newer",
        """
        `mesh.lock` was written by a newer hauberk, in a format that this version does not know. Reading it by
        guess could hand out an address twice. Upgrade hauberk on this machine.
        """)

    package static let lockUnknownLine = DiagnosticID(
        "lock-unknown-line",
        """
        A line of `mesh.lock` begins with a word that this version does not know. The kinds of line are `mesh`,
        `preshared`, `group`, `peer` and `gone`. The file is the program's own: restore the line from Git.
        """)

    package static let lockMalformedLine = DiagnosticID(
        "lock-malformed-line",
        """
        A line of `mesh.lock` has fields missing, too many, or in the wrong order. Fields are separated by exactly
        one space, and nothing follows the last. Restore the line from Git.
        """)

    package static let lockInvalidField = DiagnosticID(
        "lock-invalid-field",
        """
        A field of `mesh.lock` is not what its place takes: an address, a prefix without host bits, a public key
        of 44 base64 characters, an epoch (a whole number from 1), or a time like 2026-11-21T05:00:00Z. Restore the
        line from Git.
        """)

    package static let lockDuplicateName = DiagnosticID(
        "lock-duplicate-name",
        """
        `mesh.lock` has two lines for one name. After a merge, two people may have added the same peer or group:
        delete one of the lines; the host that had its address or key must then be rendered again.
        """)

    package static let lockDuplicateAddress = DiagnosticID(
        "lock-duplicate-address",
        """
        Two peers of `mesh.lock` have the same address. After a merge, two people may have added different peers
        that were allocated the same free address. Delete the address field of the newer peer's line, or the whole
        line, and run `hauberk check`: the peer then gets another address.
        """)

    package static let lockDuplicateKey = DiagnosticID(
        "lock-duplicate-key",
        """
        Two peers of `mesh.lock` have the same public key. WireGuard tells peers apart by it alone. Rotate the key
        of one of them.
        """)

    package static let lockTruncated = DiagnosticID(
        "lock-truncated",
        """
        The last line of `mesh.lock` breaks off. The disk may have been full, or the file was copied while it was
        written. Restore the file from Git.
        """)

    package static let lockOrder = DiagnosticID(
        "lock-order",
        """
        The `mesh` or `preshared` line of `mesh.lock` is missing, or stands twice. Both belong to every lock file.
        Restore the file from Git.
        """)
}
