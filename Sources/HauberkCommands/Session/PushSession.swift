import Delivery
import Diagnostics
import MeshFiles
import MeshModel
import SystemAccess

/// Brings hosts to their rendered trees, wave after wave.
struct PushSession {
    /// What a push is asked for.
    struct Settings: Sendable {
        /// Seconds.
        var confirmWithin = 60
        /// Hosts at a time.
        var parallel = 8
        var canaries: [String] = []
        var wave = PushQueue.WaveSize.all
        /// More failed hosts than this end the push.
        var maxFailures = 0
        var route = PushRoute()
        var halves: [any HostHalf] = PushHalf.auto.halves
    }

    let mesh: Mesh
    let trees: PushedTrees
    private let settings: Settings
    let record: DeliveryFolder
    let kept: DeliveredTrees
    private let tools: any ToolRunning

    init(_ mesh: Mesh, out: String, _ settings: Settings, tools: any ToolRunning = ProcessRunner()) throws {
        self.mesh = mesh
        self.settings = settings
        self.tools = tools
        trees = try PushedTrees(out: out, mesh: mesh.name)
        record = DeliveryFolder(out: out, mesh: mesh.name, fileSystem: Surroundings.current.files)
        kept = DeliveredTrees(out: out, mesh: mesh.name, fileSystem: Surroundings.current.files)
    }

    /// Those that can be pushed to, in the order in which they come.
    var hosts: [String] {
        mesh.peers.filter { $0.declared.platform == .linux }.map(\.name).sorted(by: NaturalOrder.precedes)
    }

    /// How a host stands, by the record alone.
    struct Standing: Sendable {
        let record: DeliveryRecord
        let isCaughtUp: Bool
    }

    func standing(of peer: String) throws -> Standing {
        let known = DeliveryRecord.read(peer, in: record)
        return Standing(record: known, isCaughtUp: try known.tree == trees.tree(of: peer).digest)
    }

    /// Those of the hosts that have not acknowledged their trees. While keys rotate, who is not known to be in the stage is
    /// asked again as well.
    ///
    /// - Parameter lock: nil where nobody asks for the stage.
    func behind(_ peers: [String], _ lock: LockFile?) throws -> [String] {
        let rotating = mesh.rotation == nil ? nil : lock
        return try peers.filter { peer in
            if let rotating, rotating.peers[peer]?.progress != .ready { return true }
            return try !standing(of: peer).isCaughtUp
        }
    }

    // MARK: pushing

    /// One delivery for each of the hosts, in their order; those that fail are in it and no error.
    ///
    /// - Throws: `Failure` when the folder changes meanwhile, the record cannot be written, or ssh(1) is missing.
    func run(peers: [String]) async throws -> (deliveries: [HostDelivery], stopped: String?) {
        try trees.require(peers)
        Interruption.watch()
        var queue = PushQueue(
            peers, canaries: settings.canaries, size: settings.wave, maxFailures: settings.maxFailures)
        var done: [String: HostDelivery] = [:]
        while true {
            let wave = queue.nextWave()
            if wave.isEmpty { break }
            if wave.count < peers.count {
                Result.note("wave \(queue.wave): \(wave.count) host\(wave.count == 1 ? "" : "s")")
            }
            try await run(wave, &queue, of: peers.count, &done)
        }
        forget()
        let deliveries = peers.map { done[$0] ?? HostDelivery($0, .notBegun, message: queue.reasonToStop) }
        return (deliveries, queue.reasonToStop)
    }

    private func run(
        _ wave: [String], _ queue: inout PushQueue, of count: Int, _ done: inout [String: HostDelivery]
    ) async throws {
        let courier = Courier(mesh: mesh, settings: settings, tools: tools)
        try await withThrowingTaskGroup(of: HostDelivery?.self) { group in
            group.addTask {
                await Interruption.wait()
                return nil
            }
            var waiting = wave[...]
            var underWay: [String: PushedTree] = [:]
            var unrecorded: (any Error)?
            repeat {
                while underWay.count < settings.parallel, queue.reasonToStop == nil, let peer = waiting.popFirst() {
                    do throws(Failure) {
                        let tree = try current(peer)
                        group.addTask { try await courier.deliver(tree, to: peer) }
                        underWay[peer] = tree
                    } catch {
                        queue.stop(error.diagnostics.first?.message ?? "its tree is gone")
                    }
                }
                guard !underWay.isEmpty, let next = try await group.next() else { break }
                guard let delivery = next else {
                    queue.stop("the push was interrupted")
                    group.cancelAll()
                    continue
                }
                queue.note(delivery.outcome)
                done[delivery.peer] = delivery
                do {
                    if let tree = underWay.removeValue(forKey: delivery.peer) { try note(delivery, of: tree) }
                } catch {
                    // Those under way end, and are recorded where that is possible.
                    queue.stop("what became of \(delivery.peer) cannot be recorded")
                    unrecorded = unrecorded ?? error
                }
                Result.note("\(done.count)/\(count) \(delivery.line)")
            } while true
            group.cancelAll()
            if let unrecorded { throw unrecorded }
        }
    }

    /// A host's tree, while nobody renders.
    private func current(_ peer: String) throws(Failure) -> PushedTree {
        do {
            let tree = try trees.tree(of: peer)
            try trees.requireUntouched()
            return tree
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.inputOutput, .inputOutputError, "cannot read the tree of \(quoted(peer)): \(error)")
        }
    }
}

/// What delivers to one host.
private struct Courier: Sendable {
    let mesh: Mesh
    let settings: PushSession.Settings
    let tools: any ToolRunning

    func deliver(_ tree: PushedTree, to peer: String) async throws -> HostDelivery {
        var delivery = HostDelivery(peer, .unreachable)
        delivery.tree = tree.digest
        guard let index = mesh.index(of: peer),
            let target = try await settings.route.target(of: mesh.peers[index], tools)
        else {
            delivery.message = "the mesh knows no such address of it"
            return delivery
        }
        delivery.address = target.address
        let push = HostPush(tools: tools, halves: settings.halves, confirmWithin: settings.confirmWithin) { step in
            if Terminal.errors.isTerminal { Result.note("\(peer) \(step)") }
        }
        do {
            let end = try await push.deliver(tree.files, to: target)
            (delivery.outcome, delivery.message, delivery.answer) = (end.outcome, end.message, end.answer)
            delivery.half = end.half
            let said = end.answer.flatMap(JSONValue.init(parsing:))
            if end.outcome == .new, said?["outcome"] == .text("unchanged") { delivery.outcome = .unchanged }
        } catch is CancellationError {
            delivery.outcome = .unknown
            delivery.message = "interrupted; what it has not confirmed goes back by itself"
        } catch let failure as Failure where failure.status != .toolMissing {
            delivery.outcome = .unknown
            delivery.message = failure.diagnostics.first?.message
        }
        return delivery
    }
}

extension HostDelivery {
    /// How it went, in a line.
    var line: String { "\(peer): \(outcome.rawValue)" + (message.map { ": \(escaped($0))" } ?? "") }
}
