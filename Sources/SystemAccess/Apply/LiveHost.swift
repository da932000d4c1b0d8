internal import Delivery
internal import Diagnostics

/// The live state of the network namespace that this process runs in.
struct LiveHost: Sendable {
    let interface: String
    /// Written into the environment of every tool, so that those of a killed process are found.
    let id: String
    let tools: any ToolRunning

    static let variable = "HAUBERK_APPLY_ID"

    private func run(_ tool: String, _ words: [String], _ input: [UInt8] = []) async throws -> ToolResult {
        var run = ToolRun(tool, words)
        run.input = input
        run.timeoutSeconds = 120
        run.environment = [Self.variable: id]
        return try await tools.run(run)
    }

    private func done(_ tool: String, _ words: [String], _ input: [UInt8] = []) async throws {
        let result = try await run(tool, words, input)
        guard !result.succeeded else { return }
        throw Self.failure(tool, result)
    }

    /// What a tool said, without what could be a key.
    static func failure(_ tool: String, _ result: ToolResult) -> Failure {
        let lines = result.errorText.split(separator: "\n").filter { !$0.hasPrefix("[#]") }
        let last = lines.suffix(3).joined(separator: "; ")
        let words = last.split(separator: " ").map { $0.utf8.count >= 40 ? "…" : String($0) }.joined(separator: " ")
        if result.ending == .exited(78) { return Failure(.toolMissing, .missingTool, words) }
        return Failure(.no, .applyFailed, "\(shown(tool)) failed: \(words.isEmpty ? "\(result.ending)" : words)")
    }

    /// What the kernel and wg(8) say of the interface; nil if there is none.
    func report() async throws -> ObservedInterface.Report? {
        guard let network = try reported({ try KernelNetwork.report(of: interface) }) else { return nil }
        let dump = try await run("wg", ["show", interface, "dump"])
        guard dump.succeeded else { throw Self.failure("wg", dump) }
        let filter = "/proc/sys/net/ipv4/conf/\(interface)/rp_filter"
        let reversePath = try HostDisk(root: "", files: RealFileSystem()).text(filter) ?? ""
        return ObservedInterface.Report(
            dump: dump.output, link: network.link, addresses: network.addresses, routes: network.routes,
            reversePath: reversePath)
    }

    func observe() async throws -> ObservedInterface? {
        try await report().map(observed)
    }

    func observed(_ report: ObservedInterface.Report) throws -> ObservedInterface {
        guard let observed = ObservedInterface(report) else {
            throw Failure(.no, .applyFailed, "\(shown(interface)) is there and is no interface of WireGuard's")
        }
        return observed
    }

    func take(_ step: LiveStep, with files: StepFiles) async throws {
        switch step {
        case .down: try await done("wg-quick", ["down", files.formerConfiguration])
        case .up: try await done("wg-quick", ["up", files.configuration])
        case .loadFirewall: try await firewall(files.script, "load")
        case .removeFirewall: try await firewall(files.formerScript, "remove")
        case .device(let key, let port, let mark): try await setDevice(key, port, mark)
        case .configure(let peers):
            let text = peers.sorted { $0.key < $1.key }.map { $1.section(of: $0) }.joined()
            try await done("wg", ["addconf", interface, "/dev/stdin"], Array(text.utf8))
        case .adjust(let key, let change): try await adjust(key, change)
        case .keepalives(let peers):
            try await set(peers.sorted { $0.key < $1.key }.map { [$0.key, "persistent-keepalive", "\($0.value)"] })
        case .remove(let keys): try await set(keys.map { [$0, "remove"] })
        case .network(let changes): try await change(changes)
        case .reversePath(let number):
            try await done("sysctl", ["-q", "-w", "net/ipv4/conf/\(interface)/rp_filter=\(number)"])
        case .move: preconditionFailure("a move takes time, and is the run's")
        }
    }

    /// `wg set` of many peers, each by its key and words, as many in a run as a command line takes.
    private func set(_ peers: [[String]]) async throws {
        for start in stride(from: 0, to: peers.count, by: 500) {
            let words = peers[start..<min(start + 500, peers.count)].flatMap { ["peer"] + $0 }
            try await done("wg", ["set", interface] + words)
        }
    }

    /// Changes of the interface beside WireGuard's own settings; nothing happens for none.
    func change(_ changes: [NetworkChange]) async throws {
        if changes.isEmpty { return }
        let text = changes.map { $0.line(interface) + "\n" }.joined()
        try await done("ip", ["-batch", "-"], Array(text.utf8))
    }

    /// The same with another interface of the host.
    func beside(_ other: String) -> LiveHost { LiveHost(interface: other, id: id, tools: tools) }

    /// The files that steps are taken with.
    struct StepFiles: Sendable {
        var configuration: String
        var script: String
        var formerConfiguration: String
        var formerScript: String
    }

    private func setDevice(_ key: HiddenKey?, _ port: UInt16?, _ mark: UInt32?) async throws {
        var words = ["set", interface]
        if let port { words += ["listen-port", "\(port)"] }
        if let mark { words += ["fwmark", "\(mark)"] }
        if key != nil { words += ["private-key", "/dev/stdin"] }
        try await done("wg", words, Array((key?.text ?? "").utf8))
    }

    private func adjust(_ key: String, _ change: PeerAdjustment) async throws {
        var words = ["set", interface, "peer", key]
        if change.presharedKey != nil { words += ["preshared-key", "/dev/stdin"] }
        if let endpoint = change.endpoint { words += ["endpoint", endpoint] }
        if let seconds = change.keepalive { words += ["persistent-keepalive", "\(seconds)"] }
        let secret = change.presharedKey.map { $0?.text ?? HiddenKey.absent } ?? ""
        try await done("wg", words, Array(secret.utf8))
    }

    /// What a command line prints, whatever it ends with; tools of administrators are found, too.
    func said(_ command: String) async throws -> String {
        try await run("sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin; \(command)"]).outputText
    }

    /// By sh(1): a script may have lost its permission, and its folder may be one that nothing is run from.
    func firewall(_ script: String, _ word: String) async throws {
        let result = try await run("sh", [script, word])
        guard result.succeeded else { throw Self.failure(script, result) }
    }

    /// Ends the interface, whatever state it is in.
    func removeInterface(_ configuration: String) async throws {
        guard KernelNetwork.has(interface) else { return }
        if try await run("wg-quick", ["down", configuration]).succeeded { return }
        guard KernelNetwork.has(interface) else { return }
        try await done("ip", ["link", "delete", "dev", interface])
    }
}
