import Delivery
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// What a push records of hosts, and keeps of what they have acknowledged, for plans.
extension PushSession {
    /// Records how it went, and keeps what the host has acknowledged; it is said where that cannot be kept.
    ///
    /// - Parameter tree: what was to be delivered.
    /// - Throws: `Failure` when the record cannot be written.
    func note(_ delivery: HostDelivery, of tree: PushedTree) throws {
        let former = DeliveryRecord.read(delivery.peer, in: record)
        if delivery.outcome.isCaughtUp {
            do {
                try keep(tree, of: delivery.peer)
            } catch {
                Result.note("what \(delivery.peer) has acknowledged cannot be kept for plans: \(error.sentence)")
            }
        }
        try former.adding(delivery, of: tree.files.map(\.path), at: Moment.now.description).write(in: record)
    }

    private func keep(_ tree: PushedTree, of peer: String) throws {
        // Cut off, it says of no mesh what the host does not have.
        let own = tree.source.last
        if try own.map({ try kept.bytes(of: $0.path) == $0.bytes }) != true { try kept.forgetMesh(of: peer) }
        // What has become of it meanwhile is not in the record.
        let present = try? kept.files(of: peer, tree.files.map(\.path))
        if present.map(PushedTrees.digest) != tree.digest { try kept.keep(tree.files, of: peer) }
        try kept.keep(common: tree.source)
    }

    /// A host that has acknowledged just what is rendered is of the mesh that was rendered, also where it was not asked now.
    ///
    /// - Returns: whether no host has anything of another mesh.
    private func renew() throws -> Bool {
        var isEverywhere = true
        for peer in hosts {
            let known = DeliveryRecord.read(peer, in: record)
            if known.isUncertain == true { isEverywhere = false }
            guard let digest = known.tree, let own = try trees.source(of: peer).last,
                try kept.bytes(of: own.path) != own.bytes
            else { continue }
            let tree = try trees.tree(of: peer)
            try trees.requireUntouched()
            if tree.digest == digest { try kept.keep(common: tree.source) } else { isEverywhere = false }
        }
        return isEverywhere
    }

    /// Nothing is kept of hosts that are not of the mesh any more, once no host has a mesh that they are of; nor of the
    /// mesh what no host has, nor of pushes that were killed. It is said where that fails: the next push does it.
    func forget() {
        do {
            try forgetFormer()
        } catch {
            Result.note("what is kept for plans cannot be brought up to date: \(error.sentence)")
        }
    }

    private func forgetFormer() throws {
        try record.removeAbandoned()
        var names = Set(hosts)
        if try renew() {
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
}
