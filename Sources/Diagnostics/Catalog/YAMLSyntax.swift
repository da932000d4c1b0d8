/// Mistakes of YAML itself.
extension DiagnosticID {
    package static let yamlSyntax: [DiagnosticID] =
        [
            .yamlSyntaxError, .yamlAnchor, .yamlAlias, .yamlMergeKey, .yamlTag, .yamlDocuments, .yamlDirective,
            .yamlComplexKey, .duplicateKey, .nestingTooDeep, .valueTooLong, .tabIndentation, .invalidEncoding,
            .controlCharacter, .lineSeparator, .fileTooLarge, .unsupportedEdit, .editMismatch,
        ] + peerList

    package static let yamlSyntaxError = DiagnosticID(
        "yaml-syntax",
        """
        The file is not YAML at this place: usually a bracket, quote or comma that is missing, a colon without a
        space after it, or a line indented unlike its neighbours. Nothing of the file is used until it reads as a
        whole. The mistake is at the place shown or just before it.
        """)

    package static let yamlAnchor = DiagnosticID(
        "yaml-anchor",
        """
        An anchor (`&name`) marks a value for use elsewhere. A mesh file is read by people and edited line by line:
        a value that changes far from where it is used would surprise both. Delete the anchor and write the value
        where it is needed; what many peers share belongs into a group or a site.
        """)

    package static let yamlAlias = DiagnosticID(
        "yaml-alias",
        """
        An alias (`*name`) repeats a value from elsewhere. Write the value out in full: see `yaml-anchor`.
        """)

    package static let yamlMergeKey = DiagnosticID(
        "yaml-merge-key",
        """
        A merge key (`<<`) takes fields from elsewhere, and readers of YAML disagree on which of two values wins.
        Write the fields out in full; what many peers share belongs into a group or a site.
        """)

    package static let yamlTag = DiagnosticID(
        "yaml-tag",
        """
        A tag (`!name`, `!!str`) gives a value a type. Every value of a mesh file is text whose meaning the field
        decides, so a tag could only mislead. Delete it.
        """)

    package static let yamlDocuments = DiagnosticID(
        "yaml-documents",
        """
        The file holds a second document (after `---`), or ends its document early (`...`). One file is one mesh: a
        second document would be skipped unseen. Delete the line, or give the second mesh a folder of its own.
        """)

    package static let yamlDirective = DiagnosticID(
        "yaml-directive",
        """
        A line like `%YAML 1.1` or `%TAG` changes how the file reads. A mesh file needs none. Delete the line.
        """)

    package static let yamlComplexKey = DiagnosticID(
        "yaml-complex-key",
        """
        A key is a list, a mapping, or written as `? key`. Keys here are single words followed by a colon. An
        opening brace or bracket at the wrong place often reads as such a key: put the value in quotes.
        """)

    package static let duplicateKey = DiagnosticID(
        "duplicate-key",
        """
        The same key stands twice in one mapping. Many readers of YAML silently take the last one, so that a peer
        or a setting disappears. Delete one of the two, or rename it. After a merge, both sides may have added it.
        """)

    package static let nestingTooDeep = DiagnosticID(
        "nesting-too-deep",
        """
        Values are nested more than 32 levels deep. No mesh file needs more than a handful; look for brackets that
        are never closed.
        """)

    package static let valueTooLong = DiagnosticID(
        "value-too-long",
        """
        A text is longer than 4096 bytes. No field holds as much; look for a quote that is never closed.
        """)

    package static let tabIndentation = DiagnosticID(
        "tab-indentation",
        """
        A tab indents the line. YAML takes only spaces, because a tab is as wide as each editor likes. Replace tabs
        by two spaces (`expand -t 2`), and let your editor insert spaces in YAML files.
        """)

    package static let invalidEncoding = DiagnosticID(
        "invalid-encoding",
        """
        The file is not UTF-8 without a byte order mark. Some editors, above all on Windows, save UTF-16 or put a
        mark before the text. Save the file as UTF-8 (`iconv -f utf-16 -t utf-8 OLD > NEW`).
        """)

    package static let controlCharacter = DiagnosticID(
        "control-character",
        """
        The file holds a character that shows as nothing: a NUL byte, an escape, a direction override. Such a
        character can hide what a line really says, and stops text tools. Delete it; the column counts characters.
        In `mesh.lock`, lines end with a line feed alone: a carriage return is refused too.
        """)

    package static let lineSeparator = DiagnosticID(
        "line-separator",
        """
        The file holds U+0085, U+2028 or U+2029. YAML breaks a line there, most editors do not, so the file would
        mean something else than it shows. They come with text copied from web pages: delete them.
        """)

    package static let fileTooLarge = DiagnosticID(
        "file-too-large",
        """
        The file is larger than 64 MiB. A mesh of 10,000 peers needs about 2 MB; probably this is another file.
        """)

    package static let unsupportedEdit = DiagnosticID(
        "unsupported-edit",
        """
        The command changes only the lines it must, and here the file is written in a way that it cannot change
        safely: several entries share a line with something else, or a comment stands inside braces. Nothing was
        written. Make the edit by hand, or write the entry on a line of its own and run the command again.
        """)

    package static let editMismatch = DiagnosticID(
        "edit-mismatch",
        """
        After a command's edit, the file is read again and compared with what the edit should have made of it.
        They differ, so nothing was written. This is a bug of hauberk: please report it with the lines around the
        place shown. Until then, make the edit by hand.
        """)
}
