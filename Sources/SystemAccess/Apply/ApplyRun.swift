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
    let sha256: SHA256

    /// Seconds that peers have to answer on the interface that packets are to take.
    let patience: Int

    /// Seconds in which a peer's session is alive after its last handshake (REJECT_AFTER_TIME, wireguard.com/papers).
    static let sessionSeconds: Int64 = 180

    func run(confirmWithin seconds: Int, lock: Handle) async throws -> HostApply.Report {
        let journal = try begin(seconds)
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
            tie = try reported { try ApplyGuard.start(folder, lock: lock, confirmation: seconds) }
        } catch {
            _ = try? folder.decide(.returning)
            try? folder.unstage(journal)
            throw error
        }
        defer { close(tie.raw) }
        var report = plan.report
        do {
            report.waiting = try await takeSteps(journal)
        } catch {
            throw try await putBack(journal, error)
        }
        try reported { try folder.disk.mark("\(folder.pending)/\(ApplyPhase.waiting.rawValue)") }
        FaultPoint.pass()
        try await seconds == 0 ? confirm(journal) : awaitConfirmation(journal)
        tie.release()
        return report
    }

    private func begin(_ seconds: Int) throws -> ApplyJournal {
        try reported {
            var journal = ApplyJournal()
            journal.id = String(UInt64.random(in: 0 ... .max), radix: 36)
            journal.interface = plan.tree.interface
            journal.rotates = plan.tree.interfaces.count > 1
            journal.tunnels = plan.tunnels.map { ($0.interface, $0.observed != nil) }
            journal.place = PutBack.Place.here()
            journal.confirmation = seconds
            journal.process = getpid()
            journal.hadFirewall = plan.hadFirewall
            journal.loadsFirewall = plan.change.steps.contains { $0.step == .loadFirewall }
            journal.replacesFirewall = plan.firewall == .replace
            journal.files = plan.changed.map { ($0.path, $0.mode) }
            journal.removed = plan.stale
            journal.folders = try folder.missingFolders(plan.changed.map(\.path))
            (journal.links, journal.staleLinks) = (plan.boot.links, plan.boot.stale)
            try folder.begin(journal, plan.tree.files, plan.tunnels.flatMap(state))
            return journal
        }
    }

    /// What the transaction keeps of an interface: how it was, and the configurations to bring it up with.
    private func state(_ tunnel: ApplyPlan.Tunnel) -> [(name: String, bytes: [UInt8])] {
        var state = tunnel.report.map { PutBack.snapshot($0, of: tunnel.interface) } ?? []
        let path = HostTree.configuration(of: tunnel.interface)
        if let new = plan.tree.files.first(where: { $0.path == path }) {
            let text = hooked(new.bytes, scripts: folder.new)
            let joining = plan.tunnels.count > 1
            state.append(
                (
                    "run/\(tunnel.interface).conf",
                    joining ? Array(DesiredInterface.joining(String(decoding: text, as: UTF8.self)).utf8) : text
                ))
            if tunnel.formerText == nil { state.append(("former/\(tunnel.interface).conf", text)) }
        }
        if let former = tunnel.formerText {
            let text = hooked(former, scripts: folder.disk.root)
            state.append(("former/\(tunnel.interface).conf", text))
            if state.allSatisfy({ !$0.name.hasPrefix("run/") }) {
                state.append(("run/\(tunnel.interface).conf", text))
            }
        }
        return state
    }

    /// The configuration with hooks that find the scripts where they are now.
    private func hooked(_ text: [UInt8], scripts: String) -> [UInt8] {
        let base = plan.tree.interface
        let (rules, key) = ("\(scripts)/etc/hauberk/\(base)/", "\(folder.disk.root)/etc/wireguard/\(base).key")
        return replacing(
            in: text, beginning: "/etc/",
            [
                ("/etc/hauberk/%i/", rules), ("/etc/hauberk/\(base)/", rules), ("/etc/wireguard/%i.key", key),
                ("/etc/wireguard/\(base).key", key),
            ])
    }

    // MARK: steps

    /// The peers that have not answered on the interface that packets are to take.
    private func takeSteps(_ journal: ApplyJournal) async throws -> [String] {
        FaultPoint.pass()
        guard !plan.change.steps.isEmpty else { return [] }
        func host(_ interface: String) -> LiveHost {
            LiveHost(interface: interface, id: journal.id, tools: tools)
        }
        var alive: [String: Set<String>] = [:]
        for tunnel in plan.tunnels where tunnel.observed != nil {
            let peers = sessions(tunnel)
            alive[tunnel.interface] = try await answering(host(tunnel.interface), among: peers, within: 12)
        }
        var waiting: Set<String> = []
        for (interface, step) in plan.change.steps.map({ ($0.interface, $0.step) }) {
            progress(plan.tunnels.count > 1 ? "\(interface): \(step.text)" : step.text)
            if case .move(let move) = step {
                let desired = plan.tunnels.first { $0.interface == interface }?.desired ?? DesiredInterface()
                let mover = RouteMover(host: host(interface), move: move, desired: desired)
                waiting.formUnion(try await mover.run(within: patience))
            } else {
                if step == .down { try leave(interface, waiting, alive[interface] ?? []) }
                if case .remove(let keys) = step {
                    try leave(keys, interface, waiting, alive[interface] ?? [])
                }
                let files = PutBack.files(folder, interface, base: plan.tree.interface)
                try await host(interface).take(step, with: files)
            }
            FaultPoint.pass()
        }
        try await verify(host)
        for tunnel in plan.tunnels where tunnel.desired != nil {
            let before = (alive[tunnel.interface] ?? []).filter { tunnel.desired?.peers[$0] != nil }
            guard !before.isEmpty else { continue }
            progress("ask \(before.count) peer\(before.count == 1 ? "" : "s") that answered before")
            let silent = before.subtracting(try await answering(host(tunnel.interface), among: before, within: 20))
            if !silent.isEmpty {
                throw failed("no answer any more from peer \(silent.sorted().joined(separator: ", "))")
            }
        }
        FaultPoint.pass()
        return waiting.sorted()
    }

    /// Before an interface goes: for good only when nobody answers there alone.
    private func leave(_ interface: String, _ waiting: Set<String>, _ alive: Set<String>) throws {
        guard let tunnel = plan.tunnels.first(where: { $0.interface == interface }), tunnel.desired == nil else {
            return try reported { try folder.disk.mark("\(folder.pending)/\(PutBack.restarted(interface))") }
        }
        try leave(Array(alive), interface, waiting, alive)
    }

    /// Before peers go from an interface: for good only when they do not answer there alone. Those whose way the former
    /// configuration has kept were left behind by the operator.
    private func leave(_ keys: [String], _ interface: String, _ waiting: Set<String>, _ alive: Set<String>) throws {
        guard let tunnel = plan.tunnels.first(where: { $0.interface == interface }), plan.tunnels.count > 1 else {
            return
        }
        let silent = plan.tunnels.compactMap(\.desired).flatMap { desired in
            waiting.flatMap { desired.peers[$0]?.allowedIPs ?? [] }
        }
        let former = tunnel.former?.routes ?? []
        let isWorse = former.contains { $0.metric != 0 }
        let dropped = isWorse ? Set(former.filter { $0.metric == 0 }.map(\.prefix)) : []
        let cut = alive.intersection(keys).filter { key in
            let allowed = tunnel.observed?.peers[key]?.settings.allowedIPs ?? []
            return !allowed.isDisjoint(with: silent) && allowed.isDisjoint(with: dropped)
        }
        if !cut.isEmpty {
            throw failed(
                "peer \(cut.sorted().joined(separator: ", ")) answers on \(interface) alone, which it was to leave")
        }
    }

    private func verify(_ host: (String) -> LiveHost) async throws {
        var now: [TunnelChanges.Tunnel] = []
        for tunnel in plan.tunnels {
            let report = try await host(tunnel.interface).report()
            if let report, let sections = tunnel.sections,
                let (desired, observed, _) = sections.compared(with: report, former: nil, alive: .max)
            {
                now.append(
                    TunnelChanges.Tunnel(tunnel.interface, observed: observed, desired: desired, former: desired))
                continue
            }
            let observed = try report.map { try host(tunnel.interface).observed($0) }
            let whole = try plan.tree.tunnels.first { $0.interface == tunnel.interface }?.desired
            if let desired = whole ?? tunnel.desired {
                guard observed != nil else { throw failed("the interface \(tunnel.interface) did not stay up") }
                now.append(
                    TunnelChanges.Tunnel(tunnel.interface, observed: observed, desired: desired, former: desired))
            } else if observed != nil {
                throw failed("the interface \(tunnel.interface) did not go")
            }
        }
        // Peers that have not answered yet keep their routes on the other interface.
        let rest = TunnelChanges(now, firewall: .none).steps.filter { step in
            if case .move = step.step { false } else { true }
        }
        if !rest.isEmpty {
            throw failed(
                "not all has come about: left is to "
                    + rest.map { "\($0.interface): \($0.step.text)" }.joined(separator: "; "))
        }
        if plan.tree.hasFirewall {
            let script = PutBack.files(folder, plan.tree.interface, base: plan.tree.interface).script
            let rules = LoadedRules(
                host: host(plan.tree.interface), script: script, disk: folder.disk, sha256: sha256)
            guard let digest = try await rules.digest() else { throw failed("the firewall is not loaded") }
            let kept = KeptRules(plan.tree.files, of: plan.tree.interface, rules: digest, sha256)
            try reported { try folder.note(kept) }
        }
    }

    /// Peers with a live session that stay, with keys and endpoints that stay; on an interface that goes, all with a live
    /// session.
    private func sessions(_ tunnel: ApplyPlan.Tunnel) -> Set<String> {
        guard let observed = tunnel.observed else { return [] }
        let now = Int64(time(nil))
        let live = observed.peers.filter { $0.value.handshake > now - Self.sessionSeconds }
        guard let desired = tunnel.desired else { return Set(live.keys) }
        if desired.privateKey.map({ $0 != observed.privateKey }) ?? false { return [] }
        return Set(
            live.filter { key, peer in
                // One that goes from here may stay on the other interface.
                guard let wanted = desired.peers[key] else { return plan.tunnels.count > 1 }
                // Where it is to be asked from now on it may not listen yet.
                guard tunnel.former?.peers[key]?.endpoint == wanted.endpoint else { return false }
                return wanted.presharedKey == peer.settings.presharedKey
            }.keys)
    }

    /// Those of the peers from which a packet comes, having been asked; while keys rotate, by either interface.
    private func answering(_ host: LiveHost, among peers: Set<String>, within seconds: Int) async throws -> Set<String>
    {
        guard !peers.isEmpty, let start = try await host.observe() else { return [] }
        let others = plan.tunnels.map(\.interface).filter { $0 != host.interface }.map(host.beside)
        let before = try await observe(others)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var answered: Set<String> = []
        var asked = ContinuousClock.now - .seconds(1)
        while ContinuousClock.now < deadline {
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = ContinuousClock.now
                SessionProbe.send(host.interface, start, to: peers.subtracting(answered))
            }
            guard let now = try await host.observe() else { return [] }
            answered = peers.intersection(now.heard(since: start, zip(before, try await observe(others))))
            if answered == peers { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        return answered
    }

    private func observe(_ hosts: [LiveHost]) async throws -> [ObservedInterface?] {
        var observed: [ObservedInterface?] = []
        for host in hosts { observed.append(try await host.observe()) }
        return observed
    }

    // MARK: the end

    private func confirm(_ journal: ApplyJournal) async throws {
        try reported {
            guard try folder.decide(.confirmed) else { throw failed("it took too long") }
        }
        FaultPoint.pass()
        try await Confirmation(folder: folder, journal: journal, tools: tools).run()
    }

    private func awaitConfirmation(_ journal: ApplyJournal) async throws {
        progress("applied; confirm it within \(journal.confirmation) s from another session: hauberk apply --confirm")
        // The other process ends it. Should that have been killed, this one does, a little later.
        let deadline = ContinuousClock.now + .seconds(journal.confirmation + 30)
        while let present = try reported({ try folder.present() }), present.journal.id == journal.id {
            try await Task.sleep(for: .milliseconds(50))
            if ContinuousClock.now < deadline { continue }
            if present.phase == .confirmed {
                try await Confirmation(folder: folder, journal: journal, tools: tools).run()
            } else {
                throw try await putBack(journal, failed("it was not confirmed within \(journal.confirmation) s"))
            }
        }
        guard try reported({ try folder.outcome(journal.id) }) == "confirmed" else {
            throw failed("it was not confirmed within \(journal.confirmation) s, or was refused")
        }
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
                .inputOutput, .applyFailed, "it failed, and putting back failed too: \(why)",
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

    /// Fewer seconds for all steps, from 1 to 300, for a test in which one hangs: `$HAUBERK_APPLY_STEP_SECONDS`.
    static var stepSeconds: Int? {
        getenv("HAUBERK_APPLY_STEP_SECONDS").flatMap { Int(String(cString: $0)) }.flatMap { 1...300 ~= $0 ? $0 : nil }
    }
}
