internal import Diagnostics
internal import Glibc
internal import Subprocess
internal import SystemPackage

/// Runs tools; tests bring their own.
package protocol ToolRunning: Sendable {
    /// What the tool answered, whatever its exit status.
    ///
    /// - Throws: `Failure`: status 78 that names the package if the tool is missing, 74 if it takes too long, says too
    ///   much or cannot be started.
    func run(_ run: ToolRun) async throws -> ToolResult
}

/// Runs tools as child processes.
package struct ProcessRunner: ToolRunning {
    package init() { _ = brokenPipesAreErrors }

    package func run(_ run: ToolRun) async throws -> ToolResult {
        // swift-subprocess 1.0.2 traps when it cannot open /dev/null.
        guard access("/dev/null", R_OK | W_OK) == 0 else {
            throw Failure(SystemError("open", "/dev/null", errno))
        }
        do {
            return try await withThrowingTaskGroup(of: ToolResult?.self) { group in
                group.addTask { try await answer(of: run) }
                group.addTask {
                    try await Task.sleep(for: .seconds(run.timeoutSeconds))
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let result = first else { throw overdue(run) }
                return result
            }
        } catch let error as SubprocessError {
            throw failure(run, error)
        }
    }

    private func answer(of run: ToolRun) async throws -> ToolResult {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        var environment: [Environment.Key: String?] = ["LC_ALL": "C"]
        for (name, value) in run.environment {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        let result = try await Subprocess.run(
            run.tool.contains("/") ? .path(FilePath(run.tool)) : .name(run.tool), arguments: Arguments(run.arguments),
            environment: .inherit.updating(environment), workingDirectory: run.folder.map { FilePath($0) },
            platformOptions: options, input: .inputWriter, output: .bytes(limit: run.outputLimit),
            error: .bytes(limit: run.outputLimit)
        ) { execution in
            // A tool may end without reading all of its input; how it ended says whether that is a mistake.
            if !run.input.isEmpty { _ = try? await execution.standardInputWriter.write(run.input) }
            try? await execution.standardInputWriter.finish()
        }
        let ending: ToolResult.Ending =
            switch result.terminationStatus {
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signalled(signal)
            }
        return ToolResult(ending: ending, output: result.standardOutput, errors: result.standardError)
    }

    private func overdue(_ run: ToolRun) -> Failure {
        Failure(
            .inputOutput, .toolOverdue, "\(quoted(run.tool)) took longer than \(run.timeoutSeconds) s and was ended")
    }

    private func failure(_ run: ToolRun, _ error: SubprocessError) -> Failure {
        switch error.code {
        case .executableNotFound:
            let package = debianPackage(of: run.tool)
            return Failure(
                .toolMissing, .missingTool, "the tool \(quoted(run.tool)) is not installed",
                hint: package.map { "apt-get install \($0)" } ?? "install it, or look at $PATH")
        case .outputLimitExceeded:
            return Failure(
                .inputOutput, .toolTooLoud, "\(quoted(run.tool)) wrote more than \(run.outputLimit) bytes")
        default:
            let cause = error.underlyingError.map { explanation(of: $0.rawValue) } ?? "\(error.code)"
            return Failure(.inputOutput, .toolFailed, "cannot run \(quoted(run.tool)): \(cause)")
        }
    }
}

/// Makes a write to a tool that has ended an error instead of the end of this program; set once.
///
/// A handler that does nothing, since `SIG_IGN` would be inherited by the tools.
private let brokenPipesAreErrors: Void = {
    var action = sigaction()
    var former = sigaction()
    sigaction(SIGPIPE, nil, &former)
    guard former.__sigaction_handler.sa_handler == nil else { return }
    action.__sigaction_handler.sa_handler = { _ in }
    action.sa_flags = SA_RESTART
    sigaction(SIGPIPE, &action, nil)
}()
