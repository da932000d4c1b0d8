package import HostPlans
package import MeshModel
package import Rendering

/// A mesh rendered by targets, its artifacts at hand by host.
package struct RenderedMesh {
    package let mesh: Mesh
    package let hosts: [HostPlan]
    private let renderers: [String: [HostRenderer]]

    package init(_ mesh: Mesh, _ targets: [Target]) {
        self.mesh = mesh
        let plan = MeshPlan(mesh)
        let views = (0..<plan.classCount).map { plan.view($0) }
        hosts = mesh.peers.indices.map { plan.host($0, in: views[mesh.topology.classOfPeer[$0]]) }
        var renderers: [String: [HostRenderer]] = [:]
        for target in targets { renderers[target.name] = views.map { HostRenderer(target, for: $0, in: plan) } }
        self.renderers = renderers
    }

    package func artifacts(of host: Int, _ target: String) -> [Artifact] {
        renderers[target]?[mesh.topology.classOfPeer[host]].artifacts(for: hosts[host]) ?? []
    }

    /// The text of a host's only artifact of a target, with fake keys in place of secrets.
    package func text(of host: Int, _ target: String) -> [UInt8] {
        artifacts(of: host, target).first?.bytes(replacing: fakeSecret) ?? []
    }

    /// What each secret is, in words that fit between angle brackets.
    package func name(of secret: SecretRef) -> String {
        switch secret {
        case .privateKey(let peer): return "private key of \(mesh.peers[peer].name)"
        case .presharedKey(let a, let b):
            let names = [a, b].sorted().map { mesh.peers[$0].name }
            return "preshared key of \(names[0]) and \(names[1])"
        }
    }

    /// A throw-away key that is the same for the same secret.
    package func fakeSecret(_ secret: SecretRef) -> String { FakeKeys.key(name(of: secret)) }

    /// Every file of every host: its path, and its text with each secret named in angle brackets.
    package func tree(of target: String) -> [String: [UInt8]] {
        var tree: [String: [UInt8]] = [:]
        for host in mesh.peers.indices {
            for artifact in artifacts(of: host, target) {
                tree["\(mesh.peers[host].name)/\(artifact.path)"] = artifact.bytes { "<\(name(of: $0))>" }
            }
        }
        return tree
    }
}

extension TargetSet {
    /// The targets that come with the program.
    package static var builtInTargets: [Target] {
        let (set, findings) = parse(own: [])
        precondition(findings.isEmpty, "\(findings)")
        return set?.targets ?? []
    }
}
