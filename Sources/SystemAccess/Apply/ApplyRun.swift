internal import Delivery
internal import Diagnostics
internal import Glibc
internal import Synchronization

/// One transaction on a host, from its journal to its confirmation.
struct ApplyRun: Sendable {
    let folder: ApplyFolder
    let tools: any ToolRunning
    let progress: @Sendable (String) -> Void
    let plan: ApplyPlan

    private var interface: String { plan.tree.interface }

    /// Seconds in which a peer's session is alive after its last handshake (REJECT_AFTER_TIME, wireguard.com/papers).
    private static let sessionSeconds: Int64 = 180

    func run(confirmWithin seconds: Int, lock: Handle) async throws -> HostApply.Report {
        let journal = try begin(seconds)
        let host = LiveHost(interface: interface, id: journal.id, tools: tools)
        FaultPoint.pass()
        do {
            try reported { try folder.stage(plan.changed, journal) }
        } catch {
            _ = try? folder.decide(.returning)
            try? folder.unstage(journal)
            throw error
        }
        FaultPoint.pass()
        let tie: ApplyGuard.Tie
        do {
            tie = try reported { try ApplyGuard.start(folder, lock: lock) }
        } catch {
            _ = try? folder.decide(.returning)
            try? folder.unstage(journal)
            throw error
        }
        defer { close(tie.raw) }
        do {
            try await takeSteps(host)
        } catch {
            throw try await putBack(journal, error)
        }
        try reported { try folder.disk.mark("\(folder.pending)/\(ApplyPhase.waiting.rawValue)") }
        FaultPoint.pass()
        return try await seconds == 0 ? confirm(journal) : awaitConfirmation(journal)
    }

    private func begin(_ seconds: Int) throws -> ApplyJournal {
        try reported {
            var journal = ApplyJournal()
            journal.id = String(UInt64.random(in: 0 ... .max), radix: 36)
            journal.interface = interface
            journal.place = PutBack.Place.here()
            journal.confirmation = seconds
            journal.process = getpid()
            journal.wasUp = plan.observed != nil
            journal.restarts = plan.change.steps.contains(.down)
            journal.hadFirewall = plan.hadFirewall
            journal.loadsFirewall = plan.change.steps.contains(.loadFirewall)
            journal.replacesFirewall = plan.firewall == .replace
            journal.files = plan.changed.map { ($0.path, $0.mode) }
            journal.removed = plan.stale
            journal.folders = try folder.missingFolders(plan.changed.map(\.path))
            var state = plan.report0.map(PutBack.snapshot) ?? []
            let new = plan.tree.files.first { $0.path == plan.tree.configuration }
            let text = String(decoding: new?.bytes ?? [], as: UTF8.self)
            state.append(("run/\(interface).conf", hooked(text, scripts: "\(folder.new)")))
            let former = plan.formerText.map { hooked($0, scripts: folder.disk.root) }
            state.append(("former/\(interface).conf", former ?? hooked(text, scripts: folder.new)))
            try folder.begin(journal, plan.tree.files, state)
            return journal
        }
    }

    /// The configuration with hooks that find the scripts where they are now.
    private func hooked(_ text: String, scripts: String) -> String {
        text.replacing("/etc/hauberk/%i/", with: "\(scripts)/etc/hauberk/\(interface)/")
            .replacing("/etc/wireguard/%i.key", with: "\(folder.disk.root)/etc/wireguard/\(interface).key")
    }

    // MARK: steps

    private func takeSteps(_ host: LiveHost) async throws {
        FaultPoint.pass()
        guard !plan.change.steps.isEmpty else { return }
        let alive = try await answering(host, among: sessions(plan.observed), within: 12)
        for step in plan.change.steps {
            progress(step.text)
            if step == .down { try reported { try folder.disk.mark("\(folder.pending)/restarted") } }
            try await host.take(step, with: PutBack.files(folder, interface))
            FaultPoint.pass()
        }
        try await verify(host)
        if !alive.isEmpty {
            progress("ask \(alive.count) peer\(alive.count == 1 ? "" : "s") that answered before")
            let silent = alive.subtracting(try await answering(host, among: alive, within: 20))
            if !silent.isEmpty {
                throw failed("no answer any more from peer \(silent.sorted().joined(separator: ", "))")
            }
        }
        FaultPoint.pass()
    }

