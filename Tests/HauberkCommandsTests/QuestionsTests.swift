import Diagnostics
import Foundation
import MeshModel
import TestSupport
import Testing

@testable import HauberkCommands

/// `can`: its answers, what decides them, and that its advice is good.
@Suite struct QuestionsTests {
    /// Ends, port, the answer, the reasons, and the line that decides, as `awk` would find it.
    private static let answers: [(question: String, answer: String, line: String)] = [
        ("web-1 app-1 web", "yes overlay rule", "- {from: www, to: app, service: [web, exporter]}"),
        ("web-1 app-1 9101/tcp", "no overlay not-exposed", "- {from: www, to: app, service: [web, exporter]}"),
        ("app-1 web-1 ssh", "no overlay expired", "- {from: app, to: www, service: ssh, until: 2020-03-01}"),
        ("app-1 db-1 8080/tcp", "no overlay default-deny", ""),
        ("app-1 app-2 echo", "no overlay no-route", ""),
        ("app-1 db-1 echo", "yes overlay icmp", ""),
        ("web-1 web-1 1/udp", "yes overlay itself", ""),
        ("anyone web-1 https", "yes underlay published", "https: {expose: {www: public}}"),
        ("anyone web-1 443/udp", "no underlay default-deny", ""),
        (
            "198.51.100.7 app-2 9000/udp", "yes underlay exception",
            "- {from: 198.51.100.0/24, to: all, ports: [9000/udp], reason: metrics}"
        ),
        ("8.8.8.8 app-2 9000/udp", "no underlay default-deny", ""),
        (
            "web-1 10.132.0.5 873/tcp", "yes underlay exception",
            "- {from: web-1, to: db-1, ports: [873/tcp], reason: copies}"
        ),
        ("web-1 10.132.0.5 3306/tcp", "no underlay plaintext", ""),
        ("tunnel-1 10.132.0.5 22/tcp", "yes underlay rescue", "rescue: {from: tunnel-1, port: 22/tcp, over: underlay}"),
        ("10.132.0.5 10.132.0.2 51820/udp", "yes underlay wireguard", ""),
        ("app-2 10.132.0.2 https", "no underlay plaintext", ""),
        ("app-2 203.0.113.2 https", "yes underlay published", "https: {expose: {www: public}}"),
        ("app-2 192.168.50.9 printer", "yes forward rule", "- {from: app, to: 192.168.50.0/24, service: printer}"),
        ("192.168.50.9 app-1 8080/tcp", "yes forward rule", "- {from: 192.168.50.0/24, to: app-1, service: web}"),
        ("192.168.50.9 app-2 8080/tcp", "no forward default-deny", ""),
        ("office 192.168.50.9 22/tcp", "yes forward itself", ""),
        ("app-1 anyone 443/tcp", "yes forward exit", "- {via: web-1, for: db-1 or app-1}"),
        ("app-1 8.8.8.8 53/udp", "yes forward exit", "- {via: web-1, for: db-1 or app-1}"),
        ("app-2 8.8.8.8 53/udp", "yes underlay unguarded", ""),
    ]

    @Test(arguments: answers)
    func `an answer has its plane, its reason and its line`(question: String, answer: String, line: String) throws {
        let words = question.split(separator: " ").map(String.init)
        let found = try QuestionsMesh.whole.answer(words[0], words[1], words[2])
        let reasons = found.deciding.map(\.reason.word)
        #expect(
            "\(found.isAllowed ? "yes" : "no") \(found.question.plane.rawValue) \(reasons.joined(separator: "+"))"
                == answer)
        let places = found.deciding.compactMap { VerdictWords(found.mesh).location($0.reason)?.line }
        let lines = QuestionsMesh.whole.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(places.map { lines[$0 - 1].drop { $0 == " " } } == (line.isEmpty ? [] : [Substring(line)]))
    }

    @Test func `all rules that allow a flow are named, since all have to go`() throws {
        let answer = try QuestionsMesh.whole.answer("app-1", "db-1", "mysql")
        #expect(answer.deciding.count == 2 && answer.changes.count == 2)
        #expect(answer.changes.map(\.line) == ["from: (app or www) except app-1", "the rule"])
    }

    @Test func `a service of which a part is open is not open, and the part is named`() throws {
        let answer = try QuestionsMesh.whole.answer("web-1", "app-1", "8080-9102/tcp")
        #expect(!answer.isAllowed && answer.open.map(\.description) == ["8080/tcp"])
    }

    private static let ends = [
        "web-1", "app-1", "app-2", "db-1", "tunnel-1", "office", "anyone", "198.51.100.7", "192.168.50.9", "10.132.0.5",
        "203.0.113.2",
    ]

    @Test(arguments: ends)
    func `who follows the advice gets the other answer`(from: String) throws {
        var count = (opened: 0, closed: 0)
        for to in Self.ends {
            for port in [
                "22/tcp", "443/tcp", "3306/tcp", "8080/tcp", "9000/udp", "9101/tcp", "873/tcp", "5000/udp", "echo",
                "printer",
            ] {
                let answer: Answer
                do {
                    answer = try QuestionsMesh.whole.answer(from, to, port)
                } catch let failure as Failure {
                    // Two strangers, or an address of a peer through a gateway.
                    #expect(failure.status == .usage && failure.diagnostics.map(\.id) == [.invalidQuestion])
                    continue
                }
                if answer.changes.isEmpty { continue }
                let advised = QuestionsMesh.whole.following(answer.changes)
                let again = try advised.answer(from, to, port, plane: answer.question.plane)
                let said = "\(from) \(to) \(port): \(answer.sentence)\n\(answer.changes.map(\.text))\n\(again.reasons)"
                #expect(again.isAllowed != answer.isAllowed, "\(said)")
                if answer.isAllowed { count.closed += 1 } else { count.opened += 1 }
            }
        }
        #expect(count.opened > 20 && count.closed > 0, "\(count)")
    }

    @Test func `through a gateway to the Internet, an exit is what is missing`() throws {
        let answer = try QuestionsMesh.whole.answer("app-2", "anyone", "443/tcp", plane: .forward)
        #expect(!answer.isAllowed && answer.changes.map(\.text) == ["add to exits:  - {via: GATEWAY, for: app-2}"])
        let again = try QuestionsMesh.whole.following(answer.changes).answer("app-2", "anyone", "443/tcp")
        #expect(again.isAllowed && again.question.plane == .forward)
    }

    @Test func `what is let in from everywhere is let in for anyone`() throws {
        let text = QuestionsMesh.whole.text.replacing("from: 198.51.100.0/24", with: "from: 0.0.0.0/0")
        #expect(try QuestionsMesh(text: text).answer("anyone", "db-1", "9000/udp").isAllowed)
        #expect(try !QuestionsMesh.whole.answer("anyone", "db-1", "9000/udp").isAllowed)
    }

    @Test func `a no that nobody enforces says so`() throws {
        let text = QuestionsMesh.whole.text.replacing("groups: [db], ", with: "groups: [db], firewall: none, ")
        let half = try QuestionsMesh(text: text).answer("web-1", "db-1", "ssh")
        #expect(!half.isAllowed && half.isEnforced)
        let both = try QuestionsMesh(text: "firewall: none\n" + text).answer("web-1", "db-1", "ssh")
        #expect(!both.isAllowed && !both.isEnforced)
        #expect(try !QuestionsMesh(text: text).answer("8.8.8.8", "db-1", "ssh").isEnforced)
    }
}
