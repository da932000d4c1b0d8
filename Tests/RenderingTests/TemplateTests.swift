import Diagnostics
import Foundation
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// A template of a mesh's own, under a header, as `path` in findings.
private func own(_ text: String, _ target: String = "mine", _ name: String = "file.txt") -> TargetSet.File {
    TargetSet.File(target: target, name: name, path: "templates/\(target)/\(name)", bytes: Array(text.utf8))
}

/// A template that is refused, and the `id line:column` of every finding.
struct BadTemplate: Sendable, CustomTestStringConvertible {
    let text: String
    let findings: [String]

    init(_ text: String, _ findings: String...) {
        self.text = text
        self.findings = findings
    }

    var testDescription: String { text }
}

@Suite struct TemplateTests {
    private static let header = "path: etc/x\n---\n"

    private static let bodies: [BadTemplate] = [
        BadTemplate("{{nmae}}", "template-name 1:1"),
        BadTemplate("é {{}}", "template-name 1:3"),
        BadTemplate("a\nbc {{name", "template-syntax 2:4"),
        BadTemplate("{{allowed-ips}}", "template-name 1:1"),
        BadTemplate("{{#dns}}x", "template-syntax 1:1"),
        BadTemplate("{{#dns}}{{/port}}", "template-syntax 1:9"),
        BadTemplate("x{{/dns}}\n{{nmae}}", "template-syntax 1:2", "template-name 2:1"),
        BadTemplate("{{/dns}}{{/dns}}", "template-syntax 1:1", "template-syntax 1:9"),
        BadTemplate("{{.}}", "template-name 1:1"),
        BadTemplate("{{#port}}{{.}}{{/port}}", "template-name 1:10"),
        BadTemplate("{{forwards}}", "template-name 1:1"),
        BadTemplate("{{#peers}}{{port}}{{/peers}}", "template-name 1:11"),
        BadTemplate("{{#peers}}{{private-key}}{{/peers}}", "template-name 1:11"),
        BadTemplate("{{peers}}", "template-syntax 1:1"),
        BadTemplate("{{^peers}}{{/peers}}", "template-syntax 1:1"),
        BadTemplate("{{#peers}}{{/peers}}\n{{#peers}}{{/peers}}", "template-syntax 2:1"),
        BadTemplate("{{#linux}}{{#peers}}{{/peers}}{{/linux}}", "template-syntax 1:11"),
        BadTemplate("{{#nope}}{{nor}}{{/nope}}", "template-name 1:1", "template-name 1:10"),
        BadTemplate("{{{name}}}", "template-name 1:1"),
        BadTemplate("{{! comment}}", "template-name 1:1"),
        BadTemplate("{{> partial}}", "template-name 1:1"),
    ]

    @Test(arguments: bodies)
    func `a mistake in a body has its place`(_ bad: BadTemplate) {
        let (set, findings) = TargetSet.parse(own: [own(Self.header + bad.text)])
        #expect(set == nil)
        let places = findings.map { "\($0.id) \(($0.location?.line ?? 0) - 2):\($0.location?.column ?? 0)" }
        #expect(places == bad.findings)
        #expect(findings.allSatisfy { $0.location?.file == "templates/mine/file.txt" })
    }

    private static let headers: [BadTemplate] = [
        BadTemplate("", "template-header 1:1"),
        BadTemplate("path: a\n", "template-header 2:1"),
        BadTemplate("---\n", "template-header 1:1"),
        BadTemplate("mode: 0600\n---\n", "template-header 1:1"),
        BadTemplate("path\n---\n", "template-header 1:1", "template-header 1:1"),
        BadTemplate("path: /etc/x\n---\n", "template-header 1:1"),
        BadTemplate("path: etc/../x\n---\n", "template-header 1:1"),
        BadTemplate("path:\n---\n", "template-header 1:1"),
        BadTemplate("path: etc/{{nope}}\n---\n", "template-header 1:1"),
        BadTemplate("path: etc/{{private-key}}\n---\n", "template-header 1:1"),
        BadTemplate("path: etc/{{#peers}}a{{/peers}}\n---\n", "template-header 1:1"),
        BadTemplate("path: a\npath: b\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nmode: 0888\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nmode: 1777\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nmode: -0\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nmode: rw\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nwhen: never\n---\n", "template-name 2:1"),
        BadTemplate("path: a\nwhen: allowed-ips\n---\n", "template-name 2:1"),
        BadTemplate("path: a\nowner: root\n---\n", "template-header 2:1"),
        BadTemplate("path: a\nmode: 0644\n---\n{{private-key}}", "template-header 2:1"),
        BadTemplate("path: a\nmode: 0640\n---\n{{#peers}}{{preshared-key}}{{/peers}}", "template-header 2:1"),
    ]

    @Test(arguments: headers)
    func `a mistake in a header has its line`(_ bad: BadTemplate) {
        let (set, findings) = TargetSet.parse(own: [own(bad.text)])
        #expect(set == nil)
        #expect(findings.map { "\($0.id) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" } == bad.findings)
    }

    @Test func `nesting has an end`() {
        let deep = String(repeating: "{{#linux}}", count: 17)
        let (set, findings) = TargetSet.parse(own: [own(Self.header + deep)])
        #expect(set == nil && findings.contains { $0.message.contains("16 deep") })
    }

    private static let mesh = """
        mesh: test
        prefixes: [10.88.0.0/24, fd88::/64]
        peers:
          a: {public: 203.0.113.1, dns: [10.0.0.1, 10.0.0.2], routes: [172.20.1.0/24], post-up: [one, two]}
          b: {platform: app}
        """

