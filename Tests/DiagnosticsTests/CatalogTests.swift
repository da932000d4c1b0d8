import Diagnostics
import Testing

@Suite struct CatalogTests {
    @Test func `every id is there once, in kebab case, with a manual of whole sentences`() {
        #expect(DiagnosticID.all.count > 50)
        #expect(Set(DiagnosticID.all.map(\.name)).count == DiagnosticID.all.count)
        for id in DiagnosticID.all {
            let isKebab = id.name.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || $0 == 0x2d || (0x30...0x39).contains($0)
            }
            #expect(isKebab && !id.name.hasPrefix("-") && !id.name.hasSuffix("-"), "\(id.name)")
            #expect(id.manual.count > 60, "\(id.name) says too little")
            #expect(id.manual.hasSuffix("."), "\(id.name) does not end in a full stop")
        }
    }

    @Test func `a finding prints as compilers do`() {
        let place = SourceLocation(file: "mesh.yaml", line: 12, column: 7)
        let finding = Diagnostic(
            .overlappingAddress, at: place, "peer \"a\" and peer \"b\" share 10.88.0.5/32", hint: "change one")
        #expect(
            finding.text == """
                mesh.yaml:12:7: error: peer "a" and peer "b" share 10.88.0.5/32 [overlapping-address]
                  hint: change one
                """)
        #expect(finding.annotation.hasPrefix("::error file=mesh.yaml,line=12,col=7,title=overlapping-address::"))
    }

    @Test(arguments: [("peer", "peers"), ("adress", "address"), ("pubilc", "public"), ("iste", "site")])
    func `the nearest name is found`(word: String, meant: String) {
        #expect(nearest(to: word, among: ["peers", "address", "public", "site", "groups"]) == meant)
    }

    @Test func `a far name is not guessed`() {
        #expect(nearest(to: "wireguard", among: ["peers", "address"]) == nil)
    }

    @Test func `a quoted value is short and on one line`() {
        #expect(quoted("a\nb") == "\"a\\nb\"")
        #expect(quoted(String(repeating: "x", count: 5_000_000)).unicodeScalars.count == 67)
    }
}
