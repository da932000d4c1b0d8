import Addresses
import Glibc
import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import TestSupport
import Testing

/// What is rendered, whole, for people to look at: `UPDATE_GOLDEN=1` rewrites it and fails the run; under `CI` that is
/// refused.
@Suite(.serialized) struct IptablesGoldenTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Goldens"

    private static let subjects: [(name: String, yaml: String, peers: [String])] = [
        ("six", PolicyTexts.sixServers, ["haproxy-www", "mysql-1"]), ("everything", PolicyTexts.everything, ["gate"]),
    ]

    private func rendered() throws -> [String: String] {
        var tree: [String: String] = [:]
        for subject in Self.subjects {
            let mesh = try MeshPipeline.mesh(subject.yaml)
            let plan = try #require(FirewallPlan(mesh, at: nil))
            for kind in [FirewallKind.iptables, .ufw] {
                for peer in subject.peers {
                    let host = try #require(mesh.index(of: peer))
                    for artifact in try Firewalls.artifacts(for: host, in: plan, kind: kind) {
                        tree["\(subject.name)/\(kind.rawValue)/\(peer)/\(artifact.path)"] = String(
                            decoding: artifact.bytes { _ in "" }, as: UTF8.self)
                    }
                }
            }
        }
        return tree
    }

    @Test func `the rules of iptables and of ufw are as they are in the golden files`() throws {
        let rendered = try rendered()
        #expect(rendered.count == 3 * (5 + 6))
        if getenv("UPDATE_GOLDEN").map({ String(cString: $0) }) == "1" {
            guard getenv("CI") == nil else {
                Issue.record("goldens are not rewritten in CI")
                return
            }
            for file in tree(Self.folder) { unlink("\(Self.folder)/\(file)") }
            for (path, text) in rendered {
                let parts = "\(Self.folder)/\(path)".split(separator: "/").dropLast()
                for count in 1...parts.count { makeMissingFolder("/" + parts.prefix(count).joined(separator: "/")) }
                try save(text, to: "\(Self.folder)/\(path)")
            }
            Issue.record("the goldens were rewritten: look at them with git diff, then run without UPDATE_GOLDEN")
        }
        let golden = rendered.keys.reduce(into: [String: String]()) { $0[$1] = text("\(Self.folder)/\($1)") }
        for (path, text) in rendered.sorted(by: { $0.key < $1.key }) { #expect(golden[path] == text, "\(path)") }
    }

    /// Names and prefixes are cut without a word where they are too long.
    @Test func `with the longest name of an interface, chains, sets and the log's words are short enough`() throws {
        let yaml = PolicyTexts.everything.replacing(
            "groups: {www", with: "wireguard: {interface: wireguard-abcde}\ngroups: {www")
        let mesh = try MeshPipeline.mesh(yaml)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        var chains = 0
        for host in mesh.peers.indices {
            for kind in [FirewallKind.iptables, .ufw] {
                for artifact in try Firewalls.artifacts(for: host, in: plan, kind: kind) {
                    let text = String(decoding: artifact.bytes { _ in "" }, as: UTF8.self)
                    for line in text.split(separator: "\n") {
                        if line.hasPrefix(":HAUBERK") {
                            chains += 1
                            #expect(line.split(separator: " ")[0].count - 1 <= 28, "\(line)")
                        }
                        if let prefix = line.split(separator: "\"").dropFirst().first, line.contains(" LOG ") {
                            #expect(prefix.count <= 29, "\(line)")
                        }
                    }
                }
            }
        }
        #expect(chains > 100)
    }
}
