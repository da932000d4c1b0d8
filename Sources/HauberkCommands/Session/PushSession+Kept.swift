import Delivery
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// What a push records of hosts, and keeps of what they have acknowledged, for plans.
extension PushSession {
    /// Records how it went, and keeps what the host has acknowledged.
    ///
    /// - Parameter tree: what was to be delivered.
    func note(_ delivery: HostDelivery, of tree: PushedTree) throws {
        let former = try DeliveryRecord.read(delivery.peer, in: record)
        if delivery.outcome.isCaughtUp {
            try keep(tree, of: delivery.peer)
        }
        try former.adding(delivery, of: tree.files.map(\.path), at: Moment.now.description).write(in: record)
    }

    private func keep(_ tree: PushedTree, of peer: String) throws {
        // What has become of it meanwhile is not in the record.
        let present = try? kept.files(of: peer, tree.files.map(\.path))
        if present.map(PushedTrees.digest) != tree.digest { try kept.keep(tree.files, of: peer) }
        try kept.keep(common: tree.source)
    }

    /// A host that was not asked now, and has acknowledged just what is rendered, is of the mesh that was rendered.
    func renew(besides asked: Set<String>) throws {
        for peer in hosts where !asked.contains(peer) {
            guard let digest = try DeliveryRecord.read(peer, in: record).tree,
                let own = try trees.source(of: peer).last, try kept.bytes(of: own.path) != own.bytes
            else { continue }
            let tree = try trees.tree(of: peer)
            try trees.requireUntouched()
            if tree.digest == digest { try kept.keep(common: tree.source) }
        }
    }

    /// Nothing is kept of hosts that are not of the mesh any more, once no host has a mesh that they are of; nor of the
    /// mesh what no host has.
    func forget() throws {
        var names = Set(hosts)
        if try hosts.allSatisfy(hasPresentMesh) {
            for peer in try record.peers() where !names.contains(peer) { try record.remove(peer) }
        } else {
            names.formUnion(try record.peers())
        }
        let folder = RenderRecord.folder(of: mesh.name)
        let digests = try names.compactMap { name in
            try kept.bytes(of: "\(folder)/hosts/\(name)").flatMap { RenderRecord(parsing: $0)?.digest }
        }
        try kept.forget(allBut: names, common: Set(digests))
    }

    /// Whether a host has nothing of another mesh than was rendered last.
    private func hasPresentMesh(_ peer: String) throws -> Bool {
        let known = try DeliveryRecord.read(peer, in: record)
        if known.isUncertain == true { return false }
        guard known.tree != nil, let own = try trees.source(of: peer).last else { return true }
        return try kept.bytes(of: own.path) == own.bytes
    }
}
