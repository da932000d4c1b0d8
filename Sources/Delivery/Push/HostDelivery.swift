/// What has become of one host in a push.
package struct HostDelivery: Sendable {
    package enum Outcome: String, CaseIterable, Sendable {
        /// It has taken the tree, and a new connection has confirmed it.
        case new
        /// It had the tree already.
        case unchanged
        /// The change was taken back: the host is as it was.
        case putBack = "put back"
        /// The host has refused: nothing was changed there.
        case refused
        /// No session came about: nothing was changed there.
        case unreachable
        /// The connection broke at a moment that leaves open whether it is wholly old or wholly new.
        case unknown
        /// Too many had failed before its turn.
        case notBegun = "not begun"

        package var isCaughtUp: Bool { self == .new || self == .unchanged }
        /// What counts against `--max-failures`: a host that cannot be reached does not.
        package var isFailure: Bool { self == .putBack || self == .refused || self == .unknown }
    }

    package let peer: String
    /// Where ssh connects to; nil when ssh_config(5) alone says so.
    package var address: String?
    package var outcome: Outcome
    /// Why it is not caught up; nil when it is.
    package var message: String?
    /// What `apply` answered on the host, JSON as it came; nil when it did not, or the answer was lost.
    package var answer: String?
    /// The host's half that did it, by its name; nil when none came to that.
    package var half: String?
    /// Stands for the tree that was to be delivered: its paths, modes and bytes.
    package var tree: String?

    package init(
        _ peer: String, _ outcome: Outcome, address: String? = nil, message: String? = nil, answer: String? = nil
    ) {
        self.peer = peer
        self.outcome = outcome
        self.address = address
        self.message = message
        self.answer = answer
    }
}
