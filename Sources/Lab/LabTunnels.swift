/// Brings every host's tunnels up and down with the real wg-quick.
struct LabTunnels: Sendable {
    let order: LabOrder
    let width: Int

    /// In two waves: hosts with a keepalive speak as soon as they are up, and when nobody listens yet, WireGuard tries
    /// again only after 5 s; so the listeners come first.
    func bringUp(finished: (Int, Int) -> Void) async throws -> [LabHostState] {
        let hosts = order.topology.hosts.enumerated().map { LabHostState(number: $0.offset, host: $0.element) }
        let listeners = hosts.filter { !speaksFirst($0) }
        let first = try await concurrently(
            listeners, width: width, { await raise($0) }, finished: { finished($0, hosts.count) })
        let second = try await concurrently(
            hosts.filter { speaksFirst($0) }, width: width, { await raise($0) },
            finished: { finished(listeners.count + $0, hosts.count) })
        return (first + second).sorted { $0.number < $1.number }
    }

    private func speaksFirst(_ state: LabHostState) -> Bool {
        if state.host.reach == .natted { return true }
        let files = order.trees[state.number].entries.filter { $0.kind == .file && $0.path.hasPrefix("wireguard/") }
        return files.contains { file in
            String(decoding: file.contents, as: UTF8.self).split(separator: "\n").contains { line in
                let parts = line.split(separator: "=", maxSplits: 1).map { trimmed($0).lowercased() }
                return parts.count == 2 && parts[0] == "persistentkeepalive" && parts[1] != "0" && parts[1] != "off"
            }
        }
    }

    private func raise(_ state: LabHostState) async -> LabHostState {
        var state = state
        let start = Milliseconds.now
        for name in state.host.interfaces {
            let result = await wgQuick("up", name, state.number)
            guard result.succeeded else {
                state.problems.append("wg-quick up \(name) failed: \(words(of: result, state.number))")
                break
            }
            state.raised.append(name)
        }
        state.upMilliseconds = Milliseconds.now - start
        return state
    }

    private func wgQuick(_ verb: String, _ name: String, _ number: Int) async -> CommandResult {
        await LabCommand.run(
            LabHostCommand.words(number, ["wg-quick", verb, name]), milliseconds: order.options.patience.command)
    }

    /// wg-quick's own words without its echo of commands (`[#] …`), without frames, keys masked.
    private func words(of result: CommandResult, _ number: Int) -> String {
        let lines = result.complaint.split(separator: "\n").map { trimmed($0) }
        let kept = lines.filter { !$0.hasPrefix("[#]") && !$0.isEmpty && !isFrame($0) }
        let text = kept.isEmpty ? "no message" : kept.joined(separator: "; ")
        return SecretMask(trees: [order.trees[number]]).mask(text)
    }

    private func isFrame(_ line: String) -> Bool { line.hasPrefix("│") || line.hasPrefix("┌") || line.hasPrefix("└") }

    /// Fills in what the kernel and `wg` say of each host now.
    func describe(_ hosts: inout [LabHostState]) async throws {
        let dumps = try await concurrently(hosts.map(\.number), width: width) { number in
            await LabCommand.run(LabHostCommand.words(number, ["wg", "show", "all", "dump"]))
        }
        for (index, dump) in dumps.enumerated() {
            hosts[index].tunnels = WireGuardInterface.parse(dump.output)
            hosts[index].addresses = try LabNetwork.addresses(in: Wiring.hostNamespace(index))
        }
    }

    func takeDown(_ hosts: inout [LabHostState], finished: (Int, Int) -> Void) async throws {
        let total = hosts.count
        let problems = try await concurrently(
            hosts, width: width, { await lower($0) }, finished: { finished($0, total) })
        for index in hosts.indices { hosts[index].problems += problems[index] }
    }

    private func lower(_ state: LabHostState) async -> [String] {
        var problems: [String] = []
        for name in state.raised.reversed() {
            let result = await wgQuick("down", name, state.number)
            if !result.succeeded { problems.append("wg-quick down \(name) failed: \(words(of: result, state.number))") }
        }
        return problems
    }
}
