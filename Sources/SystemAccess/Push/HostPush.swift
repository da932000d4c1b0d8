package import Delivery
internal import Diagnostics

/// Brings one host to its tree from here, by the system's ssh(1).
///
/// ```
///   deliver ──▶ apply waits ──▶ confirm over a new connection ──▶ confirmed
///      │             └── no new connection, or this process is killed ──▶ the host puts itself back
///      └── cut before that ──▶ nothing has changed, or the host puts itself back
/// ```
package struct HostPush: Sendable {
    let tools: any ToolRunning
    /// In the order in which they are tried.
    let halves: [any HostHalf]
    /// Seconds.
    private let confirmWithin: Int
    /// Seconds that a host has to put everything back.
    private let returnSeconds: Int
    /// Takes a word about each step.
    private let progress: @Sendable (String) -> Void

    package init(
        tools: any ToolRunning, halves: [any HostHalf], confirmWithin: Int, returnWithin returnSeconds: Int = 55,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.tools = tools
        self.returnSeconds = returnSeconds
        self.halves = halves
        self.confirmWithin = confirmWithin
        self.progress = progress
    }

    /// How it went with one host.
    package struct End: Sendable {
        package var outcome: HostDelivery.Outcome
        package var message: String?
        /// The JSON that `apply` printed.
        package var answer: String?
        /// The half that did it, by its name; nil when none came to that.
        package var half: String?
    }

    /// Seconds that a host may take for all steps of `apply`; it ends itself after 300.
    private static let stepSeconds = 330

    /// - Parameter tree: files by their paths on the host.
    /// - Throws: `Failure` when ssh(1) is missing or cannot be started.
    package func deliver(_ tree: [HostFile], to target: SSHTarget) async throws -> End {
        let deadline = ContinuousClock.now + .seconds(confirmWithin + 40)
        while true {
            let end = try await attempt(tree, target)
            guard end.outcome == .refused, end.isLocked else { return end.end }
            guard ContinuousClock.now < deadline else { return end.end }
            progress("waits for another apply there to end")
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// One host's way with each half in turn.
    private func attempt(_ tree: [HostFile], _ target: SSHTarget) async throws -> Attempt {
        var last: Attempt?
        for half in halves {
            var end = try await session(tree, half, carries: false, target)
            if end.status == HostScript.Ending.lacking.rawValue, half.cargo != nil {
                progress("gets \(half.name)")
                end = try await session(tree, half, carries: true, target)
            }
            end.end.half = half.name
            switch end.status {
            case HostScript.Ending.lacking.rawValue: continue
            case HostScript.Ending.foreign.rawValue: last = end
            default: return end
            }
        }
        return last
            ?? Attempt(
                .refused,
                "it has no hauberk of this version, and there is none to carry: install it, or name one with --binary")
    }

    /// What a session has come to.
    private struct Attempt {
        var end: End
        var status: Int32?
        var isLocked: Bool { status == ExitStatus.locked.rawValue }
        var outcome: HostDelivery.Outcome { end.outcome }

        init(_ outcome: HostDelivery.Outcome, _ message: String?, answer: String? = nil, status: Int32? = nil) {
            end = End(outcome: outcome, message: message, answer: answer)
            self.status = status
        }
    }

    private func session(
        _ tree: [HostFile], _ half: any HostHalf, carries: Bool, _ target: SSHTarget
    ) async throws -> Attempt {
        let cargo = carries ? half.cargo.map { [$0] } ?? [] : []
        let files = tree.map { HostFile(path: "tree/\($0.path)", mode: $0.mode, bytes: $0.bytes) }
        guard let archive = TarArchive(cargo + files) else {
            return Attempt(.refused, "a path in its tree is too long")
        }
        let script = HostScript(half)
        let (lines, feed) = AsyncStream<String>.makeStream()
        var run = ToolRun(
            "ssh",
            target.arguments(.shared, command: script.deliver(confirmWithin: confirmWithin, carriesHalf: carries)))
        run.input = archive.bytes
        run.timeoutSeconds = Double(Self.stepSeconds + confirmWithin + 120)
        run.hear = { feed.yield($0) }
        let order = run
        async let ending = result(of: order) { feed.finish() }
        var confirmation: Confirmation?
        for await line in lines {
            if line.hasPrefix(HostScript.waiting) {
                progress("is confirmed over a new connection")
                confirmation = try await confirm(script, target)
                break
            }
        }
        return try await judge(try await ending, confirmation, script, target)
    }

    private func result(of run: ToolRun, _ done: @Sendable () -> Void) async throws -> ToolResult {
        defer { done() }
        return try await tools.run(run)
    }

    // MARK: confirming

    private enum Confirmation {
        case done
        /// No new connection came about.
        case impossible(String)
        /// No new connection came about before the host had put itself back.
        case late
        /// The host had decided otherwise; the session that began it says why.
        case refused
        /// A session began, and its answer was lost.
        case lost

        /// Nil unless no new connection came about.
        var whyImpossible: String? { if case .impossible(let why) = self { why } else { nil } }
    }

    /// Asks over new connections until one is there, or the host has put itself back.
    private func confirm(_ script: HostScript, _ target: SSHTarget) async throws -> Confirmation {
        let deadline = ContinuousClock.now + .seconds(confirmWithin)
        var why: String?
        repeat {
            let result = try await ask(script.confirm, target)
            if HostScript.answer(in: result.outputText) != nil {
                if result.succeeded { return .done }
                if case .exited(let status) = result.ending, status != 255 {
                    return why == nil && ContinuousClock.now < deadline ? .refused : .late
                }
                return .lost
            }
            why = complaint(result)
            try await Task.sleep(for: .milliseconds(500))
        } while ContinuousClock.now < deadline
        return .impossible(why ?? "there was no time")
    }

    /// A short session over a connection of its own.
    private func ask(_ command: String, _ target: SSHTarget) async throws -> ToolResult {
        var run = ToolRun("ssh", target.arguments(.fresh, command: command))
        run.timeoutSeconds = Double(SSHTarget.connectSeconds(.fresh) + 30)
        do {
            return try await tools.run(run)
        } catch let failure as Failure where failure.diagnostics.first?.id == .toolOverdue {
            return ToolResult(ending: .exited(255), output: [], errors: Array("it takes too long".utf8))
        }
    }

    // MARK: judging

    private func judge(
        _ result: ToolResult, _ confirmation: Confirmation?, _ script: HostScript, _ target: SSHTarget
    ) async throws -> Attempt {
        let answer = HostScript.answer(in: result.outputText)
        let json = answer.flatMap { $0.contains("{") ? $0 : nil }
        // What was confirmed may have been the next one's, after this one had put itself back.
        if case .done = confirmation, result.ending != .exited(ExitStatus.no.rawValue) {
            return Attempt(.new, nil, answer: json)
        }
        guard case .exited(let status) = result.ending else {
            return try await settled("ssh was ended", confirmation, script, target)
        }
        guard answer != nil else {
            let isConnection = status == 255
            return Attempt(isConnection ? .unreachable : .refused, complaint(result), status: status)
        }
        switch status {
        case 0: return Attempt(.new, nil, answer: json, status: status)
        // Some peers have not answered on the interface that packets are to take.
        case ExitStatus.pending.rawValue where json != nil: return Attempt(.new, nil, answer: json, status: status)
        case ExitStatus.no.rawValue:
            if case .impossible(let why) = confirmation {
                return try await settled("no new connection in time: \(why)", confirmation, script, target)
            }
            if case .late = confirmation {
                return Attempt(.putBack, "no new connection in time; it is as it was, and answers", status: status)
            }
            return Attempt(.putBack, complaint(result), status: status)
        case HostScript.Ending.lacking.rawValue: return Attempt(.refused, "its hauberk is gone", status: status)
        case HostScript.Ending.foreign.rawValue:
            return Attempt(.refused, "what was carried does not run there", status: status)
        case HostScript.Ending.cut.rawValue: return Attempt(.refused, "not all has arrived: \(complaint(result))")
        case 255 where confirmation?.whyImpossible != nil:
            let why = confirmation?.whyImpossible ?? ""
            return try await settled("no new connection in time: \(why)", confirmation, script, target)
        case 255: return try await settled("the connection broke: \(complaint(result))", confirmation, script, target)
        case _ where Self.refusals.contains(status): return Attempt(.refused, complaint(result), status: status)
        // Whatever else it ends with, some steps may have been taken, which are only now put back.
        default: return try await settled(complaint(result), confirmation, script, target)
        }
    }

    /// What `apply` ends with before it changes anything.
    private static let refusals = [ExitStatus.usage, .meshInvalid, .fileMissing, .locked, .permission, .toolMissing]
        .map(\.rawValue)

    /// Waits until the host has put back what nobody confirmed, and says whether it did.
    private func settled(
        _ why: String, _ confirmation: Confirmation?, _ script: HostScript, _ target: SSHTarget
    ) async throws -> Attempt {
        progress("is waited for, to put itself back")
        let deadline = ContinuousClock.now + .seconds(confirmWithin + returnSeconds)
        var last = "nothing of it is heard since"
        while ContinuousClock.now < deadline {
            let result = try await ask(script.status, target)
            let answer = HostScript.answer(in: result.outputText)
            if let answer, isAtRest(result, answer) {
                if case .lost = confirmation { return Attempt(.unknown, "\(why); push again to see") }
                return Attempt(.putBack, "\(why); it is as it was, and answers")
            }
            if answer != nil { last = "it has not put everything back yet" }
            try await Task.sleep(for: .milliseconds(500))
        }
        return Attempt(.unknown, "\(why); \(last)")
    }

    /// Whether nothing is pending there, or nothing has ever begun.
    private func isAtRest(_ result: ToolResult, _ answer: String) -> Bool {
        result.succeeded && answer.contains("\"idle\"")
            || result.ending == .exited(HostScript.Ending.lacking.rawValue)
    }

    /// The finding that a failed session ended with, on one line that a terminal may show.
    func complaint(_ result: ToolResult) -> String {
        let lines = result.errorText.split(whereSeparator: \.isNewline).map { line in
            // Of scalars: a character can be as long as a host likes.
            let scalars = line.unicodeScalars.lazy.filter { !$0.properties.isWhitespace || $0 == " " }.prefix(300)
            return escaped(String(String.UnicodeScalarView(scalars)))
        }.filter { !$0.isEmpty }
        if let finding = lines.last(where: { $0.hasPrefix("error: ") }) { return String(finding.dropFirst(7)) }
        return lines.last ?? "it said nothing"
    }
}
