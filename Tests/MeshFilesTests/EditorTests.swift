import Diagnostics
import Testing

@testable import MeshFiles

/// A change and what it makes of a text.
struct EditCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let after: String
    let change: @Sendable (inout MeshFileEditor) -> Void

    init(
        _ name: String, _ before: String, _ after: String, _ change: @escaping @Sendable (inout MeshFileEditor) -> Void
    ) {
        testDescription = name
        self.before = before
        self.after = after
        self.change = change
    }
}

private func add(_ keys: String...) -> @Sendable (inout MeshFileEditor) -> Void {
    { $0.insert(entries: keys.map { ($0, "{site: x}") }, inMapping: ["peers"]) }
}

private func drop(_ keys: String...) -> @Sendable (inout MeshFileEditor) -> Void {
    { editor in for key in keys { editor.remove(key, inMapping: ["peers"]) } }
}

private func set(_ path: String, _ text: String) -> @Sendable (inout MeshFileEditor) -> Void {
    { $0.setField(path: path.split(separator: "/").map(String.init), flowText: text) }
}

private let cases: [EditCase] = [
    EditCase("in braces after nothing", "peers: {a: }\n", "peers: {a: , b: {site: x}}\n", add("b")),
    EditCase("in braces, back to nothing", "peers: {a: , b: 1}\n", "peers: {a: }\n", drop("b")),
    EditCase("a tab before the colon", "peers\t:\n", "peers\t:\n  b: {site: x}\n", add("b")),
    EditCase("sorted place", "peers:\n  a: 1\n  c: 2\n", "peers:\n  a: 1\n  b: {site: x}\n  c: 2\n", add("b")),
    EditCase(
        "sorted ends", "peers:\n  b: 1\nz: 1", "peers:\n  a: {site: x}\n  b: 1\n  c: {site: x}\nz: 1", add("c", "a")),
    EditCase(
        "unsorted", "peers:\n    c: 1  # x\n    a: 2  # é\n\n# end\n",
        "peers:\n    c: 1  # x\n    a: 2  # é\n    b: {site: x}\n    a0: {site: x}\n\n# end\n", add("b", "a0")),
    EditCase(
        "comments above stay with their entry", "peers:\n  # the ä\n  b: 1\n  # the c\n  c: 1\n",
        "peers:\n  a: {site: x}\n  # the ä\n  b: 1\n  bb: {site: x}\n  # the c\n  c: 1\n", add("a", "bb")),
    EditCase("missing final newline", "peers:\n  a: 1", "peers:\n  a: 1\n  b: {site: x}", add("b")),
    EditCase(
        "CRLF", "peers:\r\n  a: 1 # é\r\nz: 1\r\n", "peers:\r\n  a: 1 # é\r\n  b: {site: x}\r\nz: 1\r\n", add("b")),
    EditCase("CRLF without the last", "peers:\r\n  a: 1", "peers:\r\n  a: 1\r\n  b: {site: x}", add("b")),
    EditCase(
        "empty braces", "peers: {}  # none\nz: 1\n", "peers:  # none\n  a: {site: x}\n  b: {site: x}\nz: 1\n",
        add("a", "b")),
    EditCase("a comment without a space", "peers: {}#none\n", "peers: #none\n  a: {site: x}\n", add("a")),
    EditCase("a comment without a space, a value", "peers: {a: \"x\"}#c\n", "peers: new #c\n", set("peers", "new")),
    EditCase("nothing", "peers:\nz: 1\n", "peers:\n  a: {site: x}\nz: 1\n", add("a")),
    EditCase("null", "peers: ~\n# c", "peers:\n  a: {site: x}\n# c", add("a")),
    EditCase(
        "absent", "mesh: x\nsites:\n    n: {}\n# end\n",
        "mesh: x\nsites:\n    n: {}\n# end\npeers:\n    a: {site: x}\n", add("a")),
    EditCase("absent, no final newline", "mesh: x", "mesh: x\npeers:\n  a: {site: x}", add("a")),
    EditCase("empty file", "# a mesh\n", "# a mesh\npeers:\n  a: {site: x}\n", add("a")),
    EditCase(
        "after an entry of several lines", "peers:\n  a:\n    x: |\n      1\n      2\n\n  c: 1\n",
        "peers:\n  a:\n    x: |\n      1\n      2\n  b: {site: x}\n\n  c: 1\n", add("b")),
    EditCase(
        "in braces", "peers: {a: {x: 1}, c: {}}  # é\n", "peers: {a: {x: 1}, c: {}, b: {site: x}}  # é\n", add("b")),
    EditCase(
        "in braces over lines", "peers: {\n  a: {x: 1},\n  c: {},\n}\n",
        "peers: {\n  a: {x: 1},\n  c: {},\n  b: {site: x},\n}\n", add("b")),
    EditCase("keys that need quotes", "peers:\n  a: 1\n", "peers:\n  a: 1\n  \"no\": {site: x}\n", add("no")),
    EditCase("remove a line", "peers:\n  # web\n  a: 1 # x\n  b: 2\n", "peers:\n  # web\n  b: 2\n", drop("a")),
    EditCase(
        "remove a block", "peers:\n  a:\n    # in\n    x: 1\n\n  # of b\n  b: 2\n", "peers:\n\n  # of b\n  b: 2\n",
        drop("a")),
    EditCase("remove the last", "peers:\n  b: 2\n  a: 1", "peers:\n  b: 2\n", drop("a")),
    EditCase("remove all", "peers: # é\n  # c\n  a: 1\n  b: 2\nz: 1\n", "peers: {} # é\n  # c\nz: 1\n", drop("a", "b")),
    EditCase("remove all, CRLF", "peers:\r\n  a: 1\r\n  b: 2\r\n", "peers: {}\r\n", drop("a", "b")),
    EditCase("remove in braces, first", "peers: { a: 1, b: 2, c: 3 }\n", "peers: { c: 3 }\n", drop("a", "b")),
    EditCase("remove in braces, last", "peers: { a: 1, b: 2, c: 3 }\n", "peers: { a: 1 }\n", drop("c", "b")),
    EditCase("remove in braces, all", "peers: {a: 1, b: 2,}\n", "peers: {}\n", drop("a", "b")),
    EditCase("remove and add", "peers:\n  a: 1\n  c: 2\n", "peers:\n  b: {site: x}\n") {
        drop("a", "c")(&$0)
        add("b")(&$0)
    },
    EditCase("rename", "peers:\n  a: {x: 1} # a\n  b: 1\n", "peers:\n  \"no\": {x: 1} # a\n  b: 1\n") {
        $0.rename("a", to: "no", inMapping: ["peers"])
    },
    EditCase(
        "set in braces", "peers:\n  a: {public: 1.2.3.4, site: n}  # é\n",
        "peers:\n  a: {public: 5.6.7.8, site: n}  # é\n", set("peers/a/public", "5.6.7.8")),
    EditCase(
        "add a field in braces", "peers:\n  a: { site: n }\n", "peers:\n  a: { site: n, port: 1 }\n",
        set("peers/a/port", "1")),
    EditCase("add a field to {}", "peers:\n  a: {}\n", "peers:\n  a: {port: 1}\n", set("peers/a/port", "1")),
    EditCase("add a field to nothing", "peers:\n  a:\n  b:  # é\n", "peers:\n  a: {port: 1}\n  b: {port: 1}  # é\n") {
        set("peers/a/port", "1")(&$0)
        set("peers/b/port", "1")(&$0)
    },
    EditCase(
        "set in a block", "peers:\n  a:\n    public: 1  # é\n    site: n\n",
        "peers:\n  a:\n    public: 2  # é\n    site: n\n    port: 1\n"
    ) {
        set("peers/a/public", "2")(&$0)
        set("peers/a/port", "1")(&$0)
    },
    EditCase(
        "set a block list", "peers:\n  a:\n    groups: # g\n      - x\n      - y # y\n    site: n\n",
        "peers:\n  a:\n    groups: [z] # g\n    site: n\n", set("peers/a/groups", "[z]")),
    EditCase("set what is empty", "peers:\n  a: {x: , y: 1}\n  b: {x}\n", "peers:\n  a: {x: 2 , y: 1}\n  b: {x: 2}\n") {
        set("peers/a/x", "2")(&$0)
        set("peers/b/x", "2")(&$0)
    },
    EditCase(
        "set what is absent at the top", "mesh: x\n", "mesh: x\nwireguard: {port: 1}\n", set("wireguard/port", "1")),
    EditCase(
        "remove fields", "peers:\n  a: {x: 1, y: 2}\n  b:\n    x: 1 # x\n    y: 2\n  c:\n    x: 1\n",
        "peers:\n  a: {y: 2}\n  b:\n    y: 2\n  c: {}\n"
    ) {
        for key in ["a", "b", "c"] { $0.removeField(path: ["peers", key, "x"]) }
    },
    EditCase(
        "below a text that ends in spaces", "peers:\n  a: |\n   x\n      \n",
        "peers:\n  a: |\n   x\n      \n  b: {site: x}\n",
        add("b")),
    EditCase(
        "replace scalars in lists", "groups: [old, ö, old]\nrelays:\n- old # x\n",
        "groups: [new, ö, old]\nrelays:\n- new # x\n"
    ) {
        guard let a = $0.tree.root["groups"]?.items?[0], let b = $0.tree.root["relays"]?.items?[0] else { return }
        $0.replaceScalar(at: a.byteRange, with: "new")
        $0.replaceScalar(at: b.byteRange, with: "new")
    },
]

