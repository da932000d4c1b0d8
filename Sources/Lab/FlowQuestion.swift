import CNamespaces

/// One flow to ask, and what became of it.
struct FlowQuestion: Sendable {
    /// What was seen last.
    enum Outcome: Sendable, Equatable {
        case silent
        /// The answer came back.
        case answered
        /// The kernel said so here: errno.
        case refused(Int32)
    }

    /// How far a way's packet came, whether or not an answer came back.
    struct Arrival: Sendable {
        /// Index of the machine.
        let machine: Int
        /// As it was seen there.
        let source: NumericAddress
    }

    /// Index of the way, and of its subject; the latter is -1 for a control.
    let way: Int
    let subject: Int
    let transport: LabTransport
    let port: UInt16
    let isExpected: Bool
    var outcome = Outcome.silent
    var arrival: Arrival?
    var attempts = 0

    /// Whether it reached its destination, as the sender of the way can prove it.
    func isReached(by sender: LabSender) -> Bool {
        switch sender {
        case .own: return outcome == .answered
        case .oneWay, .forged: return arrival != nil
        }
    }

    /// Whether anything of it got through at all: a refusal that lets a datagram in is none.
    var gotThrough: Bool { outcome == .answered || arrival != nil }
}

extension LabWay {
    /// Whether nobody but the two ends may read what it carries. Behind an exit the Internet begins.
    var isSecret: Bool { plane != .underlay && seenAs == nil && sender == .own }

    func kind(_ transport: LabTransport) -> lab_kind {
        switch transport {
        case .tcp: LAB_TCP
        case .udp: sender == .forged ? LAB_FORGED : LAB_UDP
        case .echo: LAB_ECHO
        }
    }
}
