import Addresses
import HostPlans
import TestSupport
import Testing

@testable import Delivery

@Suite struct InterfaceChangeTests {
    private static func key(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "k", count: 43 - digits.count) + digits + "="
    }

    private static func random(_ random: inout SeededRandom) throws -> DesiredInterface {
        var result = DesiredInterface()
        result.privateKey = HiddenKey(key(Int.random(in: 900...901, using: &random)))
        result.port = UInt16.random(in: 51820...51821, using: &random)
        result.fwmark = UInt32.random(in: 0...1, using: &random)
        result.mtu = UInt32.random(in: 1419...1420, using: &random)
        for number in 1...3 where Bool.random(using: &random) {
            result.addresses.insert(try InterfaceAddress(parsing: "10.88.0.\(number)/32"))
            result.routes.insert(InterfaceRoute(try IPPrefix(parsing: "10.8\(number).0.0/16")))
        }
        var prefixes = try (1...9).map { try IPPrefix(parsing: "10.88.1.\($0)/32") }.shuffled(using: &random)
        for number in 1...5 where Bool.random(using: &random) {
            var peer = DesiredInterface.Peer()
            for _ in 0..<Int.random(in: 0...2, using: &random) { peer.allowedIPs.insert(prefixes.removeLast()) }
            if prefixes.count < 2 { prefixes = [] }
            if Bool.random(using: &random) { peer.presharedKey = HiddenKey(key(Int.random(in: 1...2, using: &random))) }
            if Bool.random(using: &random) { peer.keepalive = 25 }
            if Bool.random(using: &random) { peer.endpoint = "192.0.2.\(Int.random(in: 1...2, using: &random)):1" }
            result.peers[key(number)] = peer
            if prefixes.isEmpty { break }
        }
        return result
    }

    @Test func `the steps lead from every state to every other, and then there are none`() throws {
        for seed in 1...2000 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let former = try Self.random(&random)
            let desired = try Self.random(&random)
            var model = InterfaceModel()
            model.take(
                InterfaceChange(from: nil, to: former, former: nil, firewall: .none).steps, desired: former)
            let change = InterfaceChange(from: model.state, to: desired, former: former, firewall: .none)
            model.take(change.steps, desired: desired)
            let state = try #require(model.state)
            #expect(state.addresses == desired.addresses && state.routes == desired.routes, "seed \(seed)")
            #expect(state.privateKey == desired.privateKey && state.port == desired.port, "seed \(seed)")
            #expect(state.mtu == desired.mtu && state.fwmark == desired.fwmark, "seed \(seed)")
            #expect(Set(state.peers.keys) == Set(desired.peers.keys), "seed \(seed)")
            for (key, peer) in desired.peers {
                let found = try #require(state.peers[key]?.settings)
                #expect(found.allowedIPs == peer.allowedIPs && found.presharedKey == peer.presharedKey, "seed \(seed)")
                #expect(found.keepalive == peer.keepalive, "seed \(seed)")
                if let endpoint = peer.endpoint { #expect(found.endpoint == endpoint, "seed \(seed)") }
            }
            let again = InterfaceChange(from: state, to: desired, former: desired, firewall: .none)
            #expect(again.steps == [], "seed \(seed)")
            // The way back.
            let before = model.state
            var ours = DesiredInterface(restoring: state)
            ours.peers = [:]
            let back = InterfaceChange(from: state, to: former, former: ours, firewall: .none)
            model.take(back.steps, desired: former)
            #expect(model.state?.addresses == former.addresses && model.state?.routes == former.routes, "seed \(seed)")
            #expect(before != nil)
        }
    }

    @Test func `a peer that is new is one step, and touches no other`() throws {
        var random = SeededRandom(seed: 7)
        var desired = try Self.random(&random)
        var model = InterfaceModel()
        model.take([.up], desired: desired)
        let former = desired
        var peer = DesiredInterface.Peer()
        peer.allowedIPs = [try IPPrefix(parsing: "10.99.0.1/32")]
        desired.peers[Self.key(77)] = peer
        let change = InterfaceChange(from: model.state, to: desired, former: former, firewall: .none)
        #expect(change.steps == [.configure([Self.key(77): peer])])
        #expect(!change.cutsSessions)
    }

    @Test func `what syncconf leaves behind is taken away`() throws {
        var former = DesiredInterface()
        former.peers[Self.key(1)] = DesiredInterface.Peer()
        former.peers[Self.key(1)]?.presharedKey = HiddenKey(Self.key(9))
        former.peers[Self.key(1)]?.keepalive = 25
        var desired = former
        desired.peers[Self.key(1)] = DesiredInterface.Peer()
        var model = InterfaceModel()
        model.take([.up], desired: former)
        var adjustment = PeerAdjustment()
        adjustment.presharedKey = .some(nil)
        adjustment.keepalive = 0
        desired.port = nil
        let change = InterfaceChange(from: model.state, to: desired, former: former, firewall: .none)
        #expect(change.steps == [.adjust(Self.key(1), adjustment)])
    }

    @Test func `a successor takes the addresses over before its predecessor goes, and a stranger goes first`() throws {
        let prefix = try IPPrefix(parsing: "10.88.1.1/32")
        var former = DesiredInterface()
        former.peers[Self.key(1)] = DesiredInterface.Peer()
        former.peers[Self.key(1)]?.allowedIPs = [prefix]
        former.peers[Self.key(2)] = DesiredInterface.Peer()
        var desired = DesiredInterface()
        desired.peers[Self.key(3)] = former.peers[Self.key(1)]
        var model = InterfaceModel()
        model.take([.up], desired: former)
        let change = InterfaceChange(from: model.state, to: desired, former: former, firewall: .load)
        let peer = try #require(desired.peers[Self.key(3)])
        #expect(
            change.steps == [
                .remove([Self.key(2)]), .loadFirewall, .configure([Self.key(3): peer]), .remove([Self.key(1)]),
            ])
    }

    @Test func `an endpoint that was learned stays, one that was changed is set`() throws {
        var former = DesiredInterface()
        former.peers[Self.key(1)] = DesiredInterface.Peer()
        former.peers[Self.key(1)]?.endpoint = "192.0.2.1:1"
        var model = InterfaceModel()
        model.take([.up], desired: former)
        model.state?.peers[Self.key(1)]?.settings.endpoint = "198.51.100.9:4242"
        #expect(InterfaceChange(from: model.state, to: former, former: former, firewall: .none).steps == [])
        var desired = former
        desired.peers[Self.key(1)]?.endpoint = "192.0.2.2:1"
        var adjustment = PeerAdjustment()
        adjustment.endpoint = "192.0.2.2:1"
        let change = InterfaceChange(from: model.state, to: desired, former: former, firewall: .none)
        #expect(change.steps == [.adjust(Self.key(1), adjustment)])
    }

    @Test func `where the next tree was copied over the files, what was applied is still ours`() throws {
        for seed in 1...2000 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let applied = try Self.random(&random)
            let desired = try Self.random(&random)
            var model = InterfaceModel()
            model.take([.up], desired: applied)
            let disk = Bool.random(using: &random) ? desired : try Self.random(&random)
            // Somebody may have brought about some of what was copied.
            if Bool.random(using: &random) { model.state?.addresses.formUnion(disk.addresses) }
            let former = DesiredInterface.former(disk, applied: applied)
            model.take(
                InterfaceChange(from: model.state, to: desired, former: former, firewall: .none).steps, desired: desired
            )
            let state = try #require(model.state)
            #expect(state.addresses == desired.addresses && state.routes == desired.routes, "seed \(seed)")
            for (key, peer) in desired.peers {
                guard let endpoint = peer.endpoint else { continue }
                #expect(state.peers[key]?.settings.endpoint == endpoint, "seed \(seed)")
            }
            let again = InterfaceChange(
                from: state, to: desired, former: .former(desired, applied: desired), firewall: .none)
            #expect(again.steps == [], "seed \(seed)")
        }
    }

    @Test func `an endpoint is due, and a restart, where either configuration has another`() throws {
        var tree = DesiredInterface()
        tree.peers[Self.key(1)] = DesiredInterface.Peer()
        tree.peers[Self.key(1)]?.endpoint = "192.0.2.1:1"
        var other = tree
        other.peers[Self.key(1)]?.endpoint = "192.0.2.2:1"
        var hooked = tree
        hooked.hooks = [WireGuardConfig.Setting(key: "postup", value: "echo")]
        var model = InterfaceModel()
        model.take([.up], desired: tree)
        model.state?.peers[Self.key(1)]?.settings.endpoint = "198.51.100.9:4242"
        var adjustment = PeerAdjustment()
        adjustment.endpoint = "192.0.2.1:1"
        let due = [LiveStep.adjust(Self.key(1), adjustment)]
        for (disk, applied, steps) in [
            (tree, tree, []), (tree, nil, []), (tree, other, due), (other, tree, due), (other, nil, due),
            (tree, hooked, [.down, .up]), (hooked, tree, [.down, .up]), (hooked, nil, [.down, .up]),
        ] {
            let former = DesiredInterface.former(disk, applied: applied)
            #expect(InterfaceChange(from: model.state, to: tree, former: former, firewall: .none).steps == steps)
        }
    }

    @Test func `others' routes and addresses are left, and hooks of others restart`() throws {
        var observed = ObservedInterface()
        observed.routes = [InterfaceRoute(try IPPrefix(parsing: "172.16.0.0/12"))]
        observed.addresses = [try InterfaceAddress(parsing: "192.0.2.7/32")]
        var desired = DesiredInterface()
        #expect(InterfaceChange(from: observed, to: desired, former: nil, firewall: .none).steps == [])
        desired.hooks = [WireGuardConfig.Setting(key: "postup", value: "echo")]
        let change = InterfaceChange(from: observed, to: desired, former: nil, firewall: .load)
        #expect(change.steps == [.loadFirewall, .down, .up])
        #expect(change.cutsSessions)
        #expect(InterfaceChange(from: nil, to: desired, former: nil, firewall: .none).steps == [.up])
    }
}
