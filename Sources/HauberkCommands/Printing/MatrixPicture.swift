/// Who reaches what, as a picture: a row for each source, a column for each destination.
///
/// Plain values in, SVG 1.1 out: no scripts, no fonts and no links, so that it stands alone or inline in a page. A
/// narrow matrix writes what is reached into its cells; a wide one gives each content a letter, and explains the
/// letters below.
struct MatrixPicture: Sendable {
    /// What a cell says by its colour.
    enum Tone: String, CaseIterable, Sendable {
        /// Something is reached.
        case open
        /// Nothing is.
        case closed
        /// Reached because nothing judges it, or something only watches.
        case watched
        /// Other than it should be.
        case wrong
        /// A host and itself, or two that have no way to each other.
        case blank

        var fill: String {
            switch self {
            case .open: return "#cfe8d5"
            case .closed: return "#f4f4f2"
            case .watched: return "#fbe7b5"
            case .wrong: return "#f3b7b1"
            case .blank: return "#ffffff"
            }
        }

        /// What the legend says; nil for what needs no word.
        var meaning: String? {
            switch self {
            case .open: return "allowed"
            case .closed: return "denied"
            case .watched: return "not judged"
            case .wrong: return "not as declared"
            case .blank: return nil
            }
        }
    }

    struct Cell: Hashable, Sendable {
        /// What is reached, a service or a port each; empty for nothing.
        var words: [String]
        var tone: Tone
        /// What shows when the cell is pointed at, after the names of both sides; empty for nothing more.
        var note: String = ""
    }

    var title: String
    /// Lines below the title.
    var notes: [String] = []
    var rows: [String]
    var columns: [String]
    /// As many as rows, each as long as the columns.
    var cells: [[Cell]]

    /// The picture as an `<svg>` element that ends in a newline; the same for the same values.
    var svg: String {
        let layout = MatrixLayout(self)
        var drawing = SVGText(width: layout.width, height: layout.height)
        drawing.text(title, at: (MatrixLayout.margin, 26), class: "t")
        for (index, note) in notes.enumerated() {
            drawing.text(note, at: (MatrixLayout.margin, 46 + 17 * index), class: "n")
        }
        drawHeads(layout, &drawing)
        for row in rows.indices {
            for column in columns.indices { draw(row, column, layout, &drawing) }
        }
        drawLegend(layout, &drawing)
        return drawing.closed
    }

    private func drawHeads(_ layout: MatrixLayout, _ drawing: inout SVGText) {
        drawing.text("from ↓  to →", at: (layout.left - 8, layout.top - 8), class: "n e")
        for (row, name) in rows.enumerated() {
            let middle = layout.top + row * layout.cellHeight + layout.cellHeight / 2 + 4
            drawing.text(name, at: (layout.left - 8, middle), class: "m e")
        }
        for (column, name) in columns.enumerated() {
            let left = layout.left + column * layout.cellWidth
            if layout.isDense {
                drawing.text(name, at: (left + layout.cellWidth / 2 + 4, layout.top - 6), class: "m", turned: -60)
            } else {
                drawing.text(name, at: (left + layout.cellWidth / 2, layout.top - 8), class: "m c")
            }
        }
    }

    private func draw(_ row: Int, _ column: Int, _ layout: MatrixLayout, _ drawing: inout SVGText) {
        let cell = cells[row][column]
        let corner = (layout.left + column * layout.cellWidth, layout.top + row * layout.cellHeight)
        let content = cell.words.isEmpty ? (cell.tone.meaning ?? "") : cell.words.joined(separator: ", ")
        let tip =
            "\(rows[row]) → \(columns[column]): \([content, cell.note].filter { !$0.isEmpty }.joined(separator: "; "))"
        drawing.cell(
            at: corner, size: (layout.cellWidth, layout.cellHeight), fill: cell.tone.fill,
            tip: cell.tone == .blank && cell.note.isEmpty ? nil : tip)
        let middle = corner.0 + layout.cellWidth / 2
        if layout.isDense {
            let letters = layout.letters[cell.words] ?? ""
            drawing.text(letters, at: (middle, corner.1 + layout.cellHeight / 2 + 4), class: "s c")
            return
        }
        let lines = layout.lines(of: cell)
        let first = corner.1 + (layout.cellHeight - 15 * lines.count) / 2 + 12
        for (index, line) in lines.enumerated() {
            drawing.text(line, at: (middle, first + 15 * index), class: "s c")
        }
    }

