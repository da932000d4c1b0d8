import Glibc

/// One expectation on its way to an answer.
struct Probe: Sendable {
    struct Answer: Sendable {
        /// The index of the node that answered.
        let node: Int
        /// Of the question where it arrived.
        let hopLimit: Int
        /// By which the question arrived, and by which the answer came back; nil where it has gone since.
        let interfaceThere: String?
        let interfaceHere: String?
        let milliseconds: Int
    }

    /// Why nothing can be asked.
    enum Obstacle: Hashable, Sendable {
        case unknown(String)
        case noAddress(String)
        case down(String)
        case deaf(String)
    }

    let expectation: LabExpectation
    let nonce = UInt64.random(in: .min ... .max)
    /// Index of the asking socket and the address asked; nil with an obstacle.
    var socket: Int?
    var target: NumericAddress?
    var obstacle: Obstacle?
    /// The probe of the opposite direction, which starts the handshake so that the two do not collide.
    var leader: Int?
    /// Whether cryptokey routing has no peer for the target.
    var hasPeer = true
    var firstSent: Int?
    var lastSent = 0
    /// Since when every attempt to send was refused, and errno of the last.
    var refusedSince: Int?
    var refusal: Int32 = 0
    var answer: Answer?
    var isFinished = false

    init(_ expectation: LabExpectation) { self.expectation = expectation }

    /// Often at first, then once a second.
    func isDue(at now: Int) -> Bool {
        guard let firstSent else { return true }
        return now - lastSent >= (now - firstSent < 2_000 ? 250 : 1_000)
    }

    /// Whether waiting longer teaches nothing.
    func isSettled(at now: Int, start: Int, patience: LabPatience) -> Bool {
        if answer != nil || obstacle != nil { return true }
        guard let firstSent else { return false }
        let isHopeless = !hasPeer || refusedSince.map { now - $0 >= 1_000 } ?? false
        if isHopeless, now - firstSent >= 1_500 { return true }
        switch expectation.answer {
        case .unreachable: return now - firstSent >= patience.silence
        case .reachable: return now - start >= patience.answer && now - firstSent >= patience.silence
        }
    }
}
