import Foundation
import Testing

/// The Architecture page draws the walls that the layer test holds.
@Suite struct ArchitectureTests {
    @Test func `the table of modules is the walls`() throws {
        let page = try String(contentsOf: LayerTests.root.appending(path: "Sources/Architecture.md"), encoding: .utf8)
        var drawn: [String: Set<String>] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { cell in
                cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                    .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
            }
            guard cells.count == 3, let module = cells[0].first, LayerTests.walls[module] != nil else { continue }
            #expect(drawn[module] == nil, "\(module) is drawn twice")
            drawn[module] = Set(cells[2])
        }
        #expect(drawn == LayerTests.walls)
    }
}