    private func drawLegend(_ layout: MatrixLayout, _ drawing: inout SVGText) {
        var left = MatrixLayout.margin
        let top = layout.top + rows.count * layout.cellHeight + 18
        for tone in Tone.allCases where cells.contains(where: { $0.contains { $0.tone == tone } }) {
            guard let meaning = tone.meaning else { continue }
            drawing.cell(at: (left, top), size: (14, 14), fill: tone.fill, tip: nil)
            drawing.text(meaning, at: (left + 20, top + 11), class: "n")
            left += 34 + MatrixLayout.width(of: meaning)
        }
        for (index, entry) in layout.legend.enumerated() {
            drawing.text(entry, at: (MatrixLayout.margin, top + 36 + 16 * index), class: "s")
        }
    }
}

/// Where everything of a matrix stands, in pixels.
struct MatrixLayout {
    static let margin = 16
    /// More columns than this, or more words in a cell than fit, make a matrix dense.
    private static let wideColumns = 14

    let isDense: Bool
    let left: Int
    let top: Int
    let cellWidth: Int
    let cellHeight: Int
    let width: Int
    let height: Int
    /// Of a dense matrix, what stands for each content that is not empty.
    let letters: [[String]: String]
    /// Of a dense matrix, a line for each of the letters.
    let legend: [String]

    init(_ picture: MatrixPicture) {
        let cells = picture.cells.joined()
        isDense = picture.columns.count > Self.wideColumns
        let head = 30 + 17 * picture.notes.count + 14
        let columnWidth = picture.columns.map(Self.width).max() ?? 0
        left = Self.margin + max(Self.width(of: "from ↓  to →"), picture.rows.map(Self.width).max() ?? 0) + 8
        if isDense {
            let contents = Set(cells.map(\.words)).filter { !$0.isEmpty }
                .sorted { ($0.count, $0.joined()) < ($1.count, $1.joined()) }
            letters = Dictionary(
                uniqueKeysWithValues: contents.enumerated().map { ($0.element, Self.letters($0.offset)) })
            legend = contents.enumerated().map { "\(Self.letters($0.offset))  \($0.element.joined(separator: ", "))" }
            cellWidth = 22
            cellHeight = 18
            // The names stand at 60 degrees, of which the sine is 0.87.
            top = head + columnWidth * 87 / 100 + 16
        } else {
            letters = [:]
            legend = []
            let words = cells.flatMap { Self.lines(of: $0).map(Self.width) }.max() ?? 0
            cellWidth = max(columnWidth, words, 44) + 16
            cellHeight = 15 * max(1, cells.map { Self.lines(of: $0).count }.max() ?? 1) + 12
            top = head + 24
        }
        let lines = [picture.title, ""] + picture.notes + legend
        let texts = (lines.map(Self.width).max() ?? 0) + 2 * Self.margin
        // A turned name reaches to the right by half of its length.
        let matrix = left + picture.columns.count * cellWidth + Self.margin + (isDense ? columnWidth / 2 : 0)
        width = max(texts, matrix)
        height = top + picture.rows.count * cellHeight + 18 + 14 + (legend.isEmpty ? 0 : 16 * legend.count + 22) + 16
    }

    func lines(of cell: MatrixPicture.Cell) -> [String] { Self.lines(of: cell) }

    /// At most six words; the last line then says how many more there are.
    private static func lines(of cell: MatrixPicture.Cell) -> [String] {
        cell.words.count <= 6 ? cell.words : cell.words.prefix(5) + ["and \(cell.words.count - 5) more"]
    }

    /// Of the picture's 12 pixel type with fixed width, rounded up.
    static func width(of text: String) -> Int { (text.unicodeScalars.count * 73 + 9) / 10 }

    /// A … Z, AA, AB …
    private static func letters(_ index: Int) -> String {
        let letter = String(UnicodeScalar(UInt8(65 + index % 26)))
        return index < 26 ? letter : letters(index / 26 - 1) + letter
    }
}
