package import Delivery
internal import Diagnostics

extension HostPush {
    /// What a host says that a tree would change there.
    package enum Plan: Sendable {
        /// The JSON that `apply --dry-run` printed.
        case told(String)
        case refused(String)
        case unreachable(String)
    }

    /// Seconds that the checks may take.
    private static var planSeconds: Double { 120 }

    /// Has the host hold its live state and its files against the tree; nothing is changed there.
    ///
    /// - Parameter tree: files by their paths on the host.
    /// - Throws: `Failure` when ssh(1) is missing or cannot be started.
    package func plan(_ tree: [HostFile], on target: SSHTarget) async throws -> Plan {
        for half in halves {
            var result = try await question(tree, half, carries: false, target)
            if result?.ending == .exited(HostScript.Ending.lacking.rawValue) {
                guard half.cargo != nil else { continue }
                result = try await question(tree, half, carries: true, target)
            }
            guard let result else { return .refused("a path in its tree is too long") }
            guard let answer = HostScript.answer(in: result.outputText) else {
                let isConnection = result.ending == .exited(255)
                return isConnection ? .unreachable(complaint(result)) : .refused(complaint(result))
            }
            switch result.ending {
            case .exited(0): return .told(answer)
            case .exited(255): return .unreachable("the connection broke: \(complaint(result))")
            case .exited(HostScript.Ending.foreign.rawValue): continue
            default: return .refused(complaint(result))
            }
        }
        return .refused("it has no hauberk of this version that runs there, and there is none to carry")
    }

    /// Nil for a tree that no archive holds.
    private func question(
        _ tree: [HostFile], _ half: any HostHalf, carries: Bool, _ target: SSHTarget
    ) async throws -> ToolResult? {
        let cargo = carries ? half.cargo.map { [$0] } ?? [] : []
        let files = tree.map { HostFile(path: "tree/\($0.path)", mode: $0.mode, bytes: $0.bytes) }
        guard let archive = TarArchive(cargo + files) else { return nil }
        var run = ToolRun("ssh", target.arguments(.shared, command: HostScript(half).plan(carriesHalf: carries)))
        run.input = archive.bytes
        run.timeoutSeconds = Self.planSeconds
        return try await tools.run(run)
    }
}
