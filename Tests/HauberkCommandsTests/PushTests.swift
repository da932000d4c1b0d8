import Delivery
import Diagnostics
import Foundation
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// What `push` says before it asks any host, with the built program as a person would use it.
@Suite struct PushTests {
    /// A mesh of two servers and a phone, rendered to `out`.
    private func rendered() throws -> TranscriptFolder {
        let folder = try TranscriptFolder()
        try folder.require("hauberk init m --name pair --prefix 10.120.0.0/16")
        try folder.require("hauberk --mesh m add web-1 --public 203.0.113.1")
        try folder.require("hauberk --mesh m add web-2 --public 203.0.113.2")
        try folder.require("hauberk --mesh m add phone --endpoint 203.0.113.9")
        try folder.require("sed -i 's/^\\( *phone: *{\\)/\\1platform: app, /' m/mesh.yaml")
        try folder.require("hauberk --mesh m render --out out")
        return folder
    }

    @Test func `a folder that is not what the mesh says is refused with what to do`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require("hauberk --mesh m set web-2 --port 5000")
        let outcome = try folder.run("hauberk --mesh m push --out out")
        #expect(outcome.status == 1)
        #expect(
            outcome.output.contains("a render would change \"phone\" and 2 more [stale-render]"), "\(outcome.output)")
        #expect(outcome.output.contains("hauberk plan --out out"))
    }

    @Test func `the record says who is behind before anybody was pushed to`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        let outcome = try folder.run("hauberk --mesh m push --out out --status")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("web-1  behind"))
        #expect(outcome.output.contains("pair: 2 of 2 hosts are behind"))
        #expect(!outcome.output.contains("phone"))
    }

    @Test(arguments: [
        ("phone --out out", 1, "is an app"), ("web-9 --out out", 64, "web-9"), ("--out absent", 66, "absent"),
        ("--out out --canary web-2 web-1", 64, "--canary"), ("--out out --wave 0%", 64, "--wave"),
        ("--out out --confirm-within 1", 64, "--confirm-within"), ("--out out --parallel 0", 64, "--parallel"),
        ("--out out --binary absent --as-rendered", 66, "absent"),
        ("--out out --user=-oProxyCommand=x", 64, "--user"),
    ])
    func `what cannot be pushed is refused before any host is asked`(line: String, status: Int32, words: String) throws
    {
        let folder = try rendered()
        defer { folder.remove() }
        let outcome = try folder.run("hauberk --mesh m push \(line)")
        #expect(outcome.status == status, "\(outcome.output)")
        #expect(outcome.output.contains(words), "\(outcome.output)")
    }

    // MARK: the record and the report

    private static let applied = #"{"outcome" : "applied", "steps" : ["a"], "rotation" : {"stage" : 2}}"#

    private func delivery(_ outcome: HostDelivery.Outcome, tree: String) -> HostDelivery {
        var delivery = HostDelivery("h1", outcome, message: outcome.isCaughtUp ? nil : "why", answer: Self.applied)
        delivery.tree = tree
        return delivery
    }

    @Test func `the record keeps what a host has acknowledged, until it may have something else`() throws {
        try withTemporaryFolder { path in
            let folder = DeliveryFolder(out: path, mesh: "pair")
            #expect(DeliveryRecord.read("h1", in: folder).tree == nil)
            try DeliveryRecord.read("h1", in: folder).adding(delivery(.new, tree: "one"), of: ["a", "b"], at: "t1")
                .write(in: folder)
            for outcome in [HostDelivery.Outcome.unreachable, .putBack, .refused] {
                try DeliveryRecord.read("h1", in: folder).adding(delivery(outcome, tree: "two"), of: ["c"], at: "t2")
                    .write(in: folder)
                let record = DeliveryRecord.read("h1", in: folder)
                #expect(record.tree == "one" && record.files == ["a", "b"] && record.acknowledged == "t1")
                #expect(record.answer?["rotation"]?["stage"] == .integer(2))
                #expect(record.last?.outcome == outcome.rawValue && record.last?.message == "why")
            }
            try DeliveryRecord.read("h1", in: folder).adding(delivery(.unknown, tree: "two"), of: [], at: "t3").write(
                in: folder)
            #expect(DeliveryRecord.read("h1", in: folder).tree == nil)
            let file = "\(path)/.hauberk/pair/delivered/h1"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            try "{".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(DeliveryRecord.read("h1", in: folder).last == nil)
        }
    }

    @Test(arguments: [1_200_000, 20_000])
    func `of an answer that is too long the record keeps how it ended and whom it waits for`(count: Int) throws {
        try withTemporaryFolder { path in
            let folder = DeliveryFolder(out: path, mesh: "pair")
            var long = delivery(.new, tree: "one")
            // What is short as it comes grows when it is indented.
            let steps = count > 64 << 10 ? "\"\(String(repeating: "x", count: count))\"" : Self.deep(count)
            long.answer = "{\"outcome\" : \"applied\", \"waiting\" : [\"key\"], \"steps\" : [\(steps)]}"
            try DeliveryRecord(peer: "h1").adding(long, of: ["a"], at: "t1").write(in: folder)
            let record = DeliveryRecord.read("h1", in: folder)
            #expect(record.tree == "one" && record.files == ["a"])
            #expect(record.answer == .object(["outcome": .text("applied"), "waiting": .list([.text("key")])]))
            long.answer = "{\"outcome\" : \"\(String(repeating: "x", count: count * 4))\"}"
            try DeliveryRecord(peer: "h1").adding(long, of: ["a"], at: "t1").write(in: folder)
            #expect(DeliveryRecord.read("h1", in: folder).answer == nil)
        }
    }

    /// Lists in lists, 100 deep, with so many numbers in the innermost.
    private static func deep(_ count: Int) -> String {
        let numbers = Array(repeating: "1", count: count / 2).joined(separator: ",")
        return String(repeating: "[", count: 100) + numbers + String(repeating: "]", count: 100)
    }

    @Test func `a record that cannot be read counts as nothing known, and stops nobody`() throws {
        let folder = try rendered()
        defer { folder.remove() }
        try folder.require(
            "mkdir -p out/.hauberk/pair/delivered && head -c 1200000 /dev/zero >out/.hauberk/pair/delivered/web-2")
        let outcome = try folder.run("hauberk --mesh m push --out out --status")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("web-2  behind") && outcome.output.contains("pair: 2 of 2 hosts are behind"))
        #expect(outcome.output.contains("what is recorded of \"web-2\" cannot be read, and counts as nothing known: "))
        let plan = try folder.run("hauberk --mesh m plan --out out --delivered")
        #expect(plan.status == 0 && plan.output.contains("  + web-1: a new host\n"), "\(plan.output)")
        #expect(plan.output.contains("  ? web-2: what is recorded of it cannot be read: push to it again\n"))
    }

    @Test func `a report names who is behind, and its status says whether only the way was missing`() throws {
        func report(_ outcomes: [HostDelivery.Outcome]) -> PushReport {
            PushReport(mesh: "pair", deliveries: outcomes.map { delivery($0, tree: "x") }, stopped: nil)
        }
        #expect(report([.new, .unchanged]).status == .done)
        #expect(report([.new, .unreachable]).status == .hostUnreachable)
        #expect(report([.putBack, .unreachable]).status == .no)
        #expect(report([.new, .notBegun]).status == .no)
        #expect(report([.new, .new]).text == "pair: of 2 hosts: 2 new")
        #expect(report([.new, .unreachable]).text.hasPrefix("HOST  OUTCOME      WHY\nh1    unreachable  why\n"))
        let json = try JSONText.encode(report([.new]))
        #expect(json.contains("\"stage\" : 2") && json.contains("\"outcome\" : \"new\""))
    }

    // MARK: what hosts say

    /// A title for the terminal, a colour, and a C1 control.
    private static let loud = #"\u001b]0;title\u0007\u001b[31mred\u009b2J"#
    private static let shown = #"\u{1B}]0;title\u{07}\u{1B}[31mred\u{009B}2J"#

    @Test func `what a host says reaches no terminal as a command`() throws {
        let folder = try TranscriptFolder.trio()
        defer { folder.remove() }
        let texts = #""steps" : ["a \#(Self.loud)"], "files" : ["b \#(Self.loud)"], "unstarted" : ["c \#(Self.loud)"]"#
        let answer = #"{"outcome" : "applied", "waiting" : ["d \#(Self.loud)"], \#(texts)}"#
        let stderr = Self.loud.replacingOccurrences(of: "\\u009b", with: "\\302\\233")
            .replacingOccurrences(of: "\\u001b", with: "\\033").replacingOccurrences(of: "\\u0007", with: "\\007")
        try folder.play("cat <<'END'\n\(answer)\nEND\nexit", by: "a1")
        try folder.play("printf 'error: e \(stderr)\\n' >&2; exit 1", by: "b1")
        let live = try folder.run("hauberk --mesh m plan --out out --live").output
        for words in ["      a \(Self.shown)\n", "      write b \(Self.shown)\n", "  ! b1: e \(Self.shown)\n"] {
            #expect(live.contains(words), "no \(words) in \(live)")
        }
        let push = try folder.run("hauberk --mesh m push --out out --max-failures 3").output
        #expect(
            push.contains("/3 b1: put back: e \(Self.shown)\n") && push.contains("b1    put back  e \(Self.shown)\n"))
        let status = try folder.run("hauberk --mesh m push --out out --status").output
        #expect(status.contains("put back: e \(Self.shown)\n"), "\(status)")
        let json = try folder.run(
            "hauberk --mesh m push --out out --json; hauberk --mesh m plan --out out --live --json"
        )
        .output
        #expect(json.contains(Self.loud), "\(json)")
        for text in [live, push, status, json] {
            #expect(!text.unicodeScalars.contains { $0 != "\n" && isInvisible($0) }, "\(text)")
        }
    }
}
