import Foundation
import TestSupport
import Testing

/// What ss and netstat say of real services, and what `hauberk audit` says of that.
///
/// `Recorded/` holds a recording of `Scripts/services.sh`, and beside each list the audit of it in a file `….audit`.
@Suite(.serialized) struct AuditedServicesTests {
    static let rounds = ["wide", "narrow", "right"]
    static let tools = ["ss", "netstat", "netstat-wide"]
    static let lists = rounds.flatMap { round in tools.map { "\(round).\($0)" } }
    private static let recorded = "\(Script.folder)/Recorded"

    @Test(arguments: lists)
    func `a recorded list is judged as the file beside it says`(list: String) throws {
        try withTemporaryFolder { folder in
            let mesh = try Self.mesh(in: folder)
            let found = try Self.audit("\(Self.recorded)/\(list)", mesh, in: folder)
            if getenv("UPDATE_GOLDEN") != nil, getenv("CI") == nil {
                try save(found, to: "\(Self.recorded)/\(list).audit")
                Issue.record("\(list).audit was written: read the difference, and run again")
            }
            #expect(found == text("\(Self.recorded)/\(list).audit"))
        }
    }

    // server-1 with sshd, nginx, MariaDB, Redis, HAProxy, memcached, dnsmasq, PostgreSQL, rsyslog and wireguard-go
    @Test(.enabled(if: Script.services.isPossible, "packages are missing"))
    func `nine real services are judged as they were when they were recorded`() throws {
        try withTemporaryFolder { folder in
            let mesh = try Self.mesh(in: folder)
            let end = try Script.services.run([folder, mesh], in: folder)
            #expect(end.status == 0, "\(end.errors)")
            for list in Self.lists {
                let found = try Self.audit("\(folder)/\(list)", mesh, in: folder)
                let recorded = text("\(Self.recorded)/\(list).audit") ?? ""
                #expect(Self.unordered(found) == Self.unordered(recorded), "\(text("\(folder)/\(list)") ?? "")")
            }
            for round in Self.rounds {
                let recorded = text("\(Self.recorded)/\(round).ss.audit") ?? ""
                let local = text("\(folder)/\(round).local") ?? "nothing"
                #expect(recorded.hasPrefix(local), "\(local)")
            }
        }
    }

    @Test func `JSON says the same of several hosts at once, and its names are these`() throws {
        try withTemporaryFolder { folder in
            let mesh = try Self.mesh(in: folder)
            let lists = ["server-1=\(Self.recorded)/wide.ss", "client-1=\(Self.recorded)/right.ss"]
            let end = try Self.hauberk(
                ["audit", "--mesh", mesh, "--json"] + lists.flatMap { ["--from", $0] }, in: folder)
            #expect(end.status == 1 && end.errors == "")
            let rows = try #require(try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [[String: Any]])
            let names = Set(rows.flatMap(\.keys)).sorted()
            #expect(
                names == [
                    "bound", "exposure", "findings", "openTo", "peer", "ports", "programs", "service", "standing",
                    "transport",
                ])
            let findings = rows.flatMap { $0["findings"] as? [[String: Any]] ?? [] }
            #expect(Set(findings.flatMap(\.keys)).sorted() == ["hints", "message", "problem"])
            #expect(Set(rows.compactMap { $0["peer"] as? String }) == ["server-1", "client-1"])
            let ports = rows.filter { $0["peer"] as? String == "server-1" }.compactMap { $0["ports"] as? String }
            #expect(ports == ["22", "53", "80", "443", "3306", "5432", "6379", "11211", "53", "514", "51820"])
            // What is right for a server is undeclared on its client, but for what only the host itself can reach.
            let strays = rows.filter { $0["standing"] as? String == "undeclared" }
            #expect(strays.count == 9, "\(end.output)")
        }
    }

    /// The lines of an audit; of a list that is refused without its order, which is the kernel's.
    private static func unordered(_ audit: String) -> [String] {
        let lines = audit.replacing(#/netstat:\d+:/#, with: "netstat:N:").split(separator: "\n").map(String.init)
        return lines.last == "exit 65" ? lines.sorted() : lines
    }

    /// The recorded mesh with a lock file and a keyring of its own.
    private static func mesh(in folder: String) throws -> String {
        let mesh = "\(folder)/mesh"
        mkdir(mesh, 0o700)
        try save(try #require(text("\(recorded)/mesh.yaml")), to: "\(mesh)/mesh.yaml")
        let end = try hauberk(["init", mesh, "--operator", "tester"], in: folder)
        #expect(end.status == 0, "\(end.errors)")
        return mesh
    }

    /// Both outputs and the exit status; the list is named by its file alone.
    private static func audit(_ list: String, _ mesh: String, in folder: String) throws -> String {
        let end = try hauberk(["audit", "--mesh", mesh, "--from", "server-1=\(list)"], in: folder)
        let said = end.output + end.errors + "exit \(end.status ?? -1)\n"
        let place = list.prefix(through: list.lastIndex(of: "/") ?? list.startIndex)
        return said.split(separator: place, omittingEmptySubsequences: false).joined()
    }

    private static func hauberk(_ words: [String], in folder: String) throws -> ProgramEnd {
        try BuiltProgram("hauberk").run(words, tracer: ["env", "HAUBERK_IDENTITY=\(folder)/identity"], in: folder)
    }
}
