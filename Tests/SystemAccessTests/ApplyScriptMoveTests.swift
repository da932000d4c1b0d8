import Addresses
import Delivery
import Glibc
import SystemAccess
import TestSupport
import Testing

/// Whose packets take the other interface, by the script and by `RouteMove`.
@Suite struct ApplyScriptMoveTests {
    private static let model = ApplyScript.text(version: "9.9.9").split(
        separator: "'", omittingEmptySubsequences: false)[3]

    @Test(arguments: ["mawk", "gawk", "busybox awk"])
    func `the script and the program wait for the same peers, whatever the clock does`(awk: String) async throws {
        let there = try await ProcessRunner().run(ToolRun("sh", ["-c", "command -v \(awk) >/dev/null"]))
        #expect(there.succeeded || getenv("CI") == nil, "there is no \(awk)")
        guard there.succeeded else { return }
        var answered = 0
        var lost = 0
        var waiting = 0
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let scene = Scene(&random)
            let (move, desired) = try scene.move()
            let now = try scene.states(scene.now)
            let look = try scene.look()
            let there = try #require(now["wg0-b"])
            let asked = move.peers(of: desired)
            let heard = move.answered(asked, look.ages(in: there, of: "wg0-b"))
            let gone = move.lost(
                asked.subtracting(heard), of: desired, now.filter { $0.key == "wg0" }, since: look)
            let said = try await scene.ask(awk, Self.model)
            let first = Answer(asked.subtracting(heard), move.arrivals(of: heard, to: desired, there))
            #expect(said.first == first, "seed \(seed)")
            let rest = asked.subtracting(heard).subtracting(gone)
            #expect(said.second == Answer(rest, move.arrivals(of: gone, to: desired, there)), "seed \(seed)")
            answered += heard.count
            lost += gone.count
            waiting += rest.count
        }
        #expect(answered > 20 && lost > 20 && waiting > 20, "\(answered), \(lost), \(waiting)")
    }
}

/// What is said of a move: who is waited for, and the prefixes that come.
private struct Answer: Equatable {
    var waiting: Set<String>
    var prefixes: Set<String> = []

    init(_ waiting: Set<String>, _ changes: [NetworkChange]) {
        self.waiting = waiting
        for case .addRoute(let route) in changes { prefixes.insert(route.prefix.description) }
    }

    /// By the script's lines.
    init(_ text: String) {
        waiting = []
        for line in text.split(separator: "\n").map({ $0.split(separator: " ") }) {
            if line[0] == "waiting" { waiting.insert(String(line[1])) }
            if line[0] == "batch" { prefixes.insert(String(line[4])) }
        }
    }
}

/// Two interfaces of a host, at the beginning of a move and later.
private struct Scene {
    /// Handshake and received bytes of each peer, by interface.
    typealias Counters = [String: [(handshake: Int64, received: Int)]]

    let wall: Int64 = 1_790_000_000
    let elapsed: Int64
    let first: Counters
    let now: Counters
    /// Peers whose former way is kept.
    let kept: [Int]
    private let count = 6

    init(_ random: inout SeededRandom) {
        elapsed = [0, 3, 31, 181].randomElement(using: &random) ?? 0
        kept = random.draws(1, of: 4) ? [2] : []
        // What the clock says now, having been stepped or not.
        let later = wall + elapsed + ([0, 0, -7200, 400, 86_400].randomElement(using: &random) ?? 0)
        var (first, now): (Counters, Counters) = ([:], [:])
        for name in ["wg0", "wg0-b"] {
            for _ in 0..<count {
                let age: Int64 = [0, 20, 149, 151, 170, 190, 5000, -5, -4000].randomElement(using: &random) ?? 0
                let start = (random.draws(1, of: 4) ? 0 : wall - age, Int.random(in: 0..<3, using: &random) * 32)
                first[name, default: []].append(start)
                now[name, default: []].append(
                    (
                        random.draws(1, of: 4) ? later - Int64.random(in: 0...elapsed, using: &random) : start.0,
                        start.1 + (random.draws(1, of: 5) ? 32 : 0)
                    ))
            }
        }
        if random.draws(1, of: 8) { first["wg0-b"] = nil }
        (self.first, self.now) = (first, now)
    }

