import MeshFixtures

/// A mesh of up to six hosts with a policy, drawn at random, as text.
struct RandomPolicy {
    private var random: SeededRandom
    private var hosts: [String] = []
    private var groups: [String] = []
    private var services: [String] = []
    private var lines: [String] = []
    private var isDual = false

    /// The mesh file of a seed: always the same one.
    static func text(seed: UInt64) -> String {
        var policy = RandomPolicy(random: SeededRandom(seed: seed))
        policy.draw()
        return policy.lines.joined(separator: "\n") + "\n"
    }

    private init(random: SeededRandom) { self.random = random }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "all" }

    private mutating func draw() {
        isDual = chance(60)
        lines = ["mesh: test", "prefixes: [10.88.0.0/16\(isDual ? ", fd5a:3c71:9e00::/48" : "")]"]
        let named = chance(70)
        let six = isDual ? ", \"fd10:132::/64\"" : ""
        lines.append("sites: {vpc: {network: [10.132.0.0/20\(six)]\(named ? ", public-interface: eth0" : "")}}")
        groups = (1...Int.random(in: 1...4, using: &random)).map { "g\($0)" }
        lines.append("groups: {\(groups.map { "\($0): {}" }.joined(separator: ", "))}")
        hosts = (1...Int.random(in: 2...6, using: &random)).map { "h\($0)" }
        drawServices()
        let peers = drawPeers()
        drawRules()
        drawGuard()
        if chance(30) {
            lines.append("icmp: {overlay: \(pick(["echo", "none"])), underlay: \(pick(["echo", "none"]))}")
        }
        lines.append("peers:")
        lines += peers
    }

    private mutating func drawServices() {
        services = (1...Int.random(in: 1...5, using: &random)).map { "s\($0)" }
        lines.append("services:")
        for service in services {
            let ports = (1...Int.random(in: 1...3, using: &random)).map { _ in port() }.joined(separator: ", ")
            var exposures: Set<String> = []
            for _ in 0..<Int.random(in: 1...3, using: &random) { exposures.insert(pick(groups + hosts + ["all"])) }
            let exposed = exposures.sorted().map { on in
                "\(on): \(pick(["private", "private", "private", "public", "internal"]))"
            }
            lines.append("  \(service): {ports: [\(ports)], expose: {\(exposed.joined(separator: ", "))}}")
        }
    }

    /// Few numbers, so that services overlap and touch.
    private mutating func port() -> String {
        let low = [22, 80, 443, 1_000, 1_001, 3_306, 65_534].randomElement(using: &random) ?? 22
        let high = chance(40) ? min(65_535, low + Int.random(in: 1...12, using: &random)) : low
        return "\(low == high ? "\(low)" : "\(low)-\(high)")/\(pick(["tcp", "tcp", "udp"]))"
    }

    private mutating func drawPeers() -> [String] {
        var hasNetwork = false
        return hosts.enumerated().map { index, host in
            var fields = ["site: vpc"]
            let six = isDual ? ", \"fd10:132::\(index + 2)\"" : ""
            fields.append("private: [10.132.0.\(index + 2)\(six)]")
            if chance(40) {
                fields.append("public: [203.0.113.\(index + 2)\(isDual ? ", \"2001:db8:1::\(index + 2)\"" : "")]")
            }
            let own = groups.filter { _ in chance(45) }
            if !own.isEmpty { fields.append("groups: [\(own.joined(separator: ", "))]") }
            if !hasNetwork, chance(20) {
                fields.append("routes: [192.168.50.0/24]")
                hasNetwork = true
            }
            return "  \(host): {\(fields.joined(separator: ", "))}"
        }
    }

    private mutating func set() -> String {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "all"
        case 1: return "\"all except \(pick(groups + hosts))\""
        case 2: return "\"\(pick(groups)) and \(pick(groups + ["site:vpc"]))\""
        case 3: return "[\(pick(groups + hosts)), \(pick(groups + hosts))]"
        case 4: return "\"(\(pick(groups)) or \(pick(hosts))) except \(pick(hosts))\""
        case 5, 6: return pick(hosts)
        default: return pick(groups)
        }
    }

    private mutating func drawRules() {
        lines.append("allow:")
        let count = Int.random(in: 0...7, using: &random)
        if count == 0 { lines[lines.count - 1] = "allow: []" }
        for _ in 0..<count {
            let until = chance(15) ? ", until: 2099-01-01" : ""
            let service = chance(20) ? "[\(pick(services)), \(pick(services))]" : pick(services)
            lines.append("  - {from: \(set()), to: \(set()), service: \(service)\(until)}")
        }
    }

    private mutating func drawGuard() {
        var fields = ["plaintext: \(pick(["reject", "reject", "reject", "log", "off"]))"]
        if chance(50) {
            let from = chance(70) ? pick(hosts) : "198.51.100.0/24"
            let over = from.contains("/") ? "underlay" : pick(["underlay", "underlay", "overlay"])
            fields.append("rescue: {from: \(from), port: \(pick(["22/tcp", "2222/tcp"])), over: \(over)}")
        }
        if chance(40) {
            let from = pick(hosts + groups + ["10.132.15.0/24", "all"])
            let to = pick(hosts + groups + ["all"])
            fields.append("except: [{from: \(from), to: \(to), ports: [\(port())], reason: a test}]")
        }
        lines.append("guard: {\(fields.joined(separator: ", "))}")
    }
}
