import Delivery
import Glibc
import SystemAccess
import TestSupport
import Testing

/// The script's own reading and planning, held against that of `Delivery`.
@Suite struct ApplyScriptTests {
    private static let text = ApplyScript.text(version: "9.9.9")

    /// In CI a tool that is missing is a failure.
    private func isThere(_ tool: String) async throws -> Bool {
        let result = try await ProcessRunner().run(ToolRun("sh", ["-c", "command -v \(tool) >/dev/null"]))
        #expect(result.succeeded || getenv("CI") == nil, "there is no \(tool)")
        return result.succeeded
    }

    @Test(arguments: ["sh", "dash", "bash", "busybox sh"])
    func `every shell reads the script, and it says its version`(shell: String) async throws {
        let words = shell.split(separator: " ").map(String.init)
        guard try await isThere(words[0]) else { return }
        for arguments in [["-n", "half"], ["half", "--version"]] {
            let result = try await inFolder { folder -> ToolResult in
                try TestSupport.save(Self.text, to: "\(folder)/half")
                var run = ToolRun(words[0], Array(words.dropFirst()) + arguments)
                run.folder = folder
                return try await ProcessRunner().run(run)
            }
            #expect(result.succeeded, "\(result.errorText)")
            #expect(result.outputText == (arguments.count == 2 && arguments[0] == "half" ? "9.9.9\n" : ""))
        }
    }

    @Test(arguments: ["mawk", "gawk", "busybox awk"], [1, 2])
    func `the script plans the same steps as the program`(awk: String, count: Int) async throws {
        let words = awk.split(separator: " ").map(String.init)
        guard try await isThere(words[0]) else { return }
        var planned = 0
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let names = count == 1 ? ["wg0"] : ["wg0", "wg0-b"]
            let sketches = names.map { _ in
                (
                    now: random.draws(1, of: 5) ? nil : Sketch(count > 1, &random),
                    wanted: count > 1 && random.draws(1, of: 5) ? nil : Sketch(count > 1, &random),
                    former: random.draws(1, of: 5) ? nil : Sketch(count > 1, &random),
                    applied: random.draws(3, of: 5) ? nil : Sketch(count > 1, &random)
                )
            }
            guard sketches.contains(where: { $0.wanted != nil }) else { continue }
            let tunnels = zip(names, sketches).map { name, sketch in
                TunnelChanges.Tunnel(
                    name, observed: sketch.now.flatMap { ObservedInterface($0.report) },
                    desired: sketch.wanted?.interface,
                    former: .former(sketch.former?.interface, applied: sketch.applied?.interface))
            }
            #expect(zip(tunnels, sketches).allSatisfy { ($0.desired == nil) == ($1.wanted == nil) })
            let change = TunnelChanges(tunnels, firewall: .load)
            let answer = try await inFolder { folder -> (String, String, [String]) in
                for (name, sketch) in zip(names, sketches) {
                    try sketch.wanted?.save(to: "\(folder)/desired", name)
                    try sketch.former?.save(to: "\(folder)/former", name)
                    try sketch.applied?.save(to: "\(folder)/applied", name)
                    if let report = sketch.now?.report { try save(report, to: "\(folder)/now", name) }
                }
                makeMissingFolder("\(folder)/steps")
                var run = ToolRun(words[0], Array(words.dropFirst()) + arguments(names))
                run.folder = folder
                let result = try await ProcessRunner().run(run)
                #expect(result.succeeded, "\(result.errorText)")
                return (result.outputText, TestSupport.text("\(folder)/steps/text") ?? "", tree("\(folder)/steps"))
            }
            #expect(answer.0.split(separator: "\n").map(kind) == change.steps.map(kind), "seed \(seed)")
            let prefix: (TunnelStep) -> String = { count == 1 ? "" : "\($0.interface): " }
            let texts = change.steps.map { prefix($0) + $0.step.text }.joined(separator: "\n")
            #expect(sorted(answer.1) == sorted(texts), "seed \(seed)")
            #expect(answer.2.contains("cuts") == change.cutsSessions, "seed \(seed)")
            planned += change.steps.count
        }
        #expect(planned > 100)
    }

    /// The words of the call of awk(1), the script's own model among them.
    private func arguments(_ names: [String]) -> [String] {
        let model = Self.text.split(separator: "'", omittingEmptySubsequences: false)[3]
        let values = [
            "mode=plan", "interfaces=\(names.joined(separator: " "))", "desired=desired", "former=former",
            "applied=applied", "current=now", "steps=steps", "loading=1",
        ]
        return values.flatMap { ["-v", $0] } + [String(model)]
    }

    private func sorted(_ text: String) -> [String] {
        text.split { " ,\n".contains($0) }.map(String.init).sorted()
    }

    /// Interface and kind of a line `number interface kind words`.
    private func kind(_ line: Substring) -> String {
        line.split(separator: " ")[1...2].joined(separator: " ")
    }

    private func kind(_ step: TunnelStep) -> String {
        let kind =
            switch step.step {
            case .down: "down"
            case .up: "up"
            case .loadFirewall: "load"
            case .removeFirewall: "unload"
            case .device: "device"
            case .configure: "configure"
            case .adjust, .keepalives: "adjust"
            case .remove: "remove"
            case .network: "network"
            case .reversePath: "reverse"
            case .move: "move"
            }
        return "\(step.interface) \(kind)"
    }

    private func save(_ report: ObservedInterface.Report, to folder: String, _ name: String) throws {
        makeMissingFolder(folder)
        makeMissingFolder("\(folder)/\(name)")
        let texts = [
            ("dump", String(decoding: report.dump, as: UTF8.self)), ("link", report.link),
            ("addresses", report.addresses),
            ("routes-v4", report.routes[0]), ("routes-v6", report.routes[1]), ("rp_filter", report.reversePath),
        ]
        for (file, text) in texts { try TestSupport.save(text, to: "\(folder)/\(name)/\(file)") }
    }

    private func inFolder<Result>(_ work: (String) async throws -> Result) async throws -> Result {
        let folder = try TemporaryFolder(prefix: "hauberk-test")
        defer { folder.remove() }
        return try await work(folder.path)
    }
}

