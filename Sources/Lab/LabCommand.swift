import Diagnostics
import SystemAccess

/// What a program printed and how it ended.
struct CommandResult: Sendable {
    let succeeded: Bool
    let output: String
    /// Standard error, or how the program ended when it said nothing.
    let complaint: String
}

/// Runs the lab's programs.
enum LabCommand {
    static let searchPath = "/run/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// All that the lab's programs see of an environment: nothing of the user's leaks in.
    ///
    /// One processor to each wireguard-go: a lab has many of them. No LOG_LEVEL: with one it keeps our pipes as its
    /// own, and its first complaint after we closed them kills it (wireguard-go, main.go).
    static let environment = [
        "PATH": searchPath, "LC_ALL": "C", "HOME": "/", "GOMAXPROCS": "1",
        "WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go", "WG_ENDPOINT_RESOLUTION_RETRIES": "1",
    ]

    /// Runs to the end or for `milliseconds`, whichever comes first.
    static func run(_ words: [String], input: String = "", milliseconds: Int = 30_000) async -> CommandResult {
        var run = ToolRun(words.first ?? "", Array(words.dropFirst()))
        run.input = Array(input.utf8)
        run.environment = environment.mapValues { $0 }
        run.timeoutSeconds = Double(milliseconds) / 1000
        do {
            let result = try await ProcessRunner().run(run)
            let said = trimmed(result.errorText)
            return CommandResult(
                succeeded: result.succeeded, output: result.outputText,
                complaint: said.isEmpty ? "\(run.tool) ended as \(result.ending)" : said)
        } catch {
            let reason = (error as? Failure)?.diagnostics.first?.message ?? "\(error)"
            return CommandResult(succeeded: false, output: "", complaint: "\(run.tool): \(reason)")
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
