import Addresses
package import Diagnostics
package import MeshFiles

/// The outcome of holding `mesh.yaml` and `mesh.lock` against every rule.
package struct MeshCheck: Sendable {
    /// Everything that was found, in the order of printing.
    package let findings: [Diagnostic]
    /// Nil when the mesh file has a mistake of form.
    package let declared: DeclaredMesh?
    /// Nil when there is an error, or when something is not allocated yet.
    package let mesh: Mesh?

    /// Whether a finding is an error.
    package var isRefused: Bool { findings.contains { $0.severity == .error } }

    /// Runs all rules and reports all findings; never throws.
    ///
    /// A nil lock stands for a mesh of which nothing is allocated yet. `moment` is the present in seconds since 1970; nil
    /// takes every rule with `until:` as holding.
    package static func check(_ root: YAMLNode, file: String, lock: LockFile?, at moment: Int64? = nil) -> MeshCheck {
        let (declared, formFindings) = MeshDecoder.decode(root, file: file)
        guard let declared else { return MeshCheck(findings: formFindings, declared: nil, mesh: nil) }
        let input = RuleInput(mesh: declared, lock: lock, at: moment)
        let findings = (formFindings + Rules.all.flatMap { $0.findings(in: input) }).sorted()
        let isRefused = findings.contains { $0.severity == .error }
        return MeshCheck(findings: findings, declared: declared, mesh: isRefused ? nil : input.mesh(lock))
    }
}

extension RuleInput {
    /// Whether every group of the mesh, and no other, has a block of every family.
    private func hasAllBlocks(_ lock: LockFile, _ families: Set<IPFamily>) -> Bool {
        Set(lock.groups.keys) == Set(mesh.groups.map(\.name))
            && mesh.groups.allSatisfy { group in
                let blocks = lock.groups[group.name]?.blocks ?? []
                return Set(blocks.map(\.family)) == families && group.prefixes.allSatisfy { blocks.contains($0.value) }
            }
    }

    /// The complete mesh; nil while the lock file has too much or too little: peers, addresses, keys or blocks.
    fileprivate func mesh(_ lock: LockFile?) -> Mesh? {
        guard let lock, mesh.name == lock.name, lock.peers.count == mesh.peers.count else { return nil }
        let families = Set(mesh.prefixes.map(\.value.family))
        guard hasAllBlocks(lock, families) else { return nil }
        var peers: [Peer] = []
        peers.reserveCapacity(enabled.count)
        for declared in enabled.lazy.map({ mesh.peers[$0] }) {
            guard let entry = lock.peers[declared.name], Set(entry.addresses.map(\.family)) == families,
                declared.addresses.allSatisfy({ entry.addresses.contains($0.value) }),
                entry.agrees(with: declared)
            else { return nil }
            peers.append(
                Peer(
                    declared: declared, addresses: entry.addresses.sorted(), publicKey: entry.publicKey,
                    epoch: entry.epoch))
        }
        return Mesh(
            declared: mesh, identity: (lock.meshID, lock.presharedEpoch), peers: peers,
            blocks: mesh.groups.map { lock.groups[$0.name]?.blocks ?? [] }, topology: topology,
            rotation: (lock.rotation?.tunnel ?? .first, MeshRotation(lock, peers.map(\.name))))
    }
}

extension LockedPeer {
    /// Whether the key in the lock file is the declared one, or one that the mesh keeps for a peer that declares none.
    func agrees(with peer: DeclaredPeer) -> Bool {
        guard let declared = peer.publicKey?.value else { return !isHeldByPeer }
        return isHeldByPeer && publicKey == declared
    }
}
