/// Failures of the system under the program, and of its flags.
extension DiagnosticID {
    package static let operation: [DiagnosticID] =
        [
            .diskFull, .readOnlyFolder, .permissionDenied, .missingFile, .symlinkInTheWay, .inputOutputError,
            .irregularFile, .oversizedFile, .internalError, .noMesh, .severalMeshes, .meshExists, .meshLocked,
            .editedAfterCrash, .changedMeanwhile, .readableKeyring, .exposedIdentity, .foreignIdentity,
            .identityExists, .noHome, .noTerminal, .noPassphrase, .longPassphrase, .missingTool, .toolOverdue,
            .toolTooLoud, .toolFailed,
        ] + outputFolder + application + pushing

    package static let diskFull = DiagnosticID(
        "disk-full", .error,
        """
        The file system has no room left, or your quota is used up.
        The mesh is as it was: a change is written beside the files first and takes their place only when all of it
        is on the disk. Make room, then repeat the command.
        """)

    package static let readOnlyFolder = DiagnosticID(
        "read-only-folder", .error,
        """
        The file system is mounted read-only, so nothing can be changed there.
        Commands that only read work on it. Mount it writable, or copy the mesh folder to a place that is.
        """)

    package static let permissionDenied = DiagnosticID(
        "permission-denied", .error,
        """
        The system does not let you read or write this file or its folder.
        To replace a file hauberk needs the right to write to its folder. Look at the owner and mode with `ls -ld`,
        and run the command as the user to whom the mesh belongs.
        """)

    package static let missingFile = DiagnosticID(
        "missing-file", .error,
        """
        A file or folder that the command needs is not there.
        Look for a mistyped path; relative paths start at the current folder.
        """)

    package static let symlinkInTheWay = DiagnosticID(
        "symlink-in-the-way", .error,
        """
        A symbolic link stands where hauberk expects a file or folder of its own.
        It is never followed: a link in an output or mesh folder could lead secret keys to a place where others read
        them, or make the command overwrite a file elsewhere. Put the real file or folder in its place.
        """)

    package static let inputOutputError = DiagnosticID(
        "input-output-error", .error,
        """
        The system refused an operation on a file for a reason of its own; the message gives the reason.
        The mesh is either as it was or entirely changed, never in between. An input/output error (EIO) often means
        that the disk is failing: look at the kernel's log with `dmesg`.
        """)

    package static let irregularFile = DiagnosticID(
        "irregular-file", .error,
        """
        A folder, device, socket or named pipe has the name of a file that hauberk reads.
        Put a regular file there, for example from your version control.
        """)

    package static let oversizedFile = DiagnosticID(
        "oversized-file", .error,
        """
        A file is far larger than any mesh makes it, so it is not read.
        A mesh of 10,000 peers takes a few megabytes. Something else was probably written to the file; restore it.
        """)

    package static let internalError = DiagnosticID(
        "internal-error", .error,
        """
        Hauberk met a state that its own code should make impossible, and stopped before writing anything.
        This is a bug of hauberk: please report it with the command and the message.
        """)

    package static let noMesh = DiagnosticID(
        "no-mesh", .error,
        """
        The command needs a mesh and found none.
        A mesh is a folder with mesh.yaml, mesh.lock and mesh.keys. It is taken from `--mesh DIR`, else $HAUBERK_MESH,
        else the current folder, else the only one below Mesh/. `hauberk init DIR --name NAME` creates one.
        """)

    package static let severalMeshes = DiagnosticID(
        "several-meshes", .error,
        """
        There is more than one mesh below Mesh/, and nothing says which one is meant.
        Name it with `--mesh DIR`, set $HAUBERK_MESH, or change to its folder.
        """)

    package static let meshExists = DiagnosticID(
        "mesh-exists", .error,
        """
        The folder for the new mesh holds a file of a mesh already, which is never overwritten.
        Choose another folder, or change the mesh that is there.
        """)

