import Diagnostics
import MeshFiles
import MeshModel

@testable import HauberkCommands

/// A mesh with a policy, as a text that advice can be followed in, line by line.
struct QuestionsMesh {
    var text: String

    /// Every kind of thing that decides a flow, each on a line of its own.
    static let whole = QuestionsMesh(
        text: """
            mesh: shop
            prefixes: [10.95.0.0/16]
            sites:
              nyc3: {network: 10.132.0.0/16, public-interface: eth0}
            groups: {www: {}, app: {}, db: {}, bastion: {}}
            topology: custom
            links:
              - [www, all]
              - [app, db]
              - [bastion, all]
              - [office, app]
            services:
              https: {expose: {www: public}}
              web: {ports: [8080/tcp], expose: {app: private}}
              mysql: {expose: {db: private}}
              ssh: {expose: {bastion: public, all: private}}
              exporter: {ports: [9100-9102/tcp], expose: {all: internal}}
              printer: {ports: [631/tcp]}
            allow:
              - {from: www, to: app, service: [web, exporter]}
              - {from: [app, www], to: db, service: mysql}
              - {from: app-1, to: db, service: mysql}
              - {from: bastion, to: all, service: ssh}
              - {from: app, to: www, service: ssh, until: 2020-03-01}
              - {from: app, to: 192.168.50.0/24, service: printer}
              - {from: 192.168.50.0/24, to: app-1, service: web}
            guard:
              plaintext: reject
              rescue: {from: tunnel-1, port: 22/tcp, over: underlay}
              except:
                - {from: 198.51.100.0/24, to: all, ports: [9000/udp], reason: metrics}
                - {from: web-1, to: db-1, ports: [873/tcp], reason: copies}
            exits:
              - {via: web-1, for: db-1 or app-1}
            peers:
              web-1: {groups: [www], site: nyc3, private: 10.132.0.2, public: 203.0.113.2}
              app-1: {groups: [app], site: nyc3, private: 10.132.0.3}
              app-2: {groups: [app], site: nyc3, private: 10.132.0.4}
              db-1: {groups: [db], site: nyc3, private: 10.132.0.5}
              tunnel-1: {groups: [bastion], site: nyc3, private: 10.132.0.6, public: 203.0.113.6}
              office: {site: nyc3, private: 10.132.0.7, routes: [192.168.50.0/24]}

            """)

    /// 2026-11-21T00:00:00Z.
    static let moment: Int64 = 1_795_219_200

    func answer(_ from: String, _ to: String, _ port: String, plane: Plane? = nil) throws -> Answer {
        let tree = try YAMLTree(parsing: Array(text.utf8), file: "mesh.yaml")
        let check = MeshCheck.check(tree.root, file: "mesh.yaml", lock: nil, at: Self.moment)
        guard !check.isRefused, let declared = check.declared else { throw Failure(.meshInvalid, check.findings) }
        let words = QuestionWords(from: from, to: to, port: port, plane: plane)
        return Answer(try Question(words, lock: nil, declared), declared, at: Self.moment)
    }

    /// The mesh after the advice has been followed as a person would.
    func following(_ changes: [Advice.Change]) -> QuestionsMesh {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // From the last line to the first, so that places hold.
        for change in changes.sorted(by: { ($0.location?.line ?? 0) > ($1.location?.line ?? 0) }) {
            if let location = change.location {
                Self.follow(change, at: location.line - 1, location.column - 1, &lines)
            } else {
                Self.add(change, &lines)
            }
        }
        return QuestionsMesh(text: lines.joined(separator: "\n"))
    }

    private static func follow(_ change: Advice.Change, at line: Int, _ column: Int, _ lines: inout [String]) {
        if change.action == .remove {
            lines.remove(at: line)
            return
        }
        let head = lines[line].prefix(column)
        let rest = lines[line].dropFirst(column)
        let key = change.line.prefix { $0 != ":" }
        if head.allSatisfy({ $0 == " " }) {
            lines[line] = "\(head)\(change.line)"
        } else if rest.hasPrefix(key + ":") {
            lines[line] = "\(head)\(change.line)\(rest.drop { $0 != "," && $0 != "}" })"
        } else {
            // The place is that of the value, behind its key.
            let isList = rest.hasPrefix("[")
            let tail = isList ? rest.drop { $0 != "]" }.dropFirst() : rest.drop { $0 != "," && $0 != "}" }
            let value = change.line.dropFirst(key.count + 2)
            lines[line] = "\(head)\(key == "until" ? "2099-01-01" : String(value))\(tail)"
        }
    }

    private static func add(_ change: Advice.Change, _ lines: inout [String]) {
        switch change.field {
        case "guard.except": lines.insert("    \(change.line)", at: place(of: "  except:", lines) + 1)
        case "icmp": lines.append("icmp: {\(change.line)}")
        case "links" where !lines.contains("links:"): lines.append("links: [\(change.line.dropFirst(2))]")
        default:
            let line = change.line.replacing("GATEWAY", with: "web-1")
            lines.insert("  \(line)", at: place(of: "\(change.field):", lines) + 1)
        }
    }

    private static func place(of line: String, _ lines: [String]) -> Int { lines.firstIndex(of: line) ?? 0 }
}
