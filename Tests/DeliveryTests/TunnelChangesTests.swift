import Addresses
import TestSupport
import Testing

@testable import Delivery

/// Two interfaces of one host while keys rotate, as the steps change them.
@Suite struct TunnelChangesTests {
    private static let whole = "10.88.0.0/16"

    /// A stage of a rotation, as a host's tree has it.
    private enum Stage: CaseIterable { case first, prepared, switched, retiring, second }

    private static func key(_ number: Int, _ epoch: Int) -> String {
        String(repeating: "k", count: 38) + "\(epoch)" + "000\(number)" + "="
    }

    /// - Parameter kept: peers whose former way is kept.
    private func interface(_ epoch: Int, metric: UInt32, peers: ClosedRange<Int> = 1...3, kept: [Int] = []) throws
        -> DesiredInterface
    {
        var result = DesiredInterface()
        result.privateKey = HiddenKey(Self.key(9, epoch))
        result.reversePath = 2
        result.addresses = [try InterfaceAddress(parsing: "10.88.0.9/32")]
        result.routes = [InterfaceRoute(try IPPrefix(parsing: Self.whole), metric: metric)]
        for number in kept { result.routes.insert(InterfaceRoute(try IPPrefix(parsing: "10.88.0.\(number)/32"))) }
        for number in peers {
            result.peers[Self.key(number, epoch)] = DesiredInterface.Peer()
            result.peers[Self.key(number, epoch)]?.allowedIPs = [try IPPrefix(parsing: "10.88.0.\(number)/32")]
        }
        return result
    }

    private func tree(_ stage: Stage, absent: [Int] = []) throws -> [DesiredInterface?] {
        switch stage {
        case .first: [try interface(1, metric: 0), nil]
        case .prepared: [try interface(1, metric: 0), try interface(2, metric: 2050)]
        case .switched: [try interface(1, metric: 2049, kept: absent), try interface(2, metric: 0)]
        case .retiring: [try interface(1, metric: 2049, peers: 3...3, kept: [3]), try interface(2, metric: 0)]
        case .second: [nil, try interface(2, metric: 0)]
        }
    }

    /// The host as the kernel keeps it: a route takes the place of the other interface's of the same prefix and metric.
    private struct Host {
        var models = [InterfaceModel(), InterfaceModel()]
        var former: [DesiredInterface?] = [nil, nil]
        /// Addresses to which there was no way after a step.
        var gaps: [String] = []

        func changes(_ tree: [DesiredInterface?], _ moving: TunnelChanges.Moving = .gated) -> TunnelChanges {
            let tunnels = ["wg0", "wg0-b"].enumerated().map { index, name in
                TunnelChanges.Tunnel(
                    name, observed: models[index].state, desired: tree[index], former: former[index])
            }
            return TunnelChanges(
                tunnels.filter { $0.desired != nil || $0.observed != nil }, firewall: .none, moving)
        }

        /// - Parameter answering: the peers that answer on the interface that packets are to take.
        mutating func take(_ tree: [DesiredInterface?], answering: Set<Int>, _ moving: TunnelChanges.Moving = .gated) {
            let isBeside = changes(tree).steps.contains { $0.interface == "wg0-b" } && models[0].state != nil
            for step in changes(tree, moving).steps {
                let index = step.interface == "wg0" ? 0 : 1
                if case .move(let move) = step.step {
                    self.move(move, to: index, tree[index], answering)
                } else {
                    if case .network(let changes) = step.step {
                        for case .addRoute(let route) in changes { models[1 - index].state?.routes.remove(route) }
                    }
                    models[index].take([step.step], desired: tree[index] ?? DesiredInterface())
                    if step.step == .up, isBeside { models[index].state?.routes = [] }
                }
                if models.contains(where: { $0.state != nil }), way(to: "10.88.0.1/32") == nil {
                    gaps.append(step.step.text)
                }
            }
            former = tree
        }

