/// Who reaches what on one plane, as a picture: a row for each sender, a column for each destination, in each field what
/// was reached.
struct FlowPicture {
    private struct Field {
        var reached: Set<String> = []
        var asked = 0
        var isDifferent = false
        var isUnproven = false
    }

    private let plane: LabPlane
    private let rows: [String]
    private let columns: [String]
    private var fields: [String: Field] = [:]

    private static let cell = (width: 118, height: 34)

    init(_ plan: LabFlowPlan, _ results: LabFlowResults, _ plane: LabPlane) {
        self.plane = plane
        var rows: [String] = []
        var columns: [String] = []
        let different = Set(results.differences.map(\.way))
        for (index, way) in plan.ways.enumerated() where way.plane == plane {
            let from = way.sender == .own ? way.from : "\(way.from) (\(way.sender.rawValue))"
            if !rows.contains(from) { rows.append(from) }
            if !columns.contains(way.to) { columns.append(way.to) }
            var field = fields["\(from)>\(way.to)"] ?? Field()
            let result = results.ways[index]
            field.asked += way.subjects.count
            field.reached.formUnion(zip(way.subjects, result.seen).filter { $0.1.gotThrough }.map(\.0.text))
            field.isDifferent = field.isDifferent || different.contains(index)
            field.isUnproven = field.isUnproven || result.control == .closed
            fields["\(from)>\(way.to)"] = field
        }
        self.rows = rows
        self.columns = columns
    }

    /// A heading and the picture; empty for a plane on which nothing was asked.
    var figure: String {
        if rows.isEmpty { return "" }
        let left = 12 + 8 * (rows.map(\.unicodeScalars.count).max() ?? 0)
        let width = left + columns.count * FlowPicture.cell.width
        let height = 30 + rows.count * FlowPicture.cell.height
        var parts: [String] = []
        for (number, column) in columns.enumerated() {
            parts.append(text(column, left + number * FlowPicture.cell.width + 4, 18, "600 12px sans-serif"))
        }
        for (number, row) in rows.enumerated() {
            let top = 26 + number * FlowPicture.cell.height
            parts.append(text(row, 4, top + 20, "600 12px sans-serif"))
            for (place, column) in columns.enumerated() {
                guard let field = fields["\(row)>\(column)"] else { continue }
                parts.append(draw(field, row, column, left + place * FlowPicture.cell.width, top))
            }
        }
        return
            "<h3>\(plane.rawValue)</h3>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" "
            + "width=\"\(width)\" height=\"\(height)\" role=\"img\">\n\(parts.joined(separator: "\n"))\n</svg>\n"
    }

    private func draw(_ field: Field, _ row: String, _ column: String, _ x: Int, _ y: Int) -> String {
        let color =
            field.isDifferent ? "#f4b4bb" : field.isUnproven ? "#f3e2a8" : field.reached.isEmpty ? "#eceff1" : "#b9e4c4"
        let reached = field.reached.sorted()
        let shown = reached.filter { $0 != "echo" }
        let label = shown.isEmpty ? (reached.isEmpty ? "" : "echo") : shown.prefix(2).joined(separator: " ")
        let more = shown.count > 2 ? " +\(shown.count - 2)" : ""
        let title =
            "\(row) to \(column): \(field.asked) flows asked; reached: "
            + (reached.isEmpty ? "nothing" : reached.joined(separator: " "))
        return "<g><title>\(escaped(title))</title><rect x=\"\(x)\" y=\"\(y)\" width=\"\(FlowPicture.cell.width - 3)\" "
            + "height=\"\(FlowPicture.cell.height - 3)\" rx=\"3\" fill=\"\(color)\"/>"
            + text(label + more, x + 5, y + 20, "11px sans-serif") + "</g>"
    }

    private func text(_ words: String, _ x: Int, _ y: Int, _ font: String) -> String {
        "<text x=\"\(x)\" y=\"\(y)\" style=\"font:\(font)\">\(escaped(words))</text>"
    }
}
