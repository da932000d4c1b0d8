internal import Delivery
internal import Diagnostics
internal import Glibc

/// `hauberk apply` on the host that it runs on.
package struct HostApply: Sendable {
    /// What an apply is asked for.
    package struct Request: Sendable {
        package enum Extent: Sendable { case whole, dryRun }

        /// A folder, a tar archive, or `-` for one on standard input.
        package var tree: String
        /// Seconds; zero confirms at once.
        package var confirmWithin: Int
        package var extent: Extent
        /// Seconds that peers have to answer on an interface before packets to them take it.
        package var patience: Int

        package init(tree: String, confirmWithin: Int, extent: Extent, patience: Int) {
            self.patience = patience
            self.tree = tree
            self.confirmWithin = confirmWithin
            self.extent = extent
        }
    }

    /// What was done.
    package struct Report: Sendable {
        package var interface: String
        /// In their order; empty when there was nothing to do.
        package var steps: [String]
        /// Paths of the files that were switched.
        package var files: [String]
        package var cutsSessions: Bool
        /// Public keys of peers that have not answered on the interface that packets are to take; sorted.
        package var waiting: [String]
        /// Units that systemd starts at boot from now on, by name; empty when there are no new ones.
        package var startsAtBoot: [String]
        /// Interfaces that come for the first time, and that nothing on the host starts at boot.
        package var unstarted: [String]
    }

    let folder: ApplyFolder
    let tools: any ToolRunning
    let sha256: SHA256
    /// Takes a line for each step.
    let progress: @Sendable (String) -> Void

    /// - Parameter root: the prefix of the host's files; empty for none.
    ///
    /// - Throws: `Failure` for a root that hooks could not name.
    package init(root: String, sha256: @escaping SHA256, progress: @escaping @Sendable (String) -> Void) throws {
        let whole = root.hasPrefix("/") || root.isEmpty ? root : Self.currentFolder + "/" + root
        let kept = whole.split(separator: "/").filter { $0 != "." }.map { "/" + $0 }.joined()
        let isPlain = kept.utf8.allSatisfy { byte in
            "/._+-".utf8.contains(byte) || 0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte
        }
        guard isPlain, !kept.split(separator: "/").contains("..") else {
            throw Failure(
                .usage, .refusedTree, "--root takes a path of plain letters, not \(shown(root))",
                hint: "wg-quick runs hooks below it through a shell")
        }
        folder = ApplyFolder(disk: HostDisk(root: kept, files: RealFileSystem()))
        tools = PlainRunner()
        self.sha256 = sha256
        self.progress = progress
    }

    private static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Brings the host to the tree.
    ///
    /// - Throws: `Failure`; 1 when it was put back, 65 for a bad tree, 75 when another is at work.
    package func apply(_ request: Request) async throws -> Report {
        let disk = folder.disk
        let source = try reported { try TreeSource(request.tree, disk) }
        let tree = try HostTree(source.files, shown: request.tree)
        try requireRoot()
        try await checkFirewall(tree)
        guard request.extent == .whole else { return try await plan(tree, from: source).report }
        let lock = try await takeLock()
        // Not unlocked: the process that would put it back has the same lock, and keeps it for as long as it works.
        defer { disk.files.close(lock) }
        try await recover()
        let plan = try await plan(tree, from: source)
        guard !plan.isEmpty else {
            plan.keepApplied(folder)
            var report = plan.report
            report.waiting = try await silent(plan, request.patience)
            return report
        }
        let run = ApplyRun(
            folder: folder, tools: tools, progress: progress, plan: plan, sha256: sha256, patience: request.patience)
        return try await run.run(confirmWithin: request.confirmWithin, lock: lock)
    }

    /// The peers that answer on the interface alone that packets are not to take.
    private func silent(_ plan: ApplyPlan, _ patience: Int) async throws -> [String] {
        guard let (interface, desired, move) = TunnelChanges.standing(plan.tunnels.map(\.state)) else { return [] }
        let host = LiveHost(interface: interface, id: "", tools: tools)
        return try await RouteMover(host: host, move: move, desired: desired).silent(within: patience).sorted()
    }

    func requireRoot() throws {
        guard geteuid() == 0 else {
            throw Failure(
                .permission, .permissionDenied, "apply changes the network of the host, and you are not root",
                hint: "run it with sudo")
        }
    }

    private func takeLock() async throws -> Handle {
        try reported { try folder.make() }
        // One that has just ended leaves its lock to the process that watched it, which sees that in a moment.
        let deadline = ContinuousClock.now + .seconds(2)
        repeat {
            if let lock = try reported({ try folder.lock() }) { return lock }
            if try reported({ try folder.present() }) != nil { break }
            try await Task.sleep(for: .milliseconds(20))
        } while ContinuousClock.now < deadline
        let present = try? folder.present()
        let who = present.map { "process \($0.journal.process) for \(shown($0.journal.interface)), \($0.phase)" }
        throw Failure(
            .locked, .applyLocked, "another apply is at work on this host: \(who ?? "it has just begun")",
            hint: "hauberk apply --status")
    }

    /// Ends what a killed one has left.
    private func recover() async throws {
        guard let (journal, phase) = try reported({ try folder.present() }) else {
            try reported { try folder.disk.removeTree(folder.pending) }
            return
        }
        try await finish(journal, phase)
    }

    private func finish(_ journal: ApplyJournal, _ phase: ApplyPhase) async throws {
        if phase == .confirmed {
            progress("an apply that was confirmed and cut off is finished")
            return try await Confirmation(folder: folder, journal: journal, tools: tools).run()
        }
        progress("an apply that was not confirmed is put back")
        if phase != .returning { _ = try reported { try folder.decide(.returning) } }
        do {
            try await PutBack(folder: folder, journal: journal, tools: tools).run()
        } catch {
            let why = (error as? Failure)?.diagnostics.first?.message ?? "\(error)"
            throw Failure(.inputOutput, .applyFailed, "putting back failed: \(why)", hint: "run it again")
        }
    }

    /// What is to be done. wg-quick reads the configuration where it will have to: it takes a second for 1,000 peers.
    private func plan(_ tree: HostTree, from source: TreeSource) async throws -> ApplyPlan {
        let plan = try await ApplyPlan.make(tree, folder, tools, sha256)
        for step in plan.change.steps where step.step == .up {
            try await source.withFile(HostTree.configuration(of: step.interface), folder.disk) { file in
                try await check([ToolRun("wg-quick", ["strip", file])])
            }
        }
        return plan
    }

    /// The firewall's own script reads its files, in a private folder; nothing secret is among them. Files that are the
    /// host's already have been read so when they came.
    private func checkFirewall(_ tree: HostTree) async throws {
        for tool in ["ip", "wg"] where !Self.isInstalled(tool) { throw Failure.missing(ToolRun(tool)) }
        let disk = folder.disk
        let own = tree.files.filter { $0.path.hasPrefix("etc/hauberk/") }
        let changed = try reported { try folder.changed(own) }
        guard tree.hasFirewall, !changed.isEmpty else { return }
        let scratch = try TemporaryFolder(prefix: "hauberk-apply")
        defer { scratch.remove() }
        try reported {
            try disk.files.makeFolders("\(scratch.path)/etc/hauberk/\(tree.interface)", mode: 0o700)
            for file in own { try disk.keep("\(scratch.path)/\(file.path)", file.bytes, mode: file.mode) }
        }
        let script = "\(scratch.path)/\(tree.script)"
        if changed.contains(where: { $0.path == tree.script }) { try await check([ToolRun("sh", ["-n", script])]) }
        // By sh(1): the folder for temporary files may be one that nothing is run from.
        try await check([ToolRun("sh", [script, "check"])])
    }

    /// Whether posix_spawnp(3) will find it.
    private static func isInstalled(_ tool: String) -> Bool {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/bin:/usr/bin"
        return folders.split(separator: ":", omittingEmptySubsequences: false).contains {
            access($0.isEmpty ? tool : "\($0)/\(tool)", X_OK) == 0
        }
    }

    private func check(_ runs: [ToolRun]) async throws {
        for run in runs {
            let result = try await tools.run(run)
            guard !result.succeeded else { continue }
            let failure = LiveHost.failure(run.arguments.last == "check" ? "firewall check" : run.tool, result)
            if failure.status == .toolMissing { throw failure }
            throw HostTree.refused(failure.diagnostics[0].message, "render it again; nothing was changed on the host")
        }
    }
}

