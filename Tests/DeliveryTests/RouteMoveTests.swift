import Addresses
import Testing

@testable import Delivery

/// Who has answered on the interface that packets are to take, and who has nothing to lose.
@Suite struct RouteMoveTests {
    /// An interface with one peer, whose key is another one on each interface.
    private func interface(_ key: String, handshake: Int64, received: UInt64 = 0) throws -> ObservedInterface {
        var peer = ObservedInterface.Peer()
        peer.settings.allowedIPs = [try IPPrefix(parsing: "10.88.0.1/32")]
        (peer.handshake, peer.received) = (handshake, received)
        var state = ObservedInterface()
        state.peers = [key: peer]
        return state
    }

    private func isLost(_ now: ObservedInterface, since look: EarlierLook) throws -> Bool {
        var desired = DesiredInterface()
        desired.peers["new"] = DesiredInterface.Peer()
        desired.peers["new"]?.allowedIPs = [try IPPrefix(parsing: "10.88.0.1/32")]
        return RouteMove().lost(["new"], of: desired, ["wg0": now], since: look) == ["new"]
    }

    /// A look at both interfaces when the clock says `wall`, so many seconds ago.
    private func look(_ states: [String: ObservedInterface], at wall: Int64, ago elapsed: Int64) -> EarlierLook {
        var look = EarlierLook(states, at: wall)
        look.elapsed = elapsed
        return look
    }

    @Test func `a peer with a session on the other interface is waited for until that session ends`() throws {
        let before = try interface("old", handshake: 1_000_000 - 20)
        for (elapsed, expected) in [(0, false), (30, false), (159, false), (160, true)] as [(Int64, Bool)] {
            let look = look(["wg0": before], at: 1_000_000, ago: elapsed)
            #expect(try isLost(before, since: look) == expected, "\(elapsed)")
        }
        let never = try interface("old", handshake: 0)
        #expect(try isLost(never, since: look(["wg0": never], at: 1_000_000, ago: 0)))
    }

    @Test(arguments: [-1_000_000, -400, 400, 1_000_000] as [Int64])
    func `a handshake after the clock was stepped counts from when it came`(step: Int64) throws {
        let before = try interface("old", handshake: 1_000_000 - 170)
        let look = look(["wg0": before, "wg0-b": try interface("new", handshake: 0)], at: 1_000_000, ago: 30)
        let after = try interface("old", handshake: max(1, 1_000_000 + step + 25))
        #expect(try isLost(before, since: look) && !isLost(after, since: look))
        let answer = try interface("new", handshake: max(1, 1_000_000 + step + 25))
        #expect(RouteMove().answered(["new"], look.ages(in: answer, of: "wg0-b")) == ["new"])
    }

    @Test func `a peer that sends something on the other interface is not lost, whatever the clock was then`() throws {
        let before = try interface("old", handshake: 1_000_000 - 900, received: 100)
        let look = look(["wg0": before], at: 1_000_000, ago: 5)
        #expect(try isLost(before, since: look))
        #expect(try !isLost(try interface("old", handshake: 1_000_000 - 900, received: 132), since: look))
    }

    @Test func `an interface that comes after the look has new handshakes alone`() throws {
        let look = look([:], at: 1_000_000, ago: 10)
        #expect(try !isLost(try interface("old", handshake: 5), since: look))
        #expect(look.ages(in: try interface("new", handshake: 0), of: "wg0") == [:])
    }

    @Test func `an old handshake is no answer, nor is one far ahead of the clock`() throws {
        for (age, isAnswer) in [(149, true), (150, false), (-140, true), (-3600, false)] as [(Int64, Bool)] {
            let state = try interface("new", handshake: 1_000_000 - age)
            let ages = look(["wg0-b": state], at: 1_000_000, ago: 1).ages(in: state, of: "wg0-b")
            #expect(RouteMove().answered(["new", "other"], ages) == (isAnswer ? ["new"] : []), "\(age)")
        }
    }
}