@Suite struct EditorTests {
    @Test(arguments: cases)
    func `an edit changes only what it must`(_ test: EditCase) throws {
        var editor = MeshFileEditor(try tree(test.before))
        test.change(&editor)
        let result = try editor.apply()
        #expect(String(decoding: result.source, as: UTF8.self) == test.after)
    }

    @Test(arguments: [
        EditCase(
            "comment in braces", "peers: {\n  a: 1, # one\n  # two\n  b: 2\n}\n", "unsupported-edit 2:3", drop("a")),
        EditCase("comment at the end", "peers: {\n  a: 1 # one\n}\n", "unsupported-edit 2:3", add("b")),
        EditCase("open text", "peers:\n  a: |\n    x", "unsupported-edit 2:6", add("b")),
        EditCase("open text of spaces", "peers:\n  a: |\n   x\n     ", "unsupported-edit 2:6", add("b")),
        EditCase("list", "peers:\n- a\n", "unsupported-edit 2:1", add("b")),
        EditCase("text", "peers: x\n", "unsupported-edit 1:8", add("b")),
        EditCase("absent", "peers:\n  a: 1\n", "unsupported-edit 2:3", drop("b")),
    ])
    func `what cannot be edited safely is refused with its place`(_ test: EditCase) throws {
        var editor = MeshFileEditor(try tree(test.before))
        test.change(&editor)
        #expect(findings { _ = try editor.apply() } == [test.after])
    }

    @Test(arguments: ["a: b, c: d", "x, y", "}", "a #", "'", "{a: 1", "1\n  b: 2"])
    func `a value that is not one value never reaches the file`(text: String) throws {
        var editor = MeshFileEditor(try tree("peers:\n  a: {x: 1}\n"))
        editor.setField(path: ["peers", "a", "x"], flowText: text)
        do {
            let result = try editor.apply()
            #expect(result.root["peers"]?.entries?.count == 1)
            #expect(text == "a #" || text == "1\n  b: 2")
        } catch { #expect(error.status == .bug) }
    }

    @Test func `ten thousand entries at once, in linear time`() throws {
        var editor = MeshFileEditor(try tree("mesh: x\npeers:\n  m: {}\n"))
        let names = (0..<10_000).map { "p\($0)" }
        editor.insert(entries: names.map { ($0, "{site: x}") }, inMapping: ["peers"])
        let result = try editor.apply()
        #expect(result.root["peers"]?.entries?.map(\.name) == ["m"] + names.sorted())
        var second = MeshFileEditor(result)
        for name in names { second.remove(name, inMapping: ["peers"]) }
        #expect(String(decoding: try second.apply().source, as: UTF8.self) == "mesh: x\npeers:\n  m: {}\n")
    }
}
