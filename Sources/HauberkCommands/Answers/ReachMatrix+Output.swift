import MeshModel

/// The forms in which a matrix leaves the program.
extension ReachMatrix {
    /// The widest table that is still a table; what is wider is a list of pairs.
    private static let widest = 160

    /// A table, a row for each source; where that is too wide, a line for each pair that reaches something.
    var text: String {
        var table = Table(["FROM \\ TO"] + to.map(\.name))
        for (row, side) in from.enumerated() {
            table.append([side.name] + reach[row].map { $0.isApart ? "" : $0.words.isEmpty ? "no" : list($0) })
        }
        let text = table.text
        if text.split(separator: "\n").allSatisfy({ $0.unicodeScalars.count <= Self.widest }) { return text }
        var pairs = Table(["FROM", "TO", "REACHES"])
        for (row, side) in from.enumerated() {
            for (column, other) in to.enumerated() where !reach[row][column].words.isEmpty {
                pairs.append([side.name, other.name, list(reach[row][column])])
            }
        }
        return pairs.text
    }

    private func list(_ reach: Reach) -> String { reach.words.joined(separator: ", ") }

    /// The matrix as a picture.
    func picture(of mesh: String, notes: [String]) -> MatrixPicture {
        MatrixPicture(
            title: "\(mesh): who reaches what (\(plane.rawValue))", notes: notes, rows: from.map(\.name),
            columns: to.map(\.name),
            cells: reach.map { row in
                row.map { reach in
                    let tone: MatrixPicture.Tone =
                        reach.isApart ? .blank : reach.isWatched ? .watched : reach.words.isEmpty ? .closed : .open
                    return MatrixPicture.Cell(words: reach.words, tone: tone)
                }
            })
    }

    /// The matrix as `matrix --json` has it.
    func row(of mesh: String, by axis: String) -> MatrixRow {
        MatrixRow(
            mesh: mesh, plane: plane.rawValue, by: axis, from: from.map(MatrixRow.Side.init),
            to: to.map(MatrixRow.Side.init),
            flows: from.indices.flatMap { row in
                to.indices.filter { !reach[row][$0].words.isEmpty }.map { column in
                    MatrixRow.Flow(
                        from: from[row].name, to: to[column].name, services: reach[row][column].words,
                        isJudged: !reach[row][column].isWatched)
                }
            })
    }
}

/// A matrix as `matrix --json` has it; the names are stable.
struct MatrixRow: Encodable {
    struct Side: Encodable {
        let name: String
        /// The peers that it stands for; empty for what is not of the mesh.
        let peers: [String]

        init(_ side: ReachMatrix.Side) {
            name = side.name
            peers = side.members
        }
    }

    struct Flow: Encodable {
        let from: String
        let to: String
        let services: [String]
        /// False where the guard only watches or is off, or there is no policy.
        let isJudged: Bool
    }

    let mesh: String
    let plane: String
    /// `peer` or `group`.
    let by: String
    let from: [Side]
    let to: [Side]
    /// What is reached; a pair without a line reaches nothing.
    let flows: [Flow]
}

/// One self-contained page of HTML around a picture.
enum PicturePage {
    static func html(title: String, svg: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(SVGText.escaped(title))</title>
        <style>body{margin:0;background:#ffffff}svg{display:block}</style>
        </head>
        <body>
        \(svg)</body>
        </html>

        """
    }
}