    package static let meshLocked = DiagnosticID(
        "mesh-locked", .error,
        """
        Another command is changing this mesh; the message says which one, whose, and on which machine.
        Two writers at once would lose one of the changes, so the second one waits for a while and then gives up with
        exit status 75. The lock ends with the process that holds it, so there is never one to remove by hand.
        """)

    package static let editedAfterCrash = DiagnosticID(
        "edited-after-crash", .error,
        """
        A command was interrupted (killed, power cut) after its change counted but before the file was in its place,
        and the old file was edited since. To finish the change would lose the edit; to drop it would lose the change.
        Save your version elsewhere and remove the file: the next command puts the changed file there. Then make your
        edit in that one.
        """)

    package static let changedMeanwhile = DiagnosticID(
        "changed-meanwhile", .error,
        """
        Somebody saved the file, for example in an editor, while the command was at work on an older version.
        Nothing was written, so that the edit is not lost. Repeat the command: it then starts from the new version.
        """)

    package static let readableKeyring = DiagnosticID(
        "readable-keyring", .warning,
        """
        Other users of this machine may read mesh.keys.
        Its secrets are sealed, so that nobody can use them without an operator's identity; but there is no need to
        show it to anybody. `chmod 600 mesh.keys` ends it. Git does not keep this mode: each clone needs it once.
        """)

    package static let exposedIdentity = DiagnosticID(
        "exposed-identity", .error,
        """
        The identity file opens every private key of the meshes that you operate, and others may read it.
        It must have mode 0600: `chmod 600 FILE`. If others may have read it, make a new identity and remove the old
        one from the meshes' keyrings.
        """)

    package static let foreignIdentity = DiagnosticID(
        "foreign-identity", .error,
        """
        The identity file belongs to another user, who could exchange it under your hands.
        Use an identity of your own; with sudo, name it: `--identity FILE` must then belong to root.
        """)

    package static let identityExists = DiagnosticID(
        "identity-exists", .error,
        """
        There is an identity by that name, and it is never overwritten: without it, keyrings that are sealed to it
        alone could not be opened any more. Use it, or give the new one another name.
        """)

    package static let noHome = DiagnosticID(
        "no-home", .error,
        """
        Neither $XDG_CONFIG_HOME nor $HOME is set, so there is no place for your identity.
        Services often run like that: name the file with `--identity FILE` or $HAUBERK_IDENTITY.
        """)

    package static let noTerminal = DiagnosticID(
        "no-terminal", .error,
        """
        A passphrase is only read from a terminal (/dev/tty), never from a pipe, an argument or a variable, where
        others could see it; and the command has no terminal. For jobs without one, `--passphrase-file FILE` names a
        file that holds it and that only they can read.
        """)

    package static let noPassphrase = DiagnosticID(
        "no-passphrase", .error,
        """
        The passphrase was not typed: the input ended or the question was interrupted.
        Nothing was changed; repeat the command.
        """)

    package static let longPassphrase = DiagnosticID(
        "long-passphrase", .error,
        """
        The passphrase is longer than the memory kept for it.
        Choose a shorter one; six random words are strong.
        """)

    package static let missingTool = DiagnosticID(
        "missing-tool", .error,
        """
        The command needs another program that is not installed or not in $PATH.
        The hint names the package of Debian and Ubuntu that brings it. Tools of the administrator are often in /sbin
        and /usr/sbin: they must be in $PATH.
        """)

    package static let toolOverdue = DiagnosticID(
        "tool-overdue", .error,
        """
        A program that hauberk started did not end in time and was ended (SIGTERM, then SIGKILL).
        Run it by hand to see what it waits for: a name server or a host that does not answer is the usual cause.
        """)

    package static let toolTooLoud = DiagnosticID(
        "tool-too-loud", .error,
        """
        A program that hauberk started wrote far more than it ever should, and was ended.
        Look whether the program in $PATH is the one that its name says.
        """)

    package static let toolFailed = DiagnosticID(
        "tool-failed", .error,
        """
        A program that hauberk needs could not be started, or failed; the message gives the reason.
        Run it by hand with the same arguments to see more.
        """)
}