    private func verify(_ host: LiveHost) async throws {
        guard let now = try await host.observe() else { throw failed("the interface did not stay up") }
        let rest = InterfaceChange(from: now, to: plan.tree.desired, former: plan.tree.desired, firewall: .none)
        if !rest.steps.isEmpty {
            throw failed("not all has come about: left is to \(rest.steps.map(\.text).joined(separator: "; "))")
        }
        if plan.tree.hasFirewall {
            let script = PutBack.files(folder, interface).script
            guard try await host.isLoaded(script) else { throw failed("the firewall is not loaded") }
        }
    }

    /// Peers with a live session that stay, with keys that stay.
    private func sessions(_ observed: ObservedInterface?) -> Set<String> {
        let newKey = plan.tree.desired.privateKey.map { $0 != observed?.privateKey } ?? false
        guard let observed, !newKey else { return [] }
        let now = Int64(time(nil))
        return Set(
            observed.peers.filter { key, peer in
                guard let wanted = plan.tree.desired.peers[key] else { return false }
                return peer.handshake > now - Self.sessionSeconds
                    && wanted.presharedKey == peer.settings.presharedKey
            }.keys)
    }

    /// Those of the peers from which a packet comes, having been asked.
    private func answering(_ host: LiveHost, among peers: Set<String>, within seconds: Int) async throws -> Set<String>
    {
        guard !peers.isEmpty, let start = try await host.observe() else { return [] }
        let deadline = ContinuousClock.now + .seconds(seconds)
        var answered: Set<String> = []
        var asked = ContinuousClock.now - .seconds(1)
        while ContinuousClock.now < deadline {
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = ContinuousClock.now
                SessionProbe.send(interface, start, to: peers.subtracting(answered))
            }
            guard let now = try await host.observe() else { return [] }
            answered = peers.filter { key in
                (now.peers[key]?.received ?? 0) > (start.peers[key]?.received ?? 0)
            }
            if answered == peers { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        return answered
    }

    // MARK: the end

    private func confirm(_ journal: ApplyJournal) async throws -> HostApply.Report {
        try reported {
            guard try folder.decide(.confirmed) else { throw failed("it took too long") }
            FaultPoint.pass()
            try folder.switchFiles(journal)
        }
        return plan.report
    }

    private func awaitConfirmation(_ journal: ApplyJournal) async throws -> HostApply.Report {
        progress("applied; confirm it within \(journal.confirmation) s from another session: hauberk apply --confirm")
        // The other process ends it. Should that have been killed, this one does, a little later.
        let deadline = ContinuousClock.now + .seconds(journal.confirmation + 30)
        while let present = try reported({ try folder.present() }), present.journal.id == journal.id {
            try await Task.sleep(for: .milliseconds(50))
            if ContinuousClock.now < deadline { continue }
            if present.phase == .confirmed {
                try reported { try folder.switchFiles(journal) }
            } else {
                throw try await putBack(journal, failed("it was not confirmed within \(journal.confirmation) s"))
            }
        }
        guard try reported({ try folder.outcome(journal.id) }) == "confirmed" else {
            throw failed("it was not confirmed within \(journal.confirmation) s, or was refused")
        }
        return plan.report
    }

    private func failed(_ message: String) -> Failure {
        Failure(.no, .applyFailed, message, hint: "the host is as it was before")
    }

    /// Puts everything back, and returns what is to be thrown.
    private func putBack(_ journal: ApplyJournal, _ error: any Error) async throws -> any Error {
        progress("that failed; everything is put back")
        _ = try? folder.decide(.returning)
        do {
            try await PutBack(folder: folder, journal: journal, tools: tools).run()
        } catch {
            let why = (error as? Failure)?.diagnostics.first?.message ?? "\(error)"
            return Failure(
                .no, .applyFailed, "it failed, and putting back failed too: \(why)",
                hint: "another process goes on trying; then `hauberk apply --rollback` does")
        }
        if let failure = error as? Failure { return failure }
        return (error as? SystemError).map { Failure($0) } ?? error
    }
}

/// Places at which a test has the process killed: the number of the place in `$HAUBERK_APPLY_KILL_AT`.
enum FaultPoint {
    private static let passed = Atomic(0)

    static func pass() {
        let number = passed.add(1, ordering: .relaxed).newValue
        guard let wanted = getenv("HAUBERK_APPLY_KILL_AT"), Int(String(cString: wanted)) == number else { return }
        kill(getpid(), SIGKILL)
    }
}
