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
                guard let first = try await group.next(), let result = first else { throw Failure.overdue(run) }
                return result
            }
        } catch let error as SubprocessError {
            throw failure(run, error)
        }
    }

    private func answer(of run: ToolRun) async throws -> ToolResult {
        let configuration = configuration(run)
        guard let hear = run.hear else {
            let result = try await Subprocess.run(
                configuration, input: .inputWriter, output: .bytes(limit: run.outputLimit),
                error: .bytes(limit: run.outputLimit)
            ) { execution in await Self.write(run.input, execution.standardInputWriter) }
            return ToolResult(
                ending: ending(result.terminationStatus), output: result.standardOutput, errors: result.standardError)
        }
        let result = try await Subprocess.run(
            configuration, input: .inputWriter, output: .bytes(limit: run.outputLimit), error: .sequence
        ) { execution in
            await Self.write(run.input, execution.standardInputWriter)
            var lines = HeardLines(limit: run.outputLimit)
            for try await buffer in execution.standardError {
                for line in buffer.withUnsafeBytes({ lines.take($0) }) { hear(line) }
            }
            return lines.bytes
        }
        return ToolResult(
            ending: ending(result.terminationStatus), output: result.standardOutput, errors: result.closureResult)
    }

    private func configuration(_ run: ToolRun) -> Configuration {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        var environment: [Environment.Key: String?] = ["LC_ALL": "C"]
        for (name, value) in run.environment {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        return Configuration(
            executable: run.tool.contains("/") ? .path(FilePath(run.tool)) : .name(run.tool),
            arguments: Arguments(run.arguments), environment: .inherit.updating(environment),
            workingDirectory: run.folder.map { FilePath($0) }, platformOptions: options)
    }

    /// A tool may end without reading all of its input; how it ended says whether that is a mistake.
    private static func write(_ input: [UInt8], _ writer: StandardInputWriter) async {
        if !input.isEmpty { _ = try? await writer.write(input) }
        try? await writer.finish()
    }

    private func ending(_ status: TerminationStatus) -> ToolResult.Ending {
        switch status {
        case .exited(let code): .exited(code)
        case .signaled(let signal): .signalled(signal)
        }
    }

    private func failure(_ run: ToolRun, _ error: SubprocessError) -> Failure {
        switch error.code {
        case .executableNotFound:
            return .missing(run)
        case .outputLimitExceeded:
            return .tooLoud(run)
        default:
            let cause = error.underlyingError.map { explanation(of: $0.rawValue) } ?? "\(error.code)"
            return Failure(.inputOutput, .toolFailed, "cannot run \(quoted(run.tool)): \(cause)")
        }
    }
}

/// Standard error of a tool, cut into lines as they come.
private struct HeardLines {
    let limit: Int
    private(set) var bytes: [UInt8] = []
    private var line: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// The lines that are whole now; what is beyond the limit is dropped.
    mutating func take(_ chunk: UnsafeRawBufferPointer) -> [String] {
        bytes += chunk.prefix(max(0, limit - bytes.count))
        var lines: [String] = []
        for byte in chunk {
            if byte == 0x0a {
                lines.append(String(decoding: line, as: UTF8.self))
                line = []
            } else if line.count < limit {
                line.append(byte)
            }
        }
        return lines
    }
}

/// Makes a write to a tool that has ended an error instead of the end of this program; set once.
///
/// A handler that does nothing, since `SIG_IGN` would be inherited by the tools.
let brokenPipesAreErrors: Void = {
    var action = sigaction()
    var former = sigaction()
    sigaction(SIGPIPE, nil, &former)
    guard former.__sigaction_handler.sa_handler == nil else { return }
    action.__sigaction_handler.sa_handler = { _ in }
    action.sa_flags = SA_RESTART
    sigaction(SIGPIPE, &action, nil)
}()
