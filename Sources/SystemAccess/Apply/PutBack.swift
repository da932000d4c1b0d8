internal import Delivery
internal import Diagnostics
internal import Glibc

/// The way back: live state and files as they were before a transaction.
struct PutBack: Sendable {
    let folder: ApplyFolder
    let journal: ApplyJournal
    let tools: any ToolRunning

    private func host(_ interface: String) -> LiveHost {
        LiveHost(interface: interface, id: journal.id, tools: tools)
    }

    static func files(_ folder: ApplyFolder, _ interface: String, base: String) -> LiveHost.StepFiles {
        LiveHost.StepFiles(
            configuration: "\(folder.pending)/run/\(interface).conf",
            script: "\(folder.new)/etc/hauberk/\(base)/firewall",
            formerConfiguration: "\(folder.pending)/former/\(interface).conf",
            formerScript: "\(folder.disk.root)/etc/hauberk/\(base)/firewall")
    }

    private func files(_ interface: String) -> LiveHost.StepFiles {
        Self.files(folder, interface, base: journal.interface)
    }

    /// Again is no change.
    func run() async throws {
        Strays.end(journal.id, sparing: ["wireguard-go"])
        if journal.place == Place.here() {
            // One that fails does not keep the other from being tried.
            var trouble: (any Error)?
            do {
                try await restoreFirewall()
            } catch {
                trouble = error
            }
            try await restoreInterfaces()
            if let trouble { throw trouble }
        }
        try folder.unstage(journal)
    }

    private func restoreFirewall() async throws {
        let (files, host) = (files(journal.interface), host(journal.interface))
        if journal.hadFirewall { try await host.firewall(files.formerScript, "load") }
        if journal.loadsFirewall, !journal.hadFirewall || journal.replacesFirewall {
            try await host.firewall(files.script, "remove")
        }
    }

    private func restoreInterfaces() async throws {
        var tunnels: [TunnelChanges.Tunnel] = []
        for (interface, wasUp) in journal.tunnels {
            let before = wasUp ? try snapshot(interface) : nil
            if wasUp, before == nil {
                throw Failure(.no, .applyFailed, "what \(shown(interface)) was is gone; it is left as it is")
            }
            guard let before else {
                tunnels.append(
                    TunnelChanges.Tunnel(
                        interface, observed: try await host(interface).observe(), desired: nil, former: nil))
                continue
            }
            try await bringBack(interface)
            guard let observed = try await host(interface).observe() else { continue }
            // Whatever is not as it was is of this transaction.
            var ours = DesiredInterface(restoring: observed)
            ours.peers = [:]
            tunnels.append(
                TunnelChanges.Tunnel(
                    interface, observed: observed, desired: DesiredInterface(restoring: before), former: ours))
        }
        for step in TunnelChanges(tunnels, firewall: .none, .atOnce).steps {
            if step.step == .down {
                try await host(step.interface).removeInterface(files(step.interface).configuration)
            } else {
                try await host(step.interface).take(step.step, with: files(step.interface))
            }
        }
        for (interface, wasUp) in journal.tunnels where !wasUp { try await endHalf(interface) }
    }

    /// An interface that was up and is not, or was started anew, comes up with its former configuration.
    private func bringBack(_ interface: String) async throws {
        let wasRestarted = try folder.disk.exists("\(folder.pending)/\(Self.restarted(interface))")
        let isGone = try await host(interface).observe() == nil
        guard wasRestarted || isGone else { return }
        try await host(interface).removeInterface(files(interface).configuration)
        try await endHalf(interface)
        var back = files(interface)
        back.configuration = back.formerConfiguration
        try await host(interface).take(.up, with: back)
    }

    /// Ends the process of an interface that has not come up.
    private func endHalf(_ interface: String) async throws {
        if try await host(interface).observe() == nil { Strays.end(journal.id, of: interface) }
    }

    /// The mark of an interface that is being started anew.
    static func restarted(_ interface: String) -> String { "restarted-\(interface)" }

    private func snapshot(_ interface: String) throws -> ObservedInterface? {
        let parts = try Self.names.map { try folder.disk.bytes("\(folder.pending)/before/\(interface)/\($0)") ?? [] }
        let texts = parts.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        return ObservedInterface(
            ObservedInterface.Report(
                dump: parts[0], link: texts[0], addresses: texts[1], routes: [texts[2], texts[3]],
                reversePath: texts[4]))
    }

    private static let names = ["dump", "link", "addresses", "routes-v4", "routes-v6", "rp_filter"]

    static func snapshot(
        _ report: ObservedInterface.Report, of interface: String
    ) -> [(name: String, bytes: [UInt8])] {
        let texts = [report.link, report.addresses] + report.routes + [report.reversePath]
        return zip(names, [report.dump] + texts.map { Array($0.utf8) }).map { ("before/\(interface)/\($0)", $1) }
    }

    /// The run of the kernel and the network namespace that this process is in.
    enum Place {
        static func here() -> String {
            var buffer = [CChar](repeating: 0, count: 256)
            let count = readlink("/proc/self/ns/net", &buffer, buffer.count)
            let network = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
            let disk = HostDisk(root: "", files: RealFileSystem())
            let boot = (try? disk.text("/proc/sys/kernel/random/boot_id")) ?? nil
            return "\(boot?.prefix { $0 != "\n" } ?? "") \(network)"
        }
    }
}

/// The tools that a killed process has left running.
enum Strays {
    /// Ends every process with the transaction's id in its environment, and waits for that, five seconds at most.
    static func end(_ id: String, sparing: Set<String>) {
        end { processes(id).filter { !sparing.contains(name(of: $0)) } }
    }

    /// The same with the processes of one interface alone.
    static func end(_ id: String, of interface: String) {
        end {
            processes(id).filter { process in
                let words =
                    ((try? disk.bytes("/proc/\(process)/cmdline")) ?? nil)?.split(separator: 0) ?? []
                return name(of: process) == "wireguard-go" && words.contains { $0.elementsEqual(interface.utf8) }
            }
        }
    }

    private static func end(_ found: () -> [Int32]) {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            let processes = found()
            if processes.isEmpty { return }
            for process in processes { kill(process, SIGKILL) }
            usleep(20_000)
        }
    }

    private static var disk: HostDisk { HostDisk(root: "", files: RealFileSystem()) }

    private static func name(of process: Int32) -> String {
        let name = ((try? disk.text("/proc/\(process)/comm")) ?? nil) ?? ""
        return String(name.prefix { $0 != "\n" })
    }

    private static func processes(_ id: String) -> [Int32] {
        let word = Array("\(LiveHost.variable)=\(id)".utf8)
        return ((try? disk.names("/proc")) ?? []).compactMap(Int32.init).filter { process in
            guard process != getpid(), let environment = environment(process) else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(word) }
        }
    }

    private static func environment(_ process: Int32) -> [UInt8]? {
        (try? disk.bytes("/proc/\(process)/environ")) ?? nil
    }
}