    private func key(_ number: Int, _ name: String) -> String {
        String(repeating: "A", count: 39) + "B\(name == "wg0" ? 1 : 2)\(number)A="
    }

    private func configuration(_ name: String) -> String {
        let isOld = name == "wg0"
        var lines = ["[Interface]", "PrivateKey = \(key(9, name))", "Table = off"]
        lines.append("PostUp = ip -4 route replace 10.88.0.0/16 dev %i" + (isOld ? " metric 2049" : ""))
        for number in isOld ? kept : [] { lines.append("PostUp = ip -4 route replace 10.88.0.\(number)/32 dev %i") }
        for number in 0..<count {
            lines += ["[Peer]", "PublicKey = \(key(number, name))", "AllowedIPs = 10.88.0.\(number)/32"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func dump(_ counters: Counters, _ name: String) -> String? {
        guard let rows = counters[name] else { return nil }
        let peers = rows.enumerated().map { number, row in
            "\(key(number, name))\t(none)\t10.0.0.9:1\t10.88.0.\(number)/32\t\(row.handshake)\t\(row.received)\t0\toff\n"
        }
        return "\(key(9, name))\t\(key(8, name))\t51820\toff\n" + peers.joined()
    }

    func states(_ counters: Counters) throws -> [String: ObservedInterface] {
        var states: [String: ObservedInterface] = [:]
        for name in counters.keys {
            guard let dump = dump(counters, name) else { continue }
            states[name] = ObservedInterface(
                ObservedInterface.Report(dump: Array(dump.utf8), link: "", addresses: "", routes: ["", ""]))
        }
        return states
    }

    func look() throws -> EarlierLook {
        var look = EarlierLook(try states(first), at: wall)
        look.elapsed = elapsed
        return look
    }

    func move() throws -> (RouteMove, DesiredInterface) {
        let states = try states(now)
        let tunnels = ["wg0", "wg0-b"].map { name in
            let desired = DesiredInterface(parsing: Array(configuration(name).utf8))
            return TunnelChanges.Tunnel(name, observed: states[name], desired: desired, former: desired)
        }
        let standing = try #require(TunnelChanges.standing(tunnels))
        #expect(standing.interface == "wg0-b" && standing.move.kept.count == kept.count)
        return (standing.move, standing.desired)
    }

    /// What the script says of all, and then of those who have not answered.
    func ask(_ awk: String, _ model: Substring) async throws -> (first: Answer, second: Answer) {
        let folder = try TemporaryFolder(prefix: "hauberk-test")
        defer { folder.remove() }
        makeMissingFolder("\(folder.path)/desired")
        for name in ["wg0", "wg0-b"] {
            try TestSupport.save(configuration(name), to: "\(folder.path)/desired/\(name).conf")
            for (part, counters) in [("first", first), ("now", now)] {
                makeMissingFolder("\(folder.path)/\(part)")
                guard let dump = dump(counters, name) else { continue }
                makeMissingFolder("\(folder.path)/\(part)/\(name)")
                try TestSupport.save(dump, to: "\(folder.path)/\(part)/\(name)/dump")
            }
        }
        let answer = Answer(try await run(awk, model, "answers", among: "", in: folder.path))
        try TestSupport.save(answer.waiting.map { $0 + "\n" }.joined(), to: "\(folder.path)/waiting")
        return (answer, Answer(try await run(awk, model, "lost", among: "waiting", in: folder.path)))
    }

    private func run(
        _ awk: String, _ model: Substring, _ mode: String, among: String, in folder: String
    ) async throws -> String {
        let words = awk.split(separator: " ").map(String.init)
        let values = [
            "mode=\(mode)", "interfaces=wg0 wg0-b", "self=wg0-b", "desired=desired", "current=now", "start=first",
            "clock=\(wall)", "elapsed=\(elapsed)", "moving=1", "amongFile=\(among)",
        ]
        var run = ToolRun(words[0], Array(words.dropFirst()) + values.flatMap { ["-v", $0] } + [String(model)])
        run.folder = folder
        let result = try await ProcessRunner().run(run)
        #expect(result.succeeded, "\(result.errorText)")
        return result.outputText
    }
}

extension SeededRandom {
    /// True so many times of so many.
    fileprivate mutating func draws(_ count: Int, of all: Int) -> Bool { Int.random(in: 0..<all, using: &self) < count }
}
