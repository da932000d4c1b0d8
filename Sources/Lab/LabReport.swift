package import Diagnostics

/// What the lab saw; ``isAsDeclared`` is its one-bit summary.
package struct LabReport: Hashable, Sendable {
    /// In the order of the topology.
    package let hosts: [LabHostResult]
    /// In the order of the expectations.
    package let pairs: [LabPairResult]
    /// From the start of the lab to the last answer, in milliseconds.
    package let milliseconds: Int
    /// Nil where no flows were to be asked.
    package let flows: LabFlowResults?

    package init(
        hosts: [LabHostResult], pairs: [LabPairResult], milliseconds: Int, flows: LabFlowResults? = nil
    ) {
        self.hosts = hosts
        self.pairs = pairs
        self.milliseconds = milliseconds
        self.flows = flows
    }

    /// `done` when all is as declared, else `no`.
    package var status: ExitStatus { isAsDeclared ? .done : .no }

    /// Every host without a problem, every pair and every flow as declared; never true of a lab that probed nothing.
    package var isAsDeclared: Bool {
        !(pairs.isEmpty && flows == nil) && (flows?.isAsDeclared ?? true) && hosts.allSatisfy(\.problems.isEmpty)
            && pairs.allSatisfy { $0.verdict == .asDeclared }
    }
}

/// One tunnel of a host as the kernel and `wg show` describe it.
package struct LabInterfaceResult: Hashable, Sendable {
    package let name: String
    /// Nil when `wg` does not know the interface: it never came up.
    package let listeningPort: Int?
    package let peers: Int
    /// As the kernel prints them, sorted; link-local ones left out.
    package let addresses: [String]

    package init(name: String, listeningPort: Int?, peers: Int, addresses: [String]) {
        self.name = name
        self.listeningPort = listeningPort
        self.peers = peers
        self.addresses = addresses
    }
}

/// One host after bring-up and take-down.
package struct LabHostResult: Hashable, Sendable {
    package let name: String
    package let interfaces: [LabInterfaceResult]
    /// All `wg-quick up` of the host, in milliseconds.
    package let upMilliseconds: Int
    /// Each one sentence, without a secret; empty when all is well.
    package let problems: [String]

    package init(name: String, interfaces: [LabInterfaceResult], upMilliseconds: Int, problems: [String]) {
        self.name = name
        self.interfaces = interfaces
        self.upMilliseconds = upMilliseconds
        self.problems = problems
    }
}

/// How an observation compares with its expectation.
package enum LabVerdict: String, Hashable, Sendable {
    case asDeclared = "as-declared"
    /// Declared reachable, and no right answer came in time.
    case notReached = "not-reached"
    /// Declared unreachable, and it answered.
    case reached = "reached-undeclared"
    /// It answered, but not over the declared tunnel or relay.
    case wrongPath = "wrong-path"
    /// Nothing can be said: an end did not come up or its own responder is deaf.
    case unproven
}

/// One expectation with what was seen.
package struct LabPairResult: Hashable, Sendable {
    package let expectation: LabExpectation
    /// Who answered; nil for silence.
    package let answeredBy: String?
    /// From the first probe to the answer, in milliseconds; nil for silence.
    package let milliseconds: Int?
    /// What was seen on the way, in one line: interface, hop limit, peer, handshake; or why nothing was.
    package let evidence: String
    package let verdict: LabVerdict

    package init(
        expectation: LabExpectation, answeredBy: String?, milliseconds: Int?, evidence: String, verdict: LabVerdict
    ) {
        self.expectation = expectation
        self.answeredBy = answeredBy
        self.milliseconds = milliseconds
        self.evidence = evidence
        self.verdict = verdict
    }
}
