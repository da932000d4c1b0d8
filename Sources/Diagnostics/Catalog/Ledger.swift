/// Mistakes in the key ledger.
extension DiagnosticID {
    package static let ledger: [DiagnosticID] = [
        .ledgerSyntax, .ledgerVersion, .ledgerMesh, .ledgerChain, .ledgerFork, .ledgerSignature, .ledgerSigner,
        .ledgerEvent, .ledgerClock, .ledgerHead, .ledgerDisagreement, .ledgerMissing,
    ]

    package static let ledgerSyntax = DiagnosticID(
        "ledger-syntax",
        """
        The ledger has the wrong shape: a field that is not what it must be, a line that is no entry or is cut short.
        Only the program writes `mesh.ledger`, and there is exactly one way to write each entry. Restore the file from
        Git; `git log -p mesh.ledger` shows who changed it.
        """)

    package static let ledgerVersion = DiagnosticID(
        "ledger-version",
        """
        The ledger was written by a newer Hauberk, in a form that this one does not know. Upgrade this program.
        """)

    package static let ledgerMesh = DiagnosticID(
        "ledger-mesh",
        """
        The ledger names another mesh than `mesh.lock`: one of the two files was copied from elsewhere. Restore both
        from one commit.
        """)

    package static let ledgerChain = DiagnosticID(
        "ledger-chain",
        """
        A line of the ledger does not follow from the line before it: its number or the digest of the former line does
        not fit. A line was changed, removed, moved or put in. Restore `mesh.ledger` from Git, and find out who changed
        it (`git log -p mesh.ledger`).
        """)

    package static let ledgerFork = DiagnosticID(
        "ledger-fork",
        """
        Two lines of the ledger follow the same line: two people appended on two branches, and a merge put both into one
        file; or a line was repeated. A chain cannot be merged by line. Take `mesh.ledger` and the `ledger` line of
        `mesh.lock` from one side (`git merge -X ours BRANCH` does that), keep the other lines of `mesh.lock` from both,
        and run `hauberk ledger reconcile`: it appends what the ledger lacks, signed by you.
        """)

    package static let ledgerSignature = DiagnosticID(
        "ledger-signature",
        """
        The signature of a line of the ledger is not that of the operator whom the line names: the line was changed
        after it was signed, or forged. Restore `mesh.ledger` from Git, and find out who changed it.
        """)

    package static let ledgerSigner = DiagnosticID(
        "ledger-signer",
        """
        A line of the ledger is signed, or would be, by somebody who is no operator at that point by the lines before
        it. An operator whom the ledger does not know yet, as after a merge, has to be added to it by another:
        `hauberk ledger reconcile`. In a line that is there already, it is a forgery or a bad merge: restore
        `mesh.ledger` from Git.
        """)

    package static let ledgerEvent = DiagnosticID(
        "ledger-event",
        """
        A line of the ledger says what cannot be after the lines before it: it ends a key that is not valid, begins one
        that is there already, or removes an operator that there is not. Hauberk writes no such line. Restore
        `mesh.ledger` from Git, and find out who wrote it.
        """)

    package static let ledgerClock = DiagnosticID(
        "ledger-clock", .warning,
        """
        A line of the ledger is older than the line before it: the clock of an operator's machine was wrong. The order
        of the ledger is that of its lines; only the time of one of the two is in doubt.
        """)

    package static let ledgerHead = DiagnosticID(
        "ledger-head",
        """
        `mesh.lock` names the last line of the ledger by its number and digest, and the ledger ends elsewhere: lines
        were cut off its end, one of the two files is from another commit, or the file or the line is missing. No
        command that changes a key goes on until that is settled. Restore both from one commit.
        """)

    package static let ledgerDisagreement = DiagnosticID(
        "ledger-disagreement", .warning,
        """
        The ledger and the rest of the mesh do not say the same: `mesh.lock` has a key that the ledger does not know as
        valid, or the keyring an operator whom it does not know, or the other way round; or the keyring has a next key of
        a rotation that `mesh.lock` has not. Somebody edited a file by hand, or two branches were merged. Look where the
        key comes from (`git log -p mesh.lock`). If `mesh.lock` is right, `hauberk ledger reconcile` adds what is
        missing, signed by you, and removes from the keyring what is too much.
        """)

    package static let ledgerMissing = DiagnosticID(
        "ledger-missing",
        """
        The mesh has no ledger yet: it was made by a version without one. The next command that changes a key begins it;
        `hauberk ledger reconcile` begins it now.
        """)
}
