/// What a host's interfaces were at an earlier moment, to tell what has happened since.
///
/// The wall clock counts in that look alone: somebody may step it while a move takes its time.
package struct EarlierLook: Sendable {
    private let states: [String: ObservedInterface]
    private let wall: Int64
    /// Seconds that have passed since the look, by a clock that nobody steps.
    package var elapsed: Int64 = 0

    /// - Parameters:
    ///   - states: by the interface's name.
    ///   - wall: when it was, in seconds since 1970.
    package init(_ states: [String: ObservedInterface], at wall: Int64) {
        self.states = states
        self.wall = wall
    }

    /// Seconds since the last handshake of each peer that has one, by public key. One that came since the look counts as
    /// new, and one that the clock said was to come has a negative age.
    package func ages(in now: ObservedInterface, of interface: String) -> [String: Int64] {
        now.peers.filter { $1.handshake > 0 }.reduce(into: [:]) { ages, peer in
            let isOld = states[interface]?.peers[peer.key]?.handshake == peer.value.handshake
            ages[peer.key] = isOld ? wall - peer.value.handshake + elapsed : 0
        }
    }

    /// The peers of an interface from which something has come since, by public key.
    package func heard(in now: ObservedInterface, of interface: String) -> Set<String> {
        let start = states[interface]?.peers ?? [:]
        return Set(now.peers.filter { $1.received > start[$0]?.received ?? 0 }.keys)
    }
}