// MARK: the other words

extension HostApply {
    /// How a host stands.
    package struct Status: Sendable {
        /// Nil when nothing is pending.
        package var phase: String?
        package var interface: String?
        package var confirmation: Int?
    }

    package func status() throws -> Status {
        try reported {
            guard let (journal, phase) = try folder.present() else { return Status() }
            return Status(phase: phase.rawValue, interface: journal.interface, confirmation: journal.confirmation)
        }
    }

    package enum Answer: Sendable { case confirm, putBack }

    /// Confirms or puts back what waits for that, and returns when it is done: the interface's name, and whether it was
    /// confirmed, be it before; nil when there was nothing to put back.
    package func answer(_ answer: Answer) async throws -> (interface: String, isConfirmed: Bool)? {
        guard let (journal, phase) = try reported({ try folder.present() }) else {
            if answer == .putBack { return nil }
            throw Failure(.no, .nothingApplied, "nothing waits for a confirmation")
        }
        try requireRoot()
        if let lock = try reported({ try folder.lock() }) {
            // Whoever began it is gone, and so is the process that would have put it back: after a reboot, say.
            defer { folder.disk.files.close(lock) }
            let left = try reported { try folder.present() }
            if let left, left.journal.id == journal.id { try await finish(journal, left.phase) }
            let outcome = try reported { try folder.outcome(journal.id) }
            if phase == .confirmed, outcome == "confirmed" { return (journal.interface, true) }
            return (try settled(journal, outcome, answer), answer == .confirm)
        }
        guard phase == .waiting, try reported({ try folder.decide(answer == .confirm ? .confirmed : .returning) })
        else { throw Failure(.no, .nothingApplied, "an apply is at work, and does not wait for a confirmation") }
        return (try settled(journal, try await outcome(journal), answer), answer == .confirm)
    }

    private func settled(_ journal: ApplyJournal, _ outcome: String?, _ answer: Answer) throws -> String {
        guard outcome == (answer == .confirm ? "confirmed" : "returned") else {
            throw Failure(
                .no, .applyFailed, "the apply of \(shown(journal.interface)) was \(outcome ?? "not ended") meanwhile")
        }
        return journal.interface
    }

    private func outcome(_ journal: ApplyJournal) async throws -> String? {
        let deadline = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < deadline, try reported({ try folder.present() })?.journal.id == journal.id {
            try await Task.sleep(for: .milliseconds(50))
        }
        return try reported { try folder.outcome(journal.id) }
    }
}
