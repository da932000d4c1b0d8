/// Failures of writing rendered files to the output folder.
extension DiagnosticID {
    package static let outputFolder: [DiagnosticID] = [
        .foreignOutput, .unsafeOutputPath, .outputClash, .outputLocked, .damagedManifest,
    ]

    package static let foreignOutput = DiagnosticID(
        "foreign-output", .error,
        """
        A file or folder that hauberk did not write has the name of a file that it wants to write.
        Only files that an earlier render wrote (they are listed in .hauberk-NAME in the output folder) are replaced or
        removed; everything else there is somebody's. Move it away, or render to another folder.
        """)

    package static let unsafeOutputPath = DiagnosticID(
        "unsafe-output-path", .error,
        """
        The path of a rendered file would lead out of the output folder, or holds characters that are not printable
        ASCII. Paths come from the target's templates and the names of peers: use relative ones without "." and ".."
        components and without names that start with ".hauberk-".
        """)

    package static let outputClash = DiagnosticID(
        "output-clash", .error,
        """
        Two rendered files have the same path, or one's path is a folder of the other's.
        One of them would overwrite the other. Render one target at a time, or change the path in a template.
        """)

    package static let outputLocked = DiagnosticID(
        "output-locked", .error,
        """
        Another command is writing to the same output folder.
        Wait for it to end; the lock ends with its process, so there is never one to remove by hand.
        """)

    package static let damagedManifest = DiagnosticID(
        "damaged-manifest", .error,
        """
        The list of rendered files in the output folder is cut or was edited, so it does not say which files are ours.
        Remove it and render again: files that are as they should be are recognised by their bytes; those that are not
        are reported as foreign, and you decide. An empty output folder always works.
        """)
}
