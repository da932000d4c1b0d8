import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// The order in which a mesh file names things means nothing to the rules.
@Suite struct FileOrderTests {
    private func rendered(_ yaml: String) throws -> [String: [UInt8]] {
        let mesh = try MeshPipeline.mesh(yaml)
        let plan = try #require(FirewallPlan(mesh, at: nil))
        var files: [String: [UInt8]] = [:]
        for kind in [FirewallKind.nftables, .iptables, .ufw, .firewalld] {
            for host in mesh.peers.indices {
                for artifact in try Firewalls.artifacts(for: host, in: plan, kind: kind) {
                    files["\(kind), \(mesh.peers[host].name), \(artifact.path)"] = artifact.bytes { _ in "" }
                }
            }
        }
        return files
    }

    /// The lines of a list in another order; `head` is the line before the first.
    private func shuffled(_ yaml: String, below head: String, using random: inout SeededRandom) -> String {
        var lines = yaml.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.firstIndex(where: { $0 == head }).map({ $0 + 1 }) else { return yaml }
        let end = lines[first...].firstIndex { !$0.hasPrefix(head.prefix { $0 == " " } + "  - ") } ?? lines.endIndex
        lines[first..<end].shuffle(using: &random)
        return lines.joined(separator: "\n")
    }

    @Test func `rules, exceptions and the members of a set in another order are the same bytes`() throws {
        var random = SeededRandom.replayable(11, for: "the order of a mesh file")
        // Two rules that say the same, and two exceptions alike but for their reasons.
        let yaml = PolicyTexts.everything.replacing(
            "  - {from: app, to: db, service: mysql}\n",
            with: "  - {from: app, to: db, service: mysql}\n  - {from: [www, bastion], to: db, service: mysql}\n"
                + "  - {from: all except (db or www), to: app, service: [http, gluster]}\n"
        ).replacing(
            "    - {from: all, to: all, ports: [5353/udp]",
            with: "    - {from: 10.132.9.0/24, to: db, ports: [9104/tcp], reason: a second reason}\n"
                + "    - {from: all, to: all, ports: [5353/udp]")
        let once = try rendered(yaml)
        #expect(once.contains { String(decoding: $1, as: UTF8.self).contains("# app to db: mysql") })
        for _ in 0..<5 {
            var other = shuffled(yaml, below: "allow:", using: &random)
            other = shuffled(other, below: "  except:", using: &random)
            #expect(other != yaml)
            other = other.replacing("[app, gate]", with: "[gate, app]").replacing(
                "[www, bastion]", with: "[bastion, www]"
            ).replacing("(db or www)", with: "(www or db)").replacing("[https, dns]", with: "[dns, https]")
                .replacing("[http, gluster]", with: "[gluster, http]")
            let again = try rendered(other)
            #expect(again.count == once.count)
            for (file, bytes) in once { #expect(again[file] == bytes, "\(file)") }
        }
    }
}
