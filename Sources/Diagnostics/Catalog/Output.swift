/// Mistakes in templates and in the output folder.
extension DiagnosticID {
    package static let output: [DiagnosticID] = [
        .templateSyntax, .templateName, .templateHeader, .templateMeaning, .unknownTarget, .qrTooLarge,
        .invalidConfiguration,
    ]

    package static let templateSyntax = DiagnosticID(
        "template-syntax",
        """
        A template is not well formed: a tag `{{…}}` is not closed, a section is opened and not closed or closed
        under another name, or a section stands where it cannot.
        """)

    package static let templateName = DiagnosticID(
        "template-name",
        """
        A template uses a name that does not exist, or one that has no meaning there. An unknown name never renders
        as an empty text. `hauberk templates` lists the names.
        """)

    package static let templateHeader = DiagnosticID(
        "template-header",
        """
        A template begins with a header, one `field: value` a line, and a line `---`. `path` (relative to the host's
        `/`, without `..`) is required; `mode` (octal, at most 0777), `check` and `when` are optional. A template that
        uses a secret has mode 0600.
        """)

    package static let templateMeaning = DiagnosticID(
        "template-meaning",
        """
        A template of the mesh's own renders a WireGuard configuration that is not what the mesh declares: a peer, a
        key, an address or an endpoint is missing or changed. Correct the template, or remove it to have the built-in
        one back.
        """)

    package static let unknownTarget = DiagnosticID(
        "unknown-target",
        """
        `--target` names a kind of artifact for which there is no folder of templates, built in or in the mesh's
        `templates` folder.
        """)

    package static let qrTooLarge = DiagnosticID(
        "qr-too-large",
        """
        A QR code holds at most 2,953 bytes (ISO/IEC 18004, version 40, level L), some ten peers. Let the phone peer
        with a hub only (`topology: hub`, or `links:`), or copy its file.
        """)

    package static let invalidConfiguration = DiagnosticID(
        "invalid-configuration",
        """
        A text is not a configuration that wg(8) or wg-quick(8) would read: an unknown section or setting, or a value
        that does not parse. Both tools stop at the first such line.
        """)
}