    /// What a body renders for the peers `a` and `b`; nil where there is no file.
    private func render(_ body: String, header: String = header) throws -> [String?] {
        let (set, findings) = TargetSet.parse(own: [own(header + body)])
        #expect(findings.isEmpty)
        let rendered = RenderedMesh(try MeshPipeline.mesh(Self.mesh), [try #require(set).target("mine")])
        return [0, 1].map { host in
            rendered.artifacts(of: host, "mine").first.map { artifact in
                String(decoding: artifact.bytes { "<\(rendered.name(of: $0))>" }, as: UTF8.self)
            }
        }
    }

    @Test func `values, lists, sections and their opposites`() throws {
        #expect(try render("{{mesh}} {{ name }} {{dns}}") == ["test a 10.0.0.1, 10.0.0.2", "test b "])
        #expect(try render("{{#dns}}[{{.}}]{{/dns}}{{^dns}}none{{/dns}}") == ["[10.0.0.1][10.0.0.2]", "none"])
        #expect(try render("{{#app}}app{{/app}}{{^app}}linux{{/app}}") == ["linux", "app"])
        #expect(try render("{{#forwards}}f{{/forwards}}{{#linux}}l{{/linux}}") == ["fl", ""])
        #expect(try render("{{#peers}}({{name}} {{epoch}}){{/peers}}.") == ["(b 1).", "(a 1)."])
        #expect(
            try render("{{#peers}}{{endpoint}}{{^endpoint}}-{{/endpoint}}{{/peers}}") == ["-", "203.0.113.1:51820"])
        let ips = ["10.88.0.2/32, fd88::2/128", "10.88.0.1/32, fd88::1/128, 172.20.1.0/24"]
        #expect(try render("{{#peers}}{{allowed-ips}}{{/peers}}") == ips)
        #expect(
            try render("{{#dns}}{{#post-up}}{{.}}{{/post-up}}{{.}} {{/dns}}")[0] == "onetwo10.0.0.1 onetwo10.0.0.2 ")
        #expect(try render("}} { {x} é") == ["}} { {x} é", "}} { {x} é"])
    }

    @Test func `a section tag alone on its line takes the line with it`() throws {
        #expect(try render("x\n{{#dns}}\n{{.}}\n{{/dns}}\ny\n")[0] == "x\n10.0.0.1\n10.0.0.2\ny\n")
        #expect(try render("x\n  {{#dns}}  \n- {{.}}\n  {{/dns}}\ny\n")[0] == "x\n- 10.0.0.1\n- 10.0.0.2\ny\n")
        #expect(try render("x {{#linux}}\ny{{/linux}}\n")[0] == "x \ny\n")
        #expect(try render("{{#linux}}\nend\n{{/linux}}")[0] == "end\n")
        #expect(try render("{{name}}\n")[0] == "a\n")
        #expect(try render("{{#peers}}\n\n{{name}}\n{{/peers}}\n")[0] == "\nb\n")
    }

    @Test func `secrets are named and not there, and a condition leaves hosts out`() throws {
        #expect(try render("{{private-key}}") == ["<private key of a>", "<private key of b>"])
        #expect(try render("{{#peers}}{{preshared-key}};{{/peers}}")[0] == "<preshared key of a and b>;")
        #expect(try render("x", header: "path: etc/x\nwhen: forwards\n---\n") == ["x", nil])
        #expect(try render("x", header: "path: etc/x\nwhen: app\n---\n") == [nil, "x"])
    }

    @Test func `a header says path, mode and check`() throws {
        let text = "path: etc/{{name}}/{{interface}}.sh\nmode: 0755\ncheck: bash -n {{file}}\n---\ntrue\n"
        let (set, _) = TargetSet.parse(own: [own(text)])
        let rendered = RenderedMesh(try MeshPipeline.mesh(Self.mesh), [try #require(set).target("mine")])
        let artifact = try #require(rendered.artifacts(of: 1, "mine").first)
        #expect(artifact.path == "etc/b/wg0.sh" && artifact.mode == 0o755 && artifact.check == "bash -n {{file}}")
    }

    @Test func `an own file replaces the built-in one of its name, and others stay`() throws {
        let own = own("path: etc/other\n---\nown\n", "wg-quick", "interface.conf")
        let set = try #require(TargetSet.parse(own: [own]).set)
        #expect(set.targets.map(\.name) == ["wg-quick", "wg-setconf"])
        #expect(set.targets.map(\.isBuiltIn) == [false, true])
        let rendered = RenderedMesh(try MeshPipeline.mesh(Self.mesh), set.targets)
        #expect(rendered.tree(of: "wg-quick").keys.sorted() == ["a/etc/other", "b/etc/other"])
        #expect(
            rendered.tree(of: "wg-setconf").keys.sorted() == [
                "a/etc/wireguard/wg0.setconf", "b/etc/wireguard/wg0.setconf",
            ])
    }

    @Test func `an unknown target is named with the nearest`() throws {
        let set = try #require(TargetSet.parse(own: []).set)
        #expect(try set.target("wg-quick").isBuiltIn)
        let failure = #expect(throws: Failure.self) { _ = try set.target("wg-qick") }
        #expect(failure?.status == .usage)
        #expect(failure?.diagnostics.map(\.hint) == ["did you mean \"wg-quick\"?"])
    }
}
