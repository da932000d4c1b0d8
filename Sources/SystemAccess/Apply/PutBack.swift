internal import Delivery
internal import Diagnostics
internal import Glibc

/// The way back: live state and files as they were before a transaction.
struct PutBack: Sendable {
    let folder: ApplyFolder
    let journal: ApplyJournal
    let tools: any ToolRunning

    private var host: LiveHost { LiveHost(interface: journal.interface, id: journal.id, tools: tools) }

    var files: LiveHost.StepFiles { Self.files(folder, journal.interface) }

    static func files(_ folder: ApplyFolder, _ interface: String) -> LiveHost.StepFiles {
        LiveHost.StepFiles(
            configuration: "\(folder.pending)/run/\(interface).conf",
            script: "\(folder.new)/etc/hauberk/\(interface)/firewall",
            formerConfiguration: "\(folder.pending)/former/\(interface).conf",
            formerScript: "\(folder.disk.root)/etc/hauberk/\(interface)/firewall")
    }

    /// Again is no change.
    func run() async throws {
        Strays.end(journal.id, sparing: ["wireguard-go"])
        if journal.place == Place.here() {
            try await restoreFirewall()
            try await restoreInterface()
        }
        try folder.unstage(journal)
    }

    private func restoreFirewall() async throws {
        if journal.hadFirewall { try await host.firewall(files.formerScript, "load") }
        if journal.loadsFirewall, !journal.hadFirewall || journal.replacesFirewall {
            try await host.firewall(files.script, "remove")
        }
    }

    private func restoreInterface() async throws {
        guard journal.wasUp, let before = try snapshot() else {
            try await host.removeInterface(files.configuration)
            Strays.end(journal.id, sparing: [])
            return
        }
        let wasRestarted = try folder.disk.exists("\(folder.pending)/restarted")
        let isGone = try await host.observe() == nil
        if wasRestarted || isGone {
            try await host.removeInterface(files.configuration)
            Strays.end(journal.id, sparing: [])
            var back = files
            back.configuration = back.formerConfiguration
            try await host.take(.up, with: back)
        }
        guard let observed = try await host.observe() else { return }
        // Whatever is not as it was is of this transaction.
        var ours = DesiredInterface(restoring: observed)
        ours.peers = [:]
        let change = InterfaceChange(
            from: observed, to: DesiredInterface(restoring: before), former: ours, firewall: .none)
        for step in change.steps { try await host.take(step, with: files) }
    }

    private func snapshot() throws -> ObservedInterface? {
        let texts = try Self.names.map { try folder.disk.text("\(folder.pending)/before/\($0)") ?? "" }
        return ObservedInterface(
            ObservedInterface.Report(dump: texts[0], link: texts[1], addresses: texts[2], routes: [texts[3], texts[4]]))
    }

    private static let names = ["dump", "link", "addresses", "routes-v4", "routes-v6"]

    static func snapshot(_ report: ObservedInterface.Report) -> [(name: String, text: String)] {
        let texts = [report.dump, report.link, report.addresses] + report.routes
        return zip(names, texts).map { ("before/\($0)", $1) }
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
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            let found = processes(id, sparing)
            if found.isEmpty { return }
            for process in found { kill(process, SIGKILL) }
            usleep(20_000)
        }
    }

    private static func processes(_ id: String, _ sparing: Set<String>) -> [Int32] {
        let disk = HostDisk(root: "", files: RealFileSystem())
        let word = Array("\(LiveHost.variable)=\(id)".utf8)
        return ((try? disk.names("/proc")) ?? []).compactMap(Int32.init).filter { process in
            guard process != getpid(), let environment = environment(process) else { return false }
            guard environment.split(separator: 0).contains(where: { $0.elementsEqual(word) }) else { return false }
            let name = ((try? disk.text("/proc/\(process)/comm")) ?? nil) ?? ""
            return !sparing.contains(String(name.prefix { $0 != "\n" }))
        }
    }

    private static func environment(_ process: Int32) -> [UInt8]? {
        (try? HostDisk(root: "", files: RealFileSystem()).bytes("/proc/\(process)/environ")) ?? nil
    }
}
