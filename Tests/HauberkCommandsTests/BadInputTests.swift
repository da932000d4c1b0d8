import Diagnostics
import Foundation
import Testing

@Suite struct BadInputTests {
    @Test(arguments: BadInputCase.all)
    func `bad input ends with its status and findings, writes nothing and shows no secret`(item: BadInputCase) throws {
        guard let outcome = try BadInputScene().play(item) else { return print("skipped: \(item)") }
        let shown = Comment(rawValue: (outcome.errors + outcome.output).joined(separator: "\n"))
        #expect(outcome.status == item.status, shown)
        #expect(outcome.findings == item.findings, shown)
        #expect(BadInputCase.matches(item.errors, outcome.errors), shown)
        #expect(BadInputCase.matches(item.output, outcome.output), shown)
        if !item.mayWrite { #expect(changes(outcome) == [], "files were changed") }
        for line in outcome.errors + outcome.output { expectHarmless(line) }
    }

    @Test func `the fixtures are there, each with a title of its own`() {
        #expect(BadInputCase.all.count > 250)
        for (name, cases) in BadInputCase.files {
            #expect(!cases.isEmpty, "\(name) holds no case")
            #expect(Set(cases.map(\.title)).count == cases.count, "\(name) has a title twice")
            #expect(cases.allSatisfy { $0.status >= 0 && !$0.command.isEmpty }, "\(name) has half a case")
        }
    }

    @Test(arguments: [
        ("list", ["addresses", "endpoints", "epoch", "groups", "name", "publicKey", "site", "state"]),
        (
            "show hub-1",
            [
                "addresses", "allowedIPs", "endpoint", "epoch", "forwards", "interface", "mesh", "mtu", "name", "peers",
                "port", "privateKey", "publicKey", "relayFor", "routes",
            ]
        ),
        ("check", ["column", "file", "hint", "id", "line", "message", "severity"]), ("operator list", ["key", "name"]),
    ])
    func `the JSON of a reading verb parses, and its names are these`(verb: String, names: [String]) throws {
        var item = BadInputCase(description: verb, title: verb)
        // A warning, so that there is something to check.
        item.preparation = ["chmod 640 m/mesh.keys"]
        item.command = "hauberk --mesh m \(verb) --json"
        let outcome = try #require(try BadInputScene().play(item))
        #expect(outcome.status == 0 && outcome.errors == [])
        let text = Data(outcome.output.joined(separator: "\n").utf8)
        #expect(Self.names(in: try JSONSerialization.jsonObject(with: text)).sorted() == names)
    }

    private static func names(in value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(names(in: $1)) } }
        guard let fields = value as? [String: Any] else { return [] }
        return fields.values.reduce(into: Set(fields.keys)) { $0.formUnion(names(in: $1)) }
    }

    @Test func `the search for secrets would find one, and the search for changes too`() throws {
        let secrets = BadInputScene.base.secrets
        #expect(secrets.count > 8, "no secrets to search for")
        #expect(leaks(in: "PrivateKey = \(secrets[0])") > 0)
        let scene = BadInputScene()
        var item = BadInputCase(description: "control", title: "control")
        item.command = "hauberk --mesh m render --out out && cat out/*/etc/wireguard/wg0.conf && touch m/mesh.yaml"
        let outcome = try #require(try scene.play(item))
        // Three private keys, and three preshared keys on both sides.
        #expect(outcome.status == 0)
        #expect(outcome.output.reduce(0) { $0 + leaks(in: $1) } >= 6)
        #expect(changes(outcome).contains("/m/mesh.yaml") && changes(outcome).contains("/out"))
    }

    /// `UPDATE_GOLDEN=1` writes what the program prints now into the fixtures, and fails.
    @Test(.enabled(if: getenv("UPDATE_GOLDEN") != nil, "on demand: UPDATE_GOLDEN=1"))
    func `the printed lines are brought up to date`() throws {
        try #require(getenv("CI") == nil, "never in CI: somebody must read what changed")
        for (name, cases) in BadInputCase.files {
            let text = try cases.map { item in item.text(try #require(try BadInputScene().play(item))) }.joined(
                separator: "\n")
            let file = try #require(fopen("\(BadInputCase.folder)/\(name)", "w"))
            fputs(text, file)
            fclose(file)
        }
        Issue.record("the fixtures were rewritten: read the difference, and run again")
    }

    /// The paths that are new, gone or different.
    private func changes(_ outcome: BadInputOutcome) -> [String] {
        let (before, after) = (outcome.before, outcome.after)
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    private func expectHarmless(_ line: String) {
        #expect(leaks(in: line) == 0, "a secret is shown")
        #expect(
            !line.unicodeScalars.contains { $0.value < 0x20 && $0.value != 0x09 || (0x7f...0x9f).contains($0.value) })
        #expect(line.unicodeScalars.count < 1000)
        for trace in ["Fatal error", "Stack dump", "Backtrace", "Crash", ".swift:", "core dumped", "0x0000"] {
            #expect(!line.contains(trace))
        }
    }

    /// How many of the planted secrets the line shows, also without their padding.
    private func leaks(in line: String) -> Int {
        BadInputScene.base.secrets.count { secret in
            line.contains(secret.hasSuffix("=") ? String(secret.dropLast()) : secret)
        }
    }
}
