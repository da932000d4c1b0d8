import Diagnostics
import Foundation
import FoundationXML
import MeshFiles
import MeshModel
import TestSupport
import Testing

@testable import HauberkCommands

/// `matrix` and `services`: the table, the JSON, and the picture.
@Suite struct MatrixTests {
    private static func mesh(_ text: String) throws -> DeclaredMesh {
        let tree = try YAMLTree(parsing: Array(text.utf8), file: "mesh.yaml")
        let check = MeshCheck.check(tree.root, file: "mesh.yaml", lock: nil, at: QuestionsMesh.moment)
        return try #require(check.declared, "\(check.findings.map(\.text))")
    }

    private func matrix(_ plane: Plane) throws -> ReachMatrix {
        ReachMatrix(try Self.mesh(QuestionsMesh.whole.text), plane, at: QuestionsMesh.moment)
    }

    @Test func `every cell says what the answers to its pair say`() throws {
        let services = [
            "https": "443/tcp", "web": "8080/tcp", "mysql": "3306/tcp", "ssh": "22/tcp", "printer": "631/tcp",
        ]
        var asked = 0
        for plane in [Plane.overlay, .underlay] {
            let matrix = try matrix(plane).byPeer()
            for (row, from) in matrix.from.enumerated() {
                for (column, to) in matrix.to.enumerated() where from.name != to.name {
                    for (name, port) in services.sorted(by: { $0.key < $1.key }) {
                        let plane = from.name == "anyone" ? nil : plane
                        let answer = try QuestionsMesh.whole.answer(from.name, to.name, port, plane: plane)
                        let words = matrix.reach[row][column].words
                        // What the guard lets through is named by its port.
                        let isWord = words.contains(name) || words.contains { $0.contains(port) }
                        #expect(isWord == answer.isAllowed, "\(from.name) \(to.name) \(port): \(words)")
                        asked += 1
                    }
                }
            }
        }
        #expect(asked > 300)
    }

    @Test func `through gateways, rows and columns are networks, their parts, and the Internet`() throws {
        let text = QuestionsMesh.whole.text.replacing(
            "allow:\n", with: "allow:\n  - {from: app, to: 192.168.50.0/28, service: ssh}\n")
        let matrix = ReachMatrix(try Self.mesh(text), .forward, at: QuestionsMesh.moment).byPeer()
        #expect(matrix.to.map(\.name).suffix(3) == ["192.168.50.0/24", "192.168.50.0/28", "anyone"])
        let row = try #require(matrix.from.firstIndex { $0.name == "app-1" })
        #expect(matrix.reach[row].suffix(3).map(\.words) == [["printer"], ["ssh", "printer"], ["the Internet"]])
        let other = try #require(matrix.from.firstIndex { $0.name == "app-2" })
        #expect(matrix.reach[other].last?.isApart == true, "who has no exit leaves by itself")
    }

    @Test func `a guard that watches or is off shows`() throws {
        for mode in ["log", "off"] {
            let text = QuestionsMesh.whole.text.replacing("plaintext: reject", with: "plaintext: \(mode)")
            let matrix = ReachMatrix(try Self.mesh(text), .underlay, at: QuestionsMesh.moment)
            let reach = matrix.reach.joined().filter { !$0.isApart }
            #expect(reach.allSatisfy { $0.isWatched && ["everything", "everything else"].contains($0.words.last) })
            #expect(matrix.row(of: "shop", by: "group").flows.allSatisfy { !$0.isJudged })
        }
    }

    @Test func `a mesh without a policy is one row in which everything is reached`() throws {
        let mesh = try Self.mesh("mesh: t\nprefixes: [10.88.0.0/16]\npeers: {a: {public: 192.0.2.1}, b: {}}\n")
        let matrix = ReachMatrix(mesh, .overlay, at: 0)
        #expect(matrix.reach == [[ReachMatrix.Reach(words: ["everything"], isWatched: true)]])
        #expect(matrix.byPeer().reach[0][1].words == ["everything"] && matrix.byPeer().reach[0][0].isApart)
    }

    @Test func `by group, hosts that the policy treats alike are one row`() throws {
        let text = QuestionsMesh.whole.text.replacing("  - {from: app-1, to: db, service: mysql}\n", with: "")
            .replacing("for: db-1 or app-1", with: "for: db-1").replacing(
                "to: app-1, service: web", with: "to: app, service: web")
        let matrix = ReachMatrix(try Self.mesh(text), .overlay, at: QuestionsMesh.moment)
        #expect(matrix.from.map(\.name).sorted() == ["app", "db-1", "office", "tunnel-1", "web-1"])
        #expect(matrix.byPeer().from.map(\.name) == ["app-1", "app-2", "db-1", "office", "tunnel-1", "web-1"])
    }

