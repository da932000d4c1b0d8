/// How to start this program again as the lab's agent.
///
/// The executable must call ``LabAgent/run(_:)`` with the arguments that follow `leading`.
package struct LabAgentCommand: Hashable, Sendable {
    /// An absolute path.
    package let executable: String
    /// For example `["lab-agent"]`.
    package let leading: [String]

    package init(executable: String, leading: [String] = []) {
        self.executable = executable
        self.leading = leading
    }
}

/// How long the lab is patient, in milliseconds.
///
/// WireGuard repeats a lost handshake after 5 s plus up to a third of a second (REKEY_TIMEOUT, wireguard.com/protocol).
package struct LabPatience: Hashable, Sendable {
    /// From the first probe until an expected answer counts as missing: three handshakes.
    package let answer: Int
    /// From the first probe until silence counts as proved: one and a half handshakes.
    package let silence: Int
    /// For one `wg-quick`.
    package let command: Int

    package init(answer: Int = 16_500, silence: Int = 8_000, command: Int = 60_000) {
        self.answer = answer
        self.silence = silence
        self.command = command
    }
}

/// How the lab runs.
package struct LabOptions: Hashable, Sendable {
    /// Whether each host also runs the real `ping` once, against the prober's own answer.
    package enum CrossCheck: String, Hashable, Sendable {
        case ping
        case none
    }

    package let agent: LabAgentCommand
    /// How many `wg-quick` run at once; nil for the number of processors, 2 to 4.
    package let concurrency: Int?
    /// The UDP port of the probes, inside the mesh.
    package let probePort: UInt16
    package let patience: LabPatience
    package let crossCheck: CrossCheck

    package init(
        agent: LabAgentCommand, concurrency: Int? = nil, probePort: UInt16 = 47_808, patience: LabPatience = .init(),
        crossCheck: CrossCheck = .ping
    ) {
        self.agent = agent
        self.concurrency = concurrency
        self.probePort = probePort
        self.patience = patience
        self.crossCheck = crossCheck
    }
}

/// How far the lab is.
package struct LabProgress: Hashable, Sendable {
    package enum Stage: String, Hashable, Sendable {
        case wiring
        case listening = "listening to the wires"
        case loadingRules = "loading rules"
        case bringingUp = "bringing up"
        case warming = "shaking hands"
        case askingFlows = "asking flows"
        case removingRules = "removing rules"
        case controlling = "controlling ways"
        case probing
        case crossChecking = "cross-checking"
        case takingDown = "taking down"
    }

    package let stage: Stage
    package let done: Int
    package let total: Int

    package init(stage: Stage, done: Int, total: Int) {
        self.stage = stage
        self.done = done
        self.total = total
    }
}
