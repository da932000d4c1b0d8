/// Mistakes in `mesh.keys`, in an operator's identity file, and in keys as text.
extension DiagnosticID {
    package static let keyring: [DiagnosticID] = [
        .mergeConflict, .keyringEmpty, .keyringVersion, .keyringSyntax, .keyringTruncated, .keyringKind, .keyringBase64,
        .keyringDuplicate, .keyringMesh, .keyringDamaged, .keyringForged, .keyringMissing, .keyringStray,
        .notOperator, .operatorName, .operatorExists, .operatorUnknown, .operatorLast, .identitySyntax,
        .identityVersion, .identityMismatch, .identityPassphrase, .identityCost,
    ]

    package static let mergeConflict = DiagnosticID(
        "merge-conflict",
        """
        Git left a conflict in the file: lines between `<<<<<<<` and `>>>>>>>` have two versions. In `mesh.lock` and
        `mesh.keys` each peer has lines of its own, so that mostly both sides can stay: delete the marker lines, keep
        one line for each peer and epoch, and run `hauberk check`. Nothing is read or written until then.
        """)

    package static let keyringEmpty = DiagnosticID(
        "keyring-empty",
        """
        `mesh.keys` is empty, or has no operator, so that nobody could open it. A write of another program may have
        been cut short, or a copy failed. Hauberk itself replaces the file in one step. Take the last good version
        from Git or from a backup.
        """)

    package static let keyringVersion = DiagnosticID(
        "keyring-version",
        """
        `mesh.keys` was written by a newer Hauberk, in a form that this one does not know. Reading it half would lose
        keys, so that it is not read at all. Upgrade this program; all of a team should have the same version.
        """)

    package static let keyringSyntax = DiagnosticID(
        "keyring-syntax",
        """
        A line of `mesh.keys` has the wrong shape. The file is written by the program alone: `hauberk-keyring 1`,
        `mesh ID`, then lines `operator NAME KEY SEALED MAC`, `secret preshared EPOCH SEALED` and
        `key PEER EPOCH SEALED`, with single spaces, each ended by a line feed. An editor, a conversion of line ends
        (`autocrlf`) or a bad merge changed it: take the line from Git.
        """)

    package static let keyringTruncated = DiagnosticID(
        "keyring-truncated",
        """
        The last line of the file has no line feed: the file was cut short, and keys may be missing. Take the last
        good version from Git or from a backup.
        """)

    package static let keyringKind = DiagnosticID(
        "keyring-kind",
        """
        A line of `mesh.keys` begins with a word that this version does not know. It knows `operator`, `secret`
        (of which there is `preshared` alone) and `key`. The file may come from a newer Hauberk, or be damaged.
        """)

    package static let keyringBase64 = DiagnosticID(
        "keyring-base64",
        """
        A sealed value in `mesh.keys` is not the base64 of the right number of bytes: characters were lost, added or
        changed. What it held cannot be recovered from it; take the line from Git.
        """)

    package static let keyringDuplicate = DiagnosticID(
        "keyring-duplicate",
        """
        `mesh.keys` has two lines for the same operator, or for the same peer and epoch: mostly two branches made a
        key for one peer each, and both lines were kept. Only one belongs to the public key in `mesh.lock`: delete the
        other. If it was the wrong one, the next command says that the key does not open.
        """)

    package static let keyringMesh = DiagnosticID(
        "keyring-mesh",
        """
        `mesh.keys` and `mesh.lock` carry different mesh identities: one of them was copied from another mesh. The keys
        are bound to their mesh and would not open. Put the right file back.
        """)

    package static let keyringDamaged = DiagnosticID(
        "keyring-damaged",
        """
        A sealed value does not open: it was changed, or it was sealed for another peer, epoch, public key or mesh. A
        line copied or renamed by hand does that, and so does a public key that was changed in `mesh.lock`. Take both
        lines from the same commit; where that is lost, remove the peer and add it again, with a new key.
        """)

    package static let keyringForged = DiagnosticID(
        "keyring-forged",
        """
        An `operator` line was not written by somebody who could open the keyring. Were it trusted, the next change of
        operators would seal every key to a stranger. Find out from Git who added it; remove the line, and add the
        operator with `hauberk operator add` if it is right.
        """)

    package static let keyringMissing = DiagnosticID(
        "keyring-missing",
        """
        The lock file says that the keyring holds a private key or a preshared secret, and it does not: the two files
        are from different commits, or a line was lost. Take both from the same commit; where a private key is lost
        for good, remove the peer and add it again, with a new key.
        """)

    package static let keyringStray = DiagnosticID(
        "keyring-stray",
        """
        The keyring holds a private key of a peer and epoch that `mesh.lock` does not know, so that its public key is
        unknown and the entry can be neither opened nor sealed anew. Delete the line, or take the `mesh.lock` that
        belongs to it.
        """)

    package static let notOperator = DiagnosticID(
        "not-operator",
        """
        The keyring is not sealed to this identity. Ask one of its operators to run `hauberk operator add` with your
        public key (`hauberk operator key` prints it), or name another identity with `--identity`.
        """)

    package static let operatorName = DiagnosticID(
        "operator-name",
        """
        An operator's name has 1 to 64 characters: small letters, digits and `. _ @ -`, and begins with a letter or a
        digit, for example `alice` or `ci@example.org`.
        """)

    package static let operatorExists = DiagnosticID(
        "operator-exists",
        """
        The keyring already has an operator of this name or with this key. Each name and each key stands for one
        identity. Remove the old one first if a colleague has made a new identity.
        """)

    package static let operatorUnknown = DiagnosticID(
        "operator-unknown",
        """
        The keyring has no operator of this name. `hauberk operator list` shows them.
        """)

    package static let operatorLast = DiagnosticID(
        "operator-last",
        """
        The last operator cannot be removed: nobody could ever open the keyring again. Add the successor first.
        """)

    package static let identitySyntax = DiagnosticID(
        "identity-syntax",
        """
        The identity file has the wrong shape. It is written by the program alone: `hauberk-identity 1`,
        `operator KEY`, then either `seed …` or `passphrase argon2id …` and `sealed …`, each line ended by a line feed.
        Take the file from a backup; without one, make a new identity and have a colleague add it.
        """)

    package static let identityVersion = DiagnosticID(
        "identity-version",
        """
        The identity file was written by a newer Hauberk, in a form that this one does not know. Upgrade this program.
        """)

    package static let identityMismatch = DiagnosticID(
        "identity-mismatch",
        """
        The public key in the identity file does not belong to its secret: one of the two lines was changed. Take the
        file from a backup.
        """)

    package static let identityPassphrase = DiagnosticID(
        "identity-passphrase",
        """
        The identity is protected by a passphrase, and none was given, it is empty, or it is not the right one. A
        changed file looks the same as a wrong passphrase. A forgotten passphrase cannot be recovered: make a new
        identity, and have a colleague add it.
        """)

    package static let identityCost = DiagnosticID(
        "identity-cost",
        """
        The identity file asks for more work or memory than any honest one (8 passes, 1 GiB), or this machine has not
        the memory that it asks for. A file from a stranger could do that on purpose.
        """)
}