    @Test(arguments: [
        (rows: 4, isDense: false), (rows: 14, isDense: false), (rows: 15, isDense: true), (rows: 60, isDense: true),
    ])
    func `a picture is XML in which every name and word stands`(rows: Int, isDense: Bool) throws {
        let names = (0..<rows).map { "host-\($0)<&\"'>" }
        let cells = (0..<rows).map { row in
            (0..<rows).map { column in
                let words = (0..<(row + column) % 4).map { "service-\($0)&" }
                let tone: MatrixPicture.Tone = row == column ? .blank : words.isEmpty ? .closed : .open
                return MatrixPicture.Cell(words: row == column ? [] : words, tone: tone, note: "a note <b>")
            }
        }
        let picture = MatrixPicture(
            title: "who & what", notes: ["one", "two"], rows: names, columns: names, cells: cells)
        #expect(MatrixLayout(picture).isDense == isDense)
        #expect(picture.svg == picture.svg)
        let reader = SVGReader()
        let parser = XMLParser(data: Data(picture.svg.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(
            Set(names).isSubset(of: reader.texts)
                && reader.texts.isSuperset(of: ["who & what", "one", "two", "allowed", "denied"]))
        #expect(reader.texts.contains { $0.contains("service-0&") })
        // Ground, cells, and the squares of the legend.
        #expect(reader.rectangles == 1 + rows * rows + 2)
        #expect(!picture.svg.contains("http://") || picture.svg.contains("xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(!picture.svg.contains("<script") && !picture.svg.contains("href"))
    }

    @Test func `a word cannot leave its picture or its page`() throws {
        let evil = "</title></svg><script>alert(1)</script>\u{0}\u{1b}"
        let cell = MatrixPicture.Cell(words: [evil], tone: .wrong, note: evil)
        let picture = MatrixPicture(title: evil, notes: [evil], rows: [evil], columns: [evil], cells: [[cell]])
        let page = PicturePage.html(title: evil, svg: picture.svg)
        #expect(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)"))
        #expect(XMLParser(data: Data(picture.svg.utf8)).parse())
    }

    @Test func `the JSON of the questions has these names`() throws {
        try withTemporaryFolder { folder in
            let program = BuiltProgram("hauberk")
            try QuestionsMesh.whole.text.write(toFile: "\(folder)/mesh.yaml", atomically: true, encoding: .utf8)
            func names(_ arguments: String, status: Int32 = 0) throws -> [String] {
                let end = try program.run(
                    arguments.split(separator: " ").map(String.init) + ["--mesh", folder, "--json"], in: folder)
                #expect(end.status == status, "\(end.errors)")
                return Self.names(in: try JSONSerialization.jsonObject(with: Data(end.output.utf8))).sorted()
            }
            let answer = [
                "action", "allowed", "changes", "column", "decidedBy", "explanations", "field", "file", "from",
                "isEnforced",
                "line", "plane", "ports", "reasons", "service", "text", "to",
            ]
            #expect(try names("can app-1 db-1 mysql") == answer)
            // What there is none of is left out: here a service, and a line that decides.
            let denial = try names("can db-1 app-1 5000/udp", status: 1)
            #expect(denial == answer.filter { !["column", "file", "line", "service"].contains($0) })
            #expect(
                try names("matrix") == [
                    "by", "flows", "from", "isJudged", "mesh", "name", "peers", "plane", "services", "to",
                ])
            #expect(
                try names("services") == [
                    "exposed", "exposure", "isDeclared", "isUsed", "isWellKnown", "name", "offeredBy", "on", "ports",
                    "reachableFrom",
                ])
        }
    }

    private static func names(in value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(names(in: $1)) } }
        guard let fields = value as? [String: Any] else { return [] }
        return fields.values.reduce(into: Set(fields.keys)) { $0.formUnion(names(in: $1)) }
    }
}

/// What stands in an SVG picture.
private final class SVGReader: NSObject, XMLParserDelegate {
    var texts: Set<String> = []
    var rectangles = 0
    private var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        if name == "rect" { rectangles += 1 }
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        texts.insert(text)
        text = ""
    }
}
