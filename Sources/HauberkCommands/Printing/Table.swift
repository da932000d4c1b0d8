/// Rows of text in columns as wide as their widest cell.
struct Table {
    private var rows: [[String]]

    init(_ titles: [String]) {
        rows = [titles]
    }

    mutating func append(_ row: [String]) {
        rows.append(row)
    }

    /// Two spaces between columns, none at the end of a line; an empty cell shows as `-`.
    var text: String {
        var widths = [Int](repeating: 0, count: rows.map(\.count).max() ?? 0)
        for row in rows {
            for (column, cell) in row.enumerated() {
                widths[column] = max(widths[column], max(1, cell.unicodeScalars.count))
            }
        }
        var text = ""
        for row in rows {
            for (column, cell) in row.enumerated() {
                let shown = cell.isEmpty ? "-" : cell
                text += shown
                if column + 1 < row.count {
                    text += String(repeating: " ", count: widths[column] - shown.unicodeScalars.count + 2)
                }
            }
            text += "\n"
        }
        return text
    }
}
