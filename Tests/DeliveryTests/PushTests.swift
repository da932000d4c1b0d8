import Delivery
import Testing

/// The pure parts of a push: who comes when, and what is said to ssh and to the hosts.
@Suite struct PushTests {
    private static let hosts = (1...20).map { "h\($0)" }

    /// The waves of a push in which every host ends as it is told.
    private func waves(
        _ size: PushQueue.WaveSize, canaries: [String] = [], maxFailures: Int = 0,
        _ outcome: (String) -> HostDelivery.Outcome
    ) -> (waves: [[String]], queue: PushQueue) {
        var queue = PushQueue(Self.hosts, canaries: canaries, size: size, maxFailures: maxFailures)
        var waves: [[String]] = []
        while true {
            let wave = queue.nextWave()
            if wave.isEmpty { return (waves, queue) }
            waves.append(wave)
            for host in wave { queue.note(outcome(host)) }
        }
    }

    @Test(arguments: [
        (PushQueue.WaveSize.all, [1, 19]), (.count(8), [1, 8, 8, 3]),
        (.percent(10), [1] + Array(repeating: 2, count: 9) + [1]),
        (.percent(1), Array(repeating: 1, count: 20)), (.count(100), [1, 19]),
    ])
    func `a first host comes alone, the others in waves, each once and in order`(
        size: PushQueue.WaveSize, counts: [Int]
    ) {
        let (waves, queue) = waves(size) { _ in .new }
        #expect(waves.map(\.count) == counts)
        #expect(waves.flatMap { $0 } == Self.hosts)
        #expect(queue.reasonToStop == nil && queue.rest.isEmpty)
    }

    @Test func `named canaries come first, and nobody after them when none can be reached`() {
        let (good, _) = waves(.all, canaries: ["h7", "h3"]) { _ in .unchanged }
        #expect(good[0] == ["h3", "h7"] && good[1].count == 18)
        let (bad, queue) = waves(.all, canaries: ["h7", "h3"]) { _ in .unreachable }
        #expect(bad.count == 1)
        #expect(queue.reasonToStop == "no canary could be reached")
    }

    @Test func `as long as nobody can be reached, waves begin small`() {
        let (waves, queue) = waves(.all) { host in ["h1", "h2", "h3"].contains(host) ? .unreachable : .new }
        #expect(waves.map(\.count) == [1, 2, 4, 13])
        #expect(queue.reasonToStop == nil)
    }

    @Test func `more failures than allowed begin nobody else, and who is away is no failure`() {
        let (one, queue) = waves(.count(5)) { $0 == "h4" ? .putBack : .new }
        #expect(one.map(\.count) == [1, 5])
        #expect(queue.rest.count == 14)
        #expect(queue.reasonToStop == "1 host has failed, and --max-failures is 0")
        let (all, _) = waves(.count(5), maxFailures: 1) { $0 == "h4" ? .refused : $0 == "h9" ? .unreachable : .new }
        #expect(all.flatMap { $0 } == Self.hosts)
    }

    @Test(arguments: ["0", "0%", "101%", "-3", "", "%", "10 %", "x", "1.5"])
    func `a wave is a number or a percentage`(text: String) {
        #expect(PushQueue.WaveSize(parsing: text) == nil)
        #expect(PushQueue.WaveSize(parsing: "10%") == .percent(10))
        #expect(PushQueue.WaveSize(parsing: "10") == .count(10))
    }

    @Test func `ssh is never told to trust, and a fresh connection shares nothing`() {
        let target = SSHTarget(name: "db-1", address: "203.0.113.5", user: "admin", configuration: "my config")
        for connection in [SSHTarget.Connection.shared, .fresh] {
            let words = target.arguments(connection, command: "exec true")
            #expect(words.starts(with: ["-F", "my config", "-l", "admin", "-o", "HostName=203.0.113.5"]))
            #expect(words.suffix(3) == ["--", "db-1", "exec true"])
            #expect(!words.contains { $0.contains("StrictHostKey") || $0.contains("KnownHosts") })
            #expect(words.contains("BatchMode=yes"))
            #expect(words.contains("ControlPath=none") == (connection == .fresh))
        }
        #expect(!SSHTarget(name: "db-1").arguments(.shared, command: "x").contains { $0.hasPrefix("HostName") })
    }

    @Test func `a host that ssh_config names is known, and its own name is none`() {
        #expect(SSHTarget.configuredHost(in: "user root\nhostname 192.0.2.1\nport 22\n", for: "db-1") == "192.0.2.1")
        #expect(SSHTarget.configuredHost(in: "user root\nhostname db-1\n", for: "DB-1") == nil)
        #expect(SSHTarget.configuredHost(in: "", for: "db-1") == nil)
    }

    @Test func `what a host is told to run passes every login shell, and has nothing secret`() {
        let marker = "iNeverShow"
        let carried = CarriedHalf(name: "x", bytes: Array(marker.utf8), digest: String(repeating: "a", count: 64))
        for half in [InstalledHalf(version: "0.1.0") as any HostHalf, carried] {
            let script = HostScript(half)
            for text in [
                script.deliver(confirmWithin: 60, carriesHalf: false),
                script.deliver(confirmWithin: 60, carriesHalf: true),
                script.confirm, script.status,
            ] {
                #expect(text.split(separator: "'", omittingEmptySubsequences: false).count == 5)
                #expect(!text.contains { "\\!\n".contains($0) })
                #expect(!text.contains(marker))
                #expect(text.contains("sudo -n"))
            }
            #expect(script.deliver(confirmWithin: 61, carriesHalf: false).contains(" --confirm-within 61 "))
        }
    }

    @Test func `only what comes after the marker is an answer`() {
        #expect(HostScript.answer(in: "welcome\n\(HostScript.marker)\n{}\n") == "{}\n")
        #expect(HostScript.answer(in: "welcome\n{}\n") == nil)
    }

    @Test func `an archive ends with a file that says so, and refuses a path that does not fit`() throws {
        let file = HostFile(path: "tree/etc/x", mode: 0o640, bytes: Array("hello".utf8))
        let bytes = try #require(TarArchive([file])).bytes
        #expect(bytes.count % 512 == 0)
        #expect(String(decoding: bytes[0..<10], as: UTF8.self) == "tree/etc/x")
        #expect(String(decoding: bytes[100..<107], as: UTF8.self) == "0000640")
        #expect(String(decoding: bytes[512..<517], as: UTF8.self) == "hello")
        #expect(String(decoding: bytes[1024..<1029], as: UTF8.self) == TarArchive.end)
        let long = String(repeating: "a", count: 101)
        #expect(TarArchive([HostFile(path: long, mode: 0o600, bytes: [])]) == nil)
        #expect(TarArchive([HostFile(path: "\(long)/b", mode: 0o600, bytes: [])]) != nil)
    }
}
