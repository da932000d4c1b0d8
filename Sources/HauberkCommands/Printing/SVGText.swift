/// The text of an SVG picture while it is written; every word is escaped.
struct SVGText {
    private var text: String

    init(width: Int, height: Int) {
        text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" role="img">
            <style>
            text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292e}
            .t{font-size:16px;font-weight:600}.n{fill:#57606a}.m{font-weight:600}.c{text-anchor:middle}.e{text-anchor:end}
            rect{stroke:#d0d4d8;stroke-width:1}
            </style>
            <rect width="\(width)" height="\(height)" style="fill:#ffffff;stroke:none"/>

            """
    }

    /// Words that begin, end or have their middle at a point, as the class says; turned about it by degrees.
    mutating func text(_ words: String, at point: (Int, Int), class name: String, turned: Int = 0) {
        if words.isEmpty { return }
        let turn = turned == 0 ? "" : " transform=\"rotate(\(turned) \(point.0) \(point.1))\""
        text += "<text x=\"\(point.0)\" y=\"\(point.1)\" class=\"\(name)\"\(turn)>\(Self.escaped(words))</text>\n"
    }

    /// A rectangle; `tip` is what shows when it is pointed at.
    mutating func cell(at corner: (Int, Int), size: (Int, Int), fill: String, tip: String?) {
        text += "<rect x=\"\(corner.0)\" y=\"\(corner.1)\" width=\"\(size.0)\" height=\"\(size.1)\" fill=\"\(fill)\""
        text += tip.map { "><title>\(Self.escaped($0))</title></rect>\n" } ?? "/>\n"
    }

    var closed: String { text + "</svg>\n" }

    /// As XML and HTML take it in text and in quoted values; characters that XML 1.0 has no place for become U+FFFD.
    static func escaped(_ words: String) -> String {
        var result = ""
        for scalar in words.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default:
                let isText = scalar.value >= 0x20 && scalar.value != 0xfffe && scalar.value != 0xffff
                result.unicodeScalars.append(isText ? scalar : "\u{fffd}")
            }
        }
        return result
    }
}