extension SeededRandom {
    /// True so many times of so many.
    fileprivate mutating func draws(_ count: Int, of all: Int) -> Bool { Int.random(in: 0..<all, using: &self) < count }
}

/// An interface, as a configuration says it and as the tools do.
private struct Sketch {
    var key = Self.key(90)
    var port = 51820
    var mark = 0
    var mtu = 1420
    var reverse: Int?
    var hook = false
    var addresses: [String] = []
    /// Prefix, table and metric.
    var routes: [(String, String, Int)] = []
    var peers: [(key: String, preshared: String?, endpoint: String?, allowed: [String], keepalive: Int?)] = []

    static func key(_ number: Int) -> String { String(repeating: "A", count: 39) + "B\(number)A=" }

    init(_ rotates: Bool, _ random: inout SeededRandom) {
        if random.draws(1, of: 4) { key = Self.key(91) }
        if random.draws(1, of: 4) { port = 51821 }
        if random.draws(1, of: 4) { mark = 77 }
        if random.draws(1, of: 4) { mtu = 1300 }
        reverse = rotates ? 2 : nil
        hook = random.draws(1, of: 10)
        addresses = ["10.88.0.1/32", "fd5a::1/128", "10.88.9.1/32"].filter { _ in random.draws(3, of: 4) }
        for prefix in ["10.88.0.0/16", "fd5a::/48", "10.99.0.0/24", "10.88.0.12/32", "fd5a::d/128"]
        where random.draws(1, of: 2) {
            let metric = rotates && random.draws(1, of: 3) ? 2049 : 0
            routes.append((prefix, random.draws(1, of: 6) ? "51" : "main", metric))
        }
        let shift = random.draws(1, of: 3) ? 1 : 0
        for number in 12...17 where random.draws(2, of: 3) {
            let other = number + shift
            peers.append(
                (
                    Self.key(number + (random.draws(1, of: 5) ? 20 : 0)),
                    random.draws(1, of: 2) ? Self.key(random.draws(1, of: 2) ? 70 : 71) : nil,
                    random.draws(2, of: 3) ? "10.132.0.\(number):\(random.draws(1, of: 4) ? 4711 : 51820)" : nil,
                    ["10.88.0.\(other)/32"] + (random.draws(1, of: 2) ? ["fd5a::\(String(other, radix: 16))/128"] : []),
                    random.draws(1, of: 3) ? 25 : nil
                ))
        }
    }

    var configuration: String {
        var lines = ["[Interface]", "PrivateKey = \(key)", "ListenPort = \(port)", "MTU = \(mtu)", "Table = off"]
        if mark != 0 { lines.append("FwMark = \(mark)") }
        if !addresses.isEmpty { lines.append("Address = " + addresses.joined(separator: ", ")) }
        if reverse != nil { lines.append("PostUp = sysctl -q -w net/ipv4/conf/%i/rp_filter=2") }
        if hook { lines.append("PostUp = touch /tmp/x") }
        for (prefix, table, metric) in routes {
            let family = prefix.contains(":") ? 6 : 4
            lines.append(
                "PostUp = ip -\(family) route replace \(prefix) dev %i" + (table == "main" ? "" : " table \(table)")
                    + (metric == 0 ? "" : " metric \(metric)"))
        }
        for peer in peers {
            lines += ["", "[Peer]", "PublicKey = \(peer.key)", "AllowedIPs = " + peer.allowed.joined(separator: ", ")]
            if let preshared = peer.preshared { lines.append("PresharedKey = \(preshared)") }
            if let endpoint = peer.endpoint { lines.append("Endpoint = \(endpoint)") }
            if let keepalive = peer.keepalive { lines.append("PersistentKeepalive = \(keepalive)") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    var interface: DesiredInterface? { DesiredInterface(parsing: Array(configuration.utf8)) }

    func save(to folder: String, _ name: String) throws {
        makeMissingFolder(folder)
        try TestSupport.save(configuration, to: "\(folder)/\(name).conf")
    }

    var report: ObservedInterface.Report {
        let device = [key, Self.key(80), "\(port)", mark == 0 ? "off" : "0x" + String(mark, radix: 16)]
        let rows = peers.map { peer in
            [
                peer.key, peer.preshared ?? "(none)", peer.endpoint ?? "(none)", peer.allowed.joined(separator: ","),
                "0", "0", "0", peer.keepalive.map(String.init) ?? "off",
            ]
        }
        func routes(_ isSix: Bool) -> String {
            self.routes.filter { $0.0.contains(":") == isSix }.map { prefix, table, metric in
                let shown = prefix.hasSuffix("/32") ? String(prefix.dropLast(3)) : prefix
                let number = metric == 0 && isSix ? 1024 : metric
                return shown + (table == "main" ? "" : " table \(table)") + " proto static scope link"
                    + (number == 0 ? "" : " metric \(number)") + "\n"
            }.joined()
        }
        return ObservedInterface.Report(
            dump: Array(([device] + rows).map { $0.joined(separator: "\t") + "\n" }.joined().utf8),
            link: "4: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu \(mtu) qdisc noqueue state UNKNOWN\n",
            addresses: addresses.map { "4: wg0    \($0.contains(":") ? "inet6" : "inet") \($0) scope global wg0\n" }
                .joined(),
            routes: [routes(false), routes(true)], reversePath: "\(reverse ?? 0)\n")
    }
}
