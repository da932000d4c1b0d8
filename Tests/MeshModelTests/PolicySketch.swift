import Addresses
import MeshFixtures
import MeshModel

/// A small mesh with a policy, drawn at random, as text: many peers that are alike, and rules that often say the same.
struct PolicySketch {
    private var random: SeededRandom
    private(set) var rules: [String] = []
    private var head: [String] = []
    private var tail: [String] = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        head = [
            "mesh: test", "prefixes: [10.88.0.0/16]", "groups: {a: {}, b: {}, c: {}}",
            "sites: {s: {network: 10.1.0.0/16, public-interface: eth0}, t: {network: 10.2.0.0/16}}", "services:",
        ]
        for service in ["x", "y", "z"] {
            let low = Int.random(in: 1...5, using: &random)
            let high = low + Int.random(in: 0...3, using: &random)
            let exposures = random.some(["a", "b", "c", "p1", "all"], at: 3)
                .map { "\($0): \(pick(["private", "private", "public"]))" }
            head.append(
                "  \(service): {ports: [\(low)-\(high)/\(pick(["tcp", "udp"]))], expose: {\(exposures.joined(separator: ", "))}}"
            )
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let until = random.chance(30) ? ", until: 20\(Int.random(in: 20...40, using: &random))-01-01" : ""
            rules.append("  - {from: \(set()), to: \(set()), service: \(pick(["x", "y", "z", "[x, y]"]))\(until)}")
        }
        tail = ["guard:", "  plaintext: \(pick(["reject", "reject", "log", "off"]))"]
        if random.chance(50) { tail.append("  rescue: {from: \(pick(["p2", "a", "10.1.0.0/30"])), port: 4/tcp}") }
        if random.chance(50) {
            tail.append(
                "  except: [{from: \(pick(["b", "10.2.0.0/29"])), to: \(pick(["all", "c"])), ports: [7/udp], reason: r}]"
            )
        }
        if random.chance(30) { tail += ["topology: custom", "links: [[a, b], [b, c], [p1, all]]"] }
        tail.append("peers:")
        for number in 1...9 {
            let site = number % 3 == 0 ? "t" : "s"
            let groups = random.some(["a", "b", "c"], at: 2)
            tail.append(
                "  p\(number): {site: \(site), private: 10.\(site == "s" ? 1 : 2).0.\(number), public: 203.0.113.\(number), "
                    + "groups: [\(groups.joined(separator: ", "))]\(random.chance(10) ? ", disabled: yes" : "")}")
        }
    }

    /// The mesh file without some of its rules, by index.
    func text(without left: Set<Int> = []) -> String {
        let kept = rules.indices.filter { !left.contains($0) }.map { rules[$0] }
        return (head + (kept.isEmpty ? ["allow: []"] : ["allow:"] + kept) + tail).joined(separator: "\n") + "\n"
    }

    /// The line of the first rule.
    var firstRule: Int { head.count + 2 }

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    private mutating func set() -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "all"
        case 1: return "'all except \(pick(["a", "p1", "site:s"]))'"
        case 2: return "'\(pick(["a", "b"])) and \(pick(["c", "site:t"]))'"
        case 3: return "[\(pick(["a", "p1"])), \(pick(["b", "p2"]))]"
        default: return pick(["a", "b", "c", "p1", "p2"])
        }
    }
}

/// Every answer of a mesh to every flow between its peers and from a stranger, for the first ten ports.
struct PolicyAnswers {
    let mesh: DeclaredMesh
    let view: PolicyView
    let oracle: PolicyOracle

    init?(_ text: String, moment: Int64?) throws {
        let check = try MeshPipeline.check(text, at: moment)
        guard let mesh = check.declared else { return nil }
        let enabled = mesh.peers.indices.filter { !mesh.peers[$0].isDisabled }
        let topology = Topology(mesh, peers: enabled)
        guard let view = PolicyView(mesh, enabled: enabled, topology: topology) else { return nil }
        (self.mesh, self.view) = (mesh, view)
        oracle = PolicyOracle(mesh, topology: topology, moment: moment)
    }

    func verdict(_ plane: Plane, _ from: Int, _ to: Int, _ subject: FlowSubject) -> Verdict {
        oracle.verdict(
            for: AskedEnd.flow(plane, from: AskedEnd.peer(from), to: AskedEnd.peer(to), subject, in: mesh))
    }

    /// `plane from to port`, for all that is allowed by a rule.
    func allowed() -> Set<String> {
        var result: Set<String> = []
        for from in view.enabled {
            for to in view.enabled where from != to {
                for text in (1...10).flatMap({ ["\($0)/tcp", "\($0)/udp"] }) {
                    guard let port = ServicePorts(text) else { continue }
                    let subject = FlowSubject.port(port.transport, port.range.lower)
                    if verdict(.overlay, from, to, subject).isAllowed { result.insert("\(from) \(to) \(text)") }
                }
            }
        }
        return result
    }
}
