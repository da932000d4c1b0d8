/// What was seen of one flow, as one letter.
package enum LabSight: String, Hashable, Sendable, CaseIterable {
    /// Asked and answered, or arrived where no answer can come back.
    case reached = "y"
    /// It arrived, and its answer did not come back.
    case arrived = "i"
    /// Reached, by another source address than declared.
    case otherSource = "m"
    /// Somebody said no.
    case refused = "x"
    /// Nothing came back, and nothing arrived.
    case silent = "."
    /// It could not be asked.
    case unasked = "?"

    /// Whether anything got through.
    package var gotThrough: Bool { self == .reached || self == .arrived || self == .otherSource }
}

/// Whether a way was open once the rules were gone.
package enum LabControl: String, Hashable, Sendable {
    case open
    /// It was not: what was refused on it proves nothing.
    case closed
    /// The network keeps it out by itself, or nothing was asked.
    case none
}

/// One way after its flows.
package struct LabWayResult: Hashable, Sendable {
    /// One to a subject, in their order.
    package let seen: [LabSight]
    package let control: LabControl

    package init(seen: [LabSight], control: LabControl) {
        self.seen = seen
        self.control = control
    }
}

/// A flow that is not as declared.
package struct LabDifference: Hashable, Sendable {
    /// Indices of the way and its subject.
    package let way: Int
    package let subject: Int
    /// What was seen, in words.
    package let note: String

    package init(way: Int, subject: Int, note: String) {
        self.way = way
        self.subject = subject
        self.note = note
    }
}

/// What the wires carried.
package struct LabWireResult: Hashable, Sendable {
    package var frames = 0
    package var wireGuard = 0
    package var missed = 0
    /// Queries in plaintext that a tunnel alone may carry; 0 is the proof.
    package var secrets = 0
    /// What should not have been between hosts of the mesh, with how often; sorted.
    package var strange: [String] = []
    /// Nil where no marker was sent.
    package var marker: LabMarkerResult?

    package init() {}

    package var isAsDeclared: Bool {
        secrets == 0 && strange.isEmpty && missed == 0 && (marker?.isAsDeclared ?? true)
    }
}

/// One query in plaintext, sent three times.
package struct LabMarkerResult: Hashable, Sendable {
    package let guarding: LabGuard
    /// With the mesh off, on the underlay: it must arrive, and be seen on the wire. The positive control.
    package var offAnswered = false
    package var offSeen = 0
    /// With the mesh on, through the tunnel: it must arrive, and not be seen.
    package var onAnswered = false
    package var onSeen = 0
    /// With the mesh on, on the underlay: refused by the guard, or let through and counted.
    package var plainAnswered = false
    package var plainSeen = 0
    /// Whether the rules' own counters say so; nil where nothing is to be counted.
    package var isCounted: Bool?

    package init(guarding: LabGuard) { self.guarding = guarding }

    package var isAsDeclared: Bool {
        let isGuarded =
            guarding == .reject ? !plainAnswered && plainSeen == 0 : plainAnswered && plainSeen > 0
        return offAnswered && offSeen > 0 && onAnswered && onSeen == 0 && isGuarded && isCounted != false
    }
}

/// What became of a plan of flows.
package struct LabFlowResults: Hashable, Sendable {
    /// In the order of the plan's ways.
    package let ways: [LabWayResult]
    package let differences: [LabDifference]
    package let wires: LabWireResult
    /// Each one sentence: rules that would not load or go.
    package let problems: [String]
    /// For asking the flows alone, in milliseconds.
    package let milliseconds: Int

    package init(
        ways: [LabWayResult], differences: [LabDifference], wires: LabWireResult, problems: [String], milliseconds: Int
    ) {
        self.ways = ways
        self.differences = differences
        self.wires = wires
        self.problems = problems
        self.milliseconds = milliseconds
    }

    /// The ways whose refusals prove nothing, by index.
    package var unproven: [Int] { ways.indices.filter { ways[$0].control == .closed } }

    package var isAsDeclared: Bool {
        !ways.isEmpty && differences.isEmpty && unproven.isEmpty && wires.isAsDeclared && problems.isEmpty
    }
}
