import Addresses
import HostPlans
import MeshFiles
import MeshFixtures
import MeshModel
import Testing

/// What a host's two interfaces say in each stage of a rotation.
@Suite struct RotationPlanTests {
    /// A gateway to the site's own network, and a relay for two that cannot meet.
    private static let text = """
        mesh: test
        prefixes: [10.88.0.0/16]
        rotation: {}
        sites: {office: {network: 10.0.0.0/24}}
        relays: [r]
        peers:
          gw: {site: office, private: 10.0.0.1, public: 203.0.113.1, routes: [10.0.0.0/24]}
          h: {site: office, private: 10.0.0.2, public: 203.0.113.2}
          r: {public: 203.0.113.3}
          x: {}
          y: {}
        """

    private func mesh(_ stage: RotationStage, absent: [String]) throws -> Mesh {
        var lock = try MeshPipeline.allocate(Self.text).lock
        for name in lock.peers.keys { lock.peers[name]?.next = FakeKeys.key("next \(name)") }
        for name in absent { lock.peers[name]?.progress = .absent }
        lock.rotation = LockedRotation(
            tunnel: .first,
            running: LockedRotation.Running(
                stage: stage, begun: MeshPipeline.moment(), deadline: MeshPipeline.moment(1_800_000_000),
                rotatesPreshared: false))
        return try MeshPipeline.mesh(Self.text, lock: lock)
    }

    private func plan(_ host: String, _ mesh: Mesh) throws -> HostPlan {
        MeshPlan(mesh).host(try #require(mesh.index(of: host)))
    }

    private func address(_ name: String, _ mesh: Mesh) throws -> IPPrefix {
        .host(mesh.peers[try #require(mesh.index(of: name))].addresses[0])
    }

    @Test(arguments: RotationStage.allCases)
    func `an absent gateway takes no host's own network along`(stage: RotationStage) throws {
        let mesh = try mesh(stage, absent: ["gw"])
        let interface = try plan("h", mesh).interface
        let expected = stage == .prepared ? [] : [try address("gw", mesh)]
        #expect(interface.keptRoutes == expected)
        #expect(interface.metric == (stage == .prepared ? nil : 2049))
    }

    @Test func `who is behind an absent relay keeps the way through it, and nobody else`() throws {
        let mesh = try mesh(.retiring, absent: ["r"])
        let plan = try plan("x", mesh)
        #expect(Set(plan.interface.keptRoutes) == Set([try address("r", mesh), try address("y", mesh)]))
        #expect(plan.sections.map(\.peer) == [try #require(mesh.index(of: "r"))])
        #expect(try self.plan("y", mesh).interface.keptRoutes.contains(try address("x", mesh)))
    }

    @Test func `who is left behind a relay that is there is the relay's alone`() throws {
        let mesh = try mesh(.retiring, absent: ["x"])
        #expect(try plan("y", mesh).interface.keptRoutes == [])
        #expect(try plan("r", mesh).interface.keptRoutes == [try address("x", mesh)])
    }

    @Test func `the next mesh has the next keys, the twin and the next port`() throws {
        let mesh = try mesh(.switched, absent: [])
        let next = try #require(mesh.next)
        let (now, then) = (try plan("h", mesh).interface, try plan("h", next).interface)
        #expect(now.name.description == "wg0" && then.name.description == "wg0-b")
        #expect(now.port.number == 51820 && then.port.number == 51821)
        #expect(now.metric == 2049 && then.metric == nil)
        #expect(next.peers.allSatisfy { $0.epoch == 2 && $0.publicKey == FakeKeys.key("next \($0.name)") })
        let endpoints = try plan("h", next).sections.compactMap(\.endpoint?.port.number)
        #expect(!endpoints.isEmpty && endpoints.allSatisfy { $0 == 51821 })
        #expect(try plan("h", next).sections.allSatisfy { $0.keepalive == 25 })
    }
}
