import Glibc
import Lab
import Subprocess
import SystemPackage
import Testing

/// What the machine itself shows of its network: a lab must change none of it.
struct MachineTraces: Equatable {
    let namespaces: String
    let links: String
    let mounts: String

    static func now() async throws -> MachineTraces {
        MachineTraces(
            namespaces: try await output(["ip", "netns", "list"]), links: try await output(["ip", "-o", "link"]),
            mounts: try await output(["cat", "/proc/self/mounts"]))
    }

    private static func output(_ words: [String]) async throws -> String {
        try await run(
            .name(words[0]), arguments: Arguments(Array(words.dropFirst())), output: .string(limit: 1 << 20)
        ).standardOutput
    }
}

/// The processes of labs: `unshare` children of a process and everything below them, as `pid start-time`.
enum LabProcesses {
    static func below(_ pid: pid_t) -> [String] {
        children(of: pid).filter { text("/proc/\($0)/comm").hasPrefix("unshare") }.flatMap { subtree($0) }
    }

    private static func subtree(_ pid: pid_t) -> [String] {
        [identity(pid)] + children(of: pid).flatMap { subtree($0) }
    }

    /// The pid with its start time, so that a reused pid is another process.
    static func identity(_ pid: pid_t) -> String {
        let fields = text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        return "\(pid) \(fields.count > 19 ? fields[19] : "gone")"
    }

    static func isAlive(_ identity: String) -> Bool {
        guard let pid = identity.split(separator: " ").first.flatMap({ pid_t($0) }) else { return false }
        return self.identity(pid) == identity && !identity.hasSuffix("gone")
    }

    private static func children(of pid: pid_t) -> [pid_t] {
        let tasks = (try? names("/proc/\(pid)/task")) ?? []
        return tasks.flatMap { task in
            text("/proc/\(pid)/task/\(task)/children").split(separator: " ").compactMap { pid_t($0) }
        }
    }

    private static func names(_ folder: String) throws -> [String] {
        guard let stream = opendir(folder) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    static func text(_ path: String) -> String {
        guard let file = try? FileDescriptor.open(path, .readOnly) else { return "" }
        defer { try? file.close() }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Polls until none of them lives, for at most five seconds; those that still do.
    static func survivors(of identities: [String]) async throws -> [String] {
        for _ in 0..<100 {
            if !identities.contains(where: isAlive) { return [] }
            try await Task.sleep(for: .milliseconds(50))
        }
        return identities.filter(isAlive)
    }
}

extension `Labs of real tunnels` {
    // host-1 ── bridge ── host-2, seen from outside
    @Test func `nothing is left behind, whether all is as declared or not`() async throws {
        let fixture = try LabFixture()
        let good = try await twoHosts(fixture)
        let before = try await MachineTraces.now()
        let seen = Witness()
        let report = try await Lab.prove(good, options: LabOptions(agent: LabFixture.agent)) { seen.look(at: $0) }
        #expect(report.isAsDeclared, "\(report.text)")
        let bad = try await twoHosts(fixture, secret: "not a key")
        let failure = try await Lab.prove(bad, options: LabOptions(agent: LabFixture.agent)) { seen.look(at: $0) }
        #expect(!failure.isAsDeclared)
        fixture.remove()
        #expect(seen.processes.count >= 4, "unshare, the agent and a wireguard-go for each host were not all seen")
        #expect(try await LabProcesses.survivors(of: seen.processes) == [])
        #expect(try await MachineTraces.now() == before)
    }

    // the same, its parent killed in the middle of the probes
    @Test func `nothing is left behind after SIGKILL`() async throws {
        let fixture = try LabFixture()
        setenv("HAUBERK_LAB_TEST", fixture.folder, 1)
        let before = try await MachineTraces.now()
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let folder = String(cString: getenv("HAUBERK_LAB_TEST"))
            let topology = try await twoHosts(
                LabFixture(borrowing: folder), key: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=")
            _ = try await Lab.prove(topology, options: LabOptions(agent: LabFixture.agent)) { step in
                guard step.stage == .probing else { return }
                let list = LabProcesses.below(getpid()).joined(separator: "\n")
                if let file = try? FileDescriptor.open(
                    "\(folder)/pids", .writeOnly, options: .create, permissions: .ownerReadWrite)
                {
                    _ = try? file.writeAll(list.utf8)
                }
                kill(getpid(), SIGKILL)
            }
        }
        let processes = LabProcesses.text("\(fixture.folder)/pids").split(separator: "\n").map(String.init)
        fixture.remove()
        #expect(processes.count >= 4, "\(processes)")
        #expect(try await LabProcesses.survivors(of: processes) == [])
        #expect(try await MachineTraces.now() == before)
    }

    // the same as an ordinary user
    @Test(.enabled(if: geteuid() == 0, "as an ordinary user every other test is this one"))
    func `an ordinary user proves a mesh without sudo`() async throws {
        let fixture = try LabFixture()
        _ = try await run(
            .name("cp"), arguments: [LabFixture.agent.executable, "\(fixture.folder)/lab-agent"], output: .discarded)
        _ = try await run(.name("chown"), arguments: ["65534:65534", fixture.folder], output: .discarded)
        setenv("HAUBERK_LAB_TEST", fixture.folder, 1)
        await #expect(processExitsWith: .success) {
            let folder = String(cString: getenv("HAUBERK_LAB_TEST"))
            guard setgroups(0, nil) == 0, setgid(65_534) == 0, setuid(65_534) == 0, chdir("/") == 0 else { exit(2) }
            let topology = try await twoHosts(LabFixture(borrowing: folder))
            let agent = LabAgentCommand(executable: "\(folder)/lab-agent")
            let report = try await Lab.prove(topology, options: LabOptions(agent: agent))
            print(report.text)
            exit(report.isAsDeclared ? 0 : 1)
        }
        fixture.remove()
    }
}

/// Collects the processes of a lab while it is probing.
private final class Witness: @unchecked Sendable {
    // Written by one lab at a time, read after it.
    private(set) var processes: [String] = []

    func look(at step: LabProgress) {
        if step.stage == .probing || step.stage == .bringingUp { processes += LabProcesses.below(getpid()) }
    }
}

/// With a wrong `key` for each other the two stay silent, and the lab waits for sixteen seconds.
private func twoHosts(_ fixture: LabFixture, secret: String? = nil, key: String? = nil) async throws -> LabTopology {
    let hosts = (1...2).map {
        TestHost(
            name: "host-\($0)", overlay: ["10.88.0.\($0)"], endpoint: "10.132.0.\($0)", site: "nyc",
            privateAddresses: ["10.132.0.\($0)"], secret: $0 == 1 ? secret : nil)
    }
    let built = try await fixture.write(hosts) { host in
        hosts.filter { $0.name != host.name }.map { TestPeer(name: $0.name, allowed: alone($0), key: key) }
    }
    return LabTopology(
        sites: [LabSite(name: "nyc", networks: ["10.132.0.0/16"])], hosts: built,
        expectations: everyPair(of: ["host-1", "host-2"], families: [.ipv4]))
}
