import Diagnostics
import Glibc
import Subprocess
import SystemPackage

/// What a program printed and how it ended.
struct CommandResult: Sendable {
    let succeeded: Bool
    let output: String
    /// Standard error, or how the program ended when it said nothing.
    let complaint: String
}

/// Runs the lab's programs with an environment of their own: nothing of the user's leaks in.
enum LabCommand {
    static let searchPath = "/run/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// One processor to each wireguard-go: a lab has many of them. No LOG_LEVEL: with one it keeps our pipes as its
    /// own, and its first complaint after we closed them kills it (wireguard-go, main.go).
    private static let environment: Environment = .custom([
        "PATH": searchPath, "LC_ALL": "C", "HOME": "/", "GOMAXPROCS": "1",
        "WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go", "WG_ENDPOINT_RESOLUTION_RETRIES": "1",
    ])

    /// Runs to the end or for `milliseconds`, whichever comes first.
    static func run(_ words: [String], input: String = "", milliseconds: Int = 30_000) async -> CommandResult {
        await withTaskGroup(of: CommandResult?.self) { group in
            group.addTask { await execute(words, input: input) }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(milliseconds))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            let tool = words.first ?? ""
            return CommandResult(
                succeeded: false, output: "", complaint: "\(tool) did not end within \(milliseconds / 1000) s")
        }
    }

    private static func execute(_ words: [String], input: String) async -> CommandResult {
        guard let tool = words.first else {
            return CommandResult(succeeded: false, output: "", complaint: "no command")
        }
        let executable: Executable = tool.hasPrefix("/") ? .path(FilePath(tool)) : .name(tool)
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(Array(words.dropFirst())), environment: environment,
                input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
            let said = trimmed(result.standardError)
            return CommandResult(
                succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
                complaint: said.isEmpty ? "\(tool) ended with \(result.terminationStatus)" : said)
        } catch {
            return CommandResult(succeeded: false, output: "", complaint: "\(tool): \(error)")
        }
    }

    /// Like ``run(_:input:milliseconds:)``, for a step without which there is no lab.
    static func require(_ words: [String], input: String = "") async throws(Failure) {
        let result = await run(words, input: input)
        guard !result.succeeded else { return }
        let command = words.prefix(6).joined(separator: " ")
        throw Failure(.inputOutput, .labBroken, "\(quoted(command)) failed: \(result.complaint)")
    }
}

/// Runs `body` on every value, `width` at a time; the results come in the order of the values.
func concurrently<Value: Sendable, Result: Sendable>(
    _ values: [Value], width: Int, _ body: @escaping @Sendable (Value) async throws -> Result,
    finished: (Int) -> Void = { _ in }
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results: [Int: Result] = [:]
        var pending = Array(values.enumerated())[...]
        while let (index, value) = pending.popFirst() {
            if index >= width, let done = try await group.next() {
                results[done.0] = done.1
                finished(results.count)
            }
            group.addTask { (index, try await body(value)) }
        }
        for try await done in group {
            results[done.0] = done.1
            finished(results.count)
        }
        return values.indices.compactMap { results[$0] }
    }
}
