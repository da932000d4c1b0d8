import HostPlans
import MeshFixtures
import MeshModel
import Testing

/// Who talks to whom, and through whom.
@Suite struct TopologyTests {
    /// `a-b` for a direct pair, `a-r-b` for one through a relay, sorted.
    private func routes(_ body: String) throws -> [String] {
        let mesh = try PlannedMesh(body).mesh
        return mesh.peers.indices.flatMap { a in
            mesh.peers.indices.filter { $0 > a }.compactMap { b in
                let (left, right) = (mesh.peers[a].name, mesh.peers[b].name)
                switch mesh.topology[a, b] {
                case .direct: return "\(left)-\(right)"
                case .relay(let relay): return "\(left)-\(mesh.peers[relay].name)-\(right)"
                case .none, .impossible: return nil
                }
            }
        }
    }

    private static let open = "a: {public: 192.0.2.1}, b: {public: 192.0.2.2}, c: {public: 192.0.2.3}"

    @Test func `in a mesh every pair talks`() throws {
        #expect(try routes("peers: {\(Self.open)}") == ["a-b", "a-c", "b-c"])
        #expect(try routes("topology: mesh\npeers: {\(Self.open)}") == ["a-b", "a-c", "b-c"])
    }

    @Test func `in a hub topology all talk through the first hub that both can meet`() throws {
        #expect(try routes("topology: hub\nhubs: [b]\npeers: {\(Self.open)}") == ["a-b", "a-b-c", "b-c"])
        #expect(try routes("topology: hub\nhubs: [c, b]\npeers: {\(Self.open)}") == ["a-b", "a-c", "b-c"])
        #expect(try routes("topology: hub\nhubs: [all]\npeers: {\(Self.open)}") == ["a-b", "a-c", "b-c"])
        let two =
            "topology: hub\nhubs: [six, h]\nrelays: [h]\npeers: {six: {public: '2001:db8::1'}, h: {public: [192.0.2.9, '2001:db8::9']}, "
        #expect(
            try routes(two + "a: {public: 192.0.2.1}, n: {}}") == ["a-h", "a-h-n", "a-h-six", "h-n", "h-six", "n-six"])
    }

    @Test func `a relay of a hub topology talks to both ends, whatever their names`() throws {
        for name in ["aa", "m", "zz"] {
            let text = """
                topology: hub
                hubs: [hub]
                relays: [\(name)]
                peers: {hub: {public: '2001:db8::1'}, \(name): {public: [192.0.2.9, '2001:db8::9']}, k: {public: 192.0.2.1}}
                """
            let found = try routes(text)
            #expect(found.contains("hub-\(name)-k") || found.contains("k-\(name)-hub"), "\(found)")
            #expect(found.filter { $0.split(separator: "-").count == 2 }.count == 2, "\(found)")
        }
    }

    @Test func `links join groups, names and everybody`() throws {
        let groups = "groups: {g: {}, h: {}}\ntopology: custom\n"
        let peers = """
            peers:
              a: {groups: [g], public: 192.0.2.1}
              b: {groups: [g, h], public: 192.0.2.2}
              c: {groups: [h], public: 192.0.2.3}
              d: {public: 192.0.2.4}
            """
        #expect(try routes(groups + "links: [[g, h]]\n" + peers) == ["a-b", "a-c", "b-c"])
        #expect(try routes(groups + "links: [[g, g]]\n" + peers) == ["a-b"])
        #expect(try routes(groups + "links: [[d, all]]\n" + peers) == ["a-d", "b-d", "c-d"])
        #expect(try routes(groups + "links: [[all, all]]\n" + peers).count == 6)
        #expect(try routes(groups + "links: [[a, a]]\n" + peers).isEmpty)
    }

    @Test func `pairs that cannot meet go through the first relay that both can reach`() throws {
        let peers = "peers: {a: {}, b: {}, r: {public: 192.0.2.1}, s: {public: 192.0.2.2}}"
        #expect(try routes("relays: [s, r]\n" + peers) == ["a-s-b", "a-r", "a-s", "b-r", "b-s", "r-s"])
        let grouped =
            "groups: {relay: {}}\nrelays: [relay]\npeers: {a: {}, b: {}, r: {public: 192.0.2.1, groups: [relay]}, s: {public: 192.0.2.2, groups: [relay]}}"
        #expect(try routes(grouped) == ["a-r-b", "a-r", "a-s", "b-r", "b-s", "r-s"])
        let disabled = peers.replacing("r: {", with: "r: {disabled: yes, ")
        #expect(try routes("relays: [r, s]\n" + disabled) == ["a-s-b", "a-s", "b-s"])
    }

    @Test func `a relay can itself be relayed`() throws {
        let text = """
            relays: [four, both]
            peers:
              four: {public: 192.0.2.1}
              both: {public: [192.0.2.2, '2001:db8::2']}
              six: {public: '2001:db8::3'}
              nat: {}
              nut: {}
            """
        let found = try routes(text)
        #expect(found.contains("four-both-six") && found.contains("nat-four-nut"))
        #expect(found.filter { $0.split(separator: "-").count == 3 }.count == 2)
    }

    @Test func `a relay joins the ends of a link that names neither it nor others`() throws {
        let text =
            "topology: custom\nlinks: [[a, b]]\nrelays: [r]\npeers: {a: {}, b: {}, c: {}, r: {public: 192.0.2.1}}"
        #expect(try routes(text) == ["a-r-b", "a-r", "b-r"])
    }

    @Test func `peers that others see alike are one class, and hubs are alone`() throws {
        let clients = (1...9).map { "n\($0): {}" }.joined(separator: ", ")
        let hub = try PlannedMesh("topology: hub\nhubs: [h]\npeers: {h: {public: 192.0.2.1}, \(clients)}")
        #expect(hub.mesh.topology.classes.count == 2 && hub.mesh.topology.relays == [0])
        let mesh = try PlannedMesh(
            "peers: {a: {public: 192.0.2.1}, b: {public: 192.0.2.2}, c: {public: '2001:db8::3'}}\nrelays: [d]"
                .replacing("}}\n", with: "}, d: {public: [192.0.2.4, '2001:db8::4']}}\n"))
        #expect(mesh.mesh.topology.classes.count == 3)
        #expect(mesh.mesh.topology.members.flatMap { $0 }.sorted() == Array(0..<4))
    }
}
