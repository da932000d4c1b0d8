import HostPlans
import MeshFixtures
import MeshModel
import Rendering
import Testing

/// What holds for every built-in target, whatever it renders.
@Suite struct ConformanceTests {
    private static let mesh = """
        mesh: test
        prefixes: [10.88.0.0/24, 'fd88::/64']
        relays: [r]
        peers:
          r: {public: 192.0.2.1, routes: [172.20.0.0/16]}
          a: {}
          b: {interface: wgb, fwmark: 7, post-up: [one]}
          c: {public: 192.0.2.3, public-key: \(FakeKeys.key("c"))}
          phone: {platform: app}
        """

    private static let targets = TargetSet.builtInTargets.map(\.name)

    private func rendered(_ text: String = mesh) throws -> RenderedMesh {
        RenderedMesh(try MeshPipeline.mesh(text), TargetSet.builtInTargets)
    }

    /// Every artifact of every host.
    private func artifacts(_ target: String) throws -> [Artifact] {
        let rendered = try rendered()
        let artifacts = rendered.mesh.peers.indices.flatMap { rendered.artifacts(of: $0, target) }
        #expect(artifacts.count >= rendered.mesh.peers.count)
        return artifacts
    }

    @Test func `there are targets`() {
        #expect(Self.targets == ["wg-quick", "wg-setconf"])
    }

    @Test(arguments: targets)
    func `a target is deterministic`(_ target: String) throws {
        #expect(try rendered().tree(of: target) == rendered().tree(of: target))
        let lines = Self.mesh.split(separator: "\n")
        let turned = (lines.prefix(4) + lines.dropFirst(4).reversed()).joined(separator: "\n")
        #expect(try rendered(turned).tree(of: target) == rendered().tree(of: target))
    }

    @Test(arguments: targets)
    func `sections are sorted by name`(_ target: String) throws {
        let rendered = try rendered()
        for host in rendered.mesh.peers.indices {
            let (config, _) = WireGuardConfig.parse(rendered.text(of: host, target), file: target)
            let order = config.peers.map { peer in
                rendered.mesh.peers.firstIndex { $0.publicKey == peer.publicKey } ?? -1
            }
            #expect(order == order.sorted() && !order.isEmpty)
        }
    }

    @Test(arguments: targets)
    func `a file ends in one line feed, holds no control character and no space at a line's end`(_ target: String)
        throws
    {
        for artifact in try artifacts(target) {
            let bytes = artifact.bytes { _ in "secret" }
            #expect(bytes.last == 0x0a && bytes.dropLast().last != 0x0a)
            #expect(bytes.allSatisfy { $0 == 0x0a || $0 >= 0x20 && $0 != 0x7f })
            #expect(!zip(bytes, bytes.dropFirst()).contains { $0 == 0x20 && $1 == 0x0a })
        }
    }

    @Test(arguments: targets)
    func `a file with a secret is its owner's alone`(_ target: String) throws {
        for artifact in try artifacts(target) {
            var secrets = 0
            _ = artifact.bytes { _ in
                secrets += 1
                return ""
            }
            #expect(secrets > 0 && artifact.mode == 0o600)
        }
    }

    @Test(arguments: targets)
    func `a path is below etc and leaves it nowhere`(_ target: String) throws {
        for artifact in try artifacts(target) {
            let parts = artifact.path.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.first == "etc" && parts.count > 1)
            #expect(!parts.contains { $0.isEmpty || $0 == "." || $0 == ".." })
        }
    }

    @Test(arguments: targets)
    func `an artifact's size is that of its bytes`(_ target: String) throws {
        for artifact in try artifacts(target) {
            let stars = String(repeating: "*", count: SecretRef.textLength)
            #expect(artifact.byteCount == artifact.bytes { _ in stars }.count)
        }
    }

    /// Nothing that renders ever sees a secret: a dump of the plans and artifacts has holes where they go.
    @Test(arguments: targets)
    func `neither plan nor artifact holds a secret`(_ target: String) throws {
        let rendered = try rendered()
        let planted = Set(
            rendered.mesh.peers.indices.flatMap { a in
                [SecretRef.privateKey(a)] + rendered.mesh.peers.indices.map { .presharedKey(a, $0) }
            }.map(rendered.fakeSecret))
        for host in rendered.hosts {
            var text = ""
            dump(host, to: &text)
            for artifact in rendered.artifacts(of: host.host, target) {
                dump(artifact, to: &text)
                text += String(decoding: artifact.bytes { "<\(rendered.name(of: $0))>" }, as: UTF8.self)
                let shown = String(decoding: artifact.bytes(replacing: rendered.fakeSecret), as: UTF8.self)
                #expect(planted.contains { shown.contains($0) })
            }
            #expect(!planted.contains { text.contains($0) })
        }
    }

    @Test func `only the owner's file has a private key, and both ends name one preshared key`() throws {
        let rendered = try rendered()
        for host in rendered.hosts {
            for artifact in rendered.artifacts(of: host.host, "wg-quick") {
                var refs: [SecretRef] = []
                _ = artifact.bytes { secret in
                    refs.append(secret)
                    return ""
                }
                let own = refs.filter { if case .privateKey = $0 { true } else { false } }
                #expect(own == (host.interface.holdsOwnKey ? [] : [.privateKey(host.host)]))
                let shared = host.sections.map { SecretRef.presharedKey(host.host, $0.peer) }
                #expect(refs.filter { !own.contains($0) } == shared)
            }
        }
    }
}