        private mutating func move(
            _ move: RouteMove, to index: Int, _ desired: DesiredInterface?, _ answering: Set<Int>
        ) {
            let allowed = (desired?.peers ?? [:]).filter { key, peer in
                !peer.allowedIPs.subtracting(move.kept).isEmpty && answering.contains { key.hasSuffix("\($0)=") }
            }.flatMap(\.value.allowedIPs)
            for prefix in allowed {
                models[index].state?.routes.insert(InterfaceRoute(prefix))
                models[1 - index].state?.routes.remove(InterfaceRoute(prefix))
            }
            let all = (desired?.peers.values ?? [:].values).filter { !$0.allowedIPs.subtracting(move.kept).isEmpty }
            guard allowed.count == all.count else { return }
            for route in desired?.routes ?? [] where route.metric == 0 {
                models[index].state?.routes.insert(route)
                models[1 - index].state?.routes.remove(route)
            }
            for number in 0...1 {
                for prefix in all.flatMap(\.allowedIPs) where !move.kept.contains(prefix) {
                    models[number].state?.routes.remove(InterfaceRoute(prefix))
                }
            }
        }

        /// The interface that packets to an address take: the most specific route, then the least metric.
        func way(to address: String) -> Int? {
            guard let prefix = try? IPPrefix(parsing: address) else { return nil }
            let routes = models.indices.flatMap { index in
                (models[index].state?.routes ?? []).filter { $0.prefix.contains(prefix) }.map { (index, $0) }
            }
            return routes.max { ($0.1.prefix.length, $1.1.metric) < ($1.1.prefix.length, $0.1.metric) }?.0
        }
    }

    @Test func `a rotation goes forward with a way to every peer after each step, and a second apply does nothing`()
        throws
    {
        var host = Host()
        for stage in Stage.allCases where stage != .retiring {
            host.take(try tree(stage), answering: [1, 2, 3])
            #expect(host.changes(try tree(stage)).steps == [], "\(stage)")
            let expected = stage == .first || stage == .prepared ? 0 : 1
            for number in 1...3 { #expect(host.way(to: "10.88.0.\(number)/32") == expected, "\(stage)") }
            #expect(host.models.map(\.state?.routes) == (try tree(stage)).map { $0?.routes }, "\(stage)")
        }
        #expect(host.gaps == [])
        #expect(host.models[0].state == nil)
    }

    @Test func `who has not answered keeps the former way, and goes over at the next apply`() throws {
        var host = Host()
        host.take(try tree(.first), answering: [])
        host.take(try tree(.prepared), answering: [])
        host.take(try tree(.switched), answering: [1])
        #expect((1...3).map { host.way(to: "10.88.0.\($0)/32") } == [1, 0, 0])
        #expect(host.changes(try tree(.switched)).steps.count == 1)
        host.take(try tree(.switched), answering: [1, 2, 3])
        #expect((1...3).map { host.way(to: "10.88.0.\($0)/32") } == [1, 1, 1])
        #expect(host.changes(try tree(.switched)).steps == [])
        #expect(host.gaps == [])
    }

    @Test func `an absent peer keeps its former way until it is back`() throws {
        var host = Host()
        for stage in [Stage.first, .prepared] { host.take(try tree(stage), answering: [1, 2]) }
        host.take(try tree(.switched, absent: [3]), answering: [1, 2])
        #expect((1...3).map { host.way(to: "10.88.0.\($0)/32") } == [1, 1, 0])
        #expect(host.changes(try tree(.switched, absent: [3])).steps == [])
        host.take(try tree(.retiring), answering: [1, 2])
        #expect((1...3).map { host.way(to: "10.88.0.\($0)/32") } == [1, 1, 0])
        #expect(host.models[0].state.map { Array($0.peers.keys) } == [Self.key(3, 1)])
        host.take(try tree(.second), answering: [1, 2, 3])
        #expect((1...3).map { host.way(to: "10.88.0.\($0)/32") } == [1, 1, 1])
        #expect(host.gaps == [])
    }

    @Test func `from every stage to every other there is a way to every peer after each step`() throws {
        var random = SeededRandom(seed: 20)
        for seed in 0..<500 {
            var host = Host()
            host.take(try tree(.first), answering: [])
            var trail: [Stage] = []
            for _ in 0..<6 {
                guard let stage = Stage.allCases.randomElement(using: &random) else { continue }
                trail.append(stage)
                let all: Set<Int> = [1, 2, 3]
                let atOnce = Bool.random(using: &random)
                host.take(try tree(stage), answering: all, atOnce ? .atOnce : .gated)
                // What a move at once leaves of single peers, the next apply takes away.
                host.take(try tree(stage), answering: all)
                #expect(host.models.map(\.state?.routes) == (try tree(stage)).map { $0?.routes }, "\(seed): \(trail)")
                #expect(host.changes(try tree(stage)).steps == [], "\(seed): \(trail)")
            }
            #expect(host.gaps == [], "\(seed): \(trail)")
        }
    }
}
