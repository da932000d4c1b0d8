/// Mistakes in the list of peers that `add --from` reads.
extension DiagnosticID {
    package static let peerList: [DiagnosticID] = [
        .csvSyntax, .rowLength, .unknownColumn, .missingColumn, .duplicateColumn, .duplicatePeer, .unsupportedColumn,
        .invalidCell,
    ]

    package static let csvSyntax = DiagnosticID(
        "csv-syntax",
        """
        The file is not CSV (RFC 4180) at this place: a quote that is never closed, or text beside a quoted field.
        A field that holds a comma, a quote or a line break stands in double quotes, with its own quotes doubled.
        """)

    package static let rowLength = DiagnosticID(
        "row-length",
        """
        The row has more or fewer fields than the header has columns, so that values would land in the wrong
        columns. A value that holds a comma needs quotes around it.
        """)

    package static let unknownColumn = DiagnosticID(
        "unknown-column",
        """
        The header names a column that hauberk does not know. A column that is silently skipped would be a setting
        that silently does nothing. Columns, in any order and case: name, public, private, site, groups, address,
        routes, port, public-key, endpoint, keepalive, fwmark, dns, mtu, table, pre-up, post-up, pre-down,
        post-down; and those of wg-meshconf's database.
        """)

    package static let missingColumn = DiagnosticID(
        "missing-column",
        """
        The file has no header row with a `name` column. The first row names the columns; a file without it would
        have its first peer taken for names.
        """)

    package static let duplicateColumn = DiagnosticID(
        "duplicate-column",
        """
        Two columns of the header mean the same field, for example `route` and `AllowedIPs`. Keep one of them.
        """)

    package static let duplicatePeer = DiagnosticID(
        "duplicate-peer",
        """
        The list has the same peer name twice. Each peer stands on one row; a peer that has several groups or
        routes has them in one field, separated by spaces.
        """)

    package static let unsupportedColumn = DiagnosticID(
        "unsupported-column",
        """
        `SaveConfig` makes wg-quick write the running state over the configuration file, and with it anything that
        was changed by hand. Hauberk renders that file, so it does not support the setting. Empty the column.
        """)

    package static let invalidCell = DiagnosticID(
        "invalid-cell",
        """
        A field of the list cannot be what its column says: a prefix length that is no number, a private key that
        is not 44 characters of base64, or a peer without a name. The value of a private key is never shown.
        """)
}
