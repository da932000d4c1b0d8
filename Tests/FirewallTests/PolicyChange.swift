import Addresses
import HostPlans
import MeshFiles
import MeshFixtures
import MeshModel

/// A mesh with a policy, drawn at random, and what somebody has made of it.
struct PolicyChange {
    let old: Mesh
    let new: Mesh
    let texts: (old: String, new: String)

    static let moment: Int64 = 1_795_219_200

    /// Nil where chance drew what is no mesh.
    init?(seed: UInt64) {
        var random = SeededRandom(seed: seed &* 7_919)
        let text = RandomPolicy.text(seed: seed)
        guard let lock = try? MeshPipeline.allocate(text).lock, let old = try? MeshPipeline.mesh(text, lock: lock)
        else {
            return nil
        }
        for _ in 0..<20 {
            var lines = text.split(separator: "\n").map(String.init)
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.edit(&lines, &random) }
            let changed = lines.joined(separator: "\n") + "\n"
            guard changed != text, let next = try? MeshPipeline.allocate(changed, from: lock).lock,
                let new = try? MeshPipeline.mesh(changed, lock: next)
            else { continue }
            (self.old, self.new, texts) = (old, new, (text, changed))
            return
        }
        return nil
    }

    var applied: PolicyState { PolicyState(old) }
    var desired: PolicyState { PolicyState(new) }
    var flows: [FlowChange] { FlowDiff.changes(from: applied, to: desired) }

    // MARK: edits

    private static func edit(_ lines: inout [String], _ random: inout SeededRandom) {
        func indices(_ part: String) -> [Int] { lines.indices.filter { lines[$0].contains(part) } }
        func swap(_ part: String, _ choices: [(String, String)]) {
            guard let line = indices(part).randomElement(using: &random) else { return }
            guard let choice = choices.filter({ lines[line].contains($0.0) }).randomElement(using: &random) else {
                return
            }
            lines[line] = lines[line].replacing(choice.0, with: choice.1, maxReplacements: 1)
        }
        let rules = indices("- {from:")
        let peers = indices("site: vpc, private")
        let rule = ["h1", "h2", "all", "g1", "\"all except h2\"", "192.168.50.0/24", "192.168.50.64/26"]
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            if rules.count > 1, let line = rules.randomElement(using: &random) { lines.remove(at: line) }
        case 1, 2:
            guard let place = lines.firstIndex(where: { $0.hasPrefix("allow:") }) else { return }
            lines[place] = "allow:"
            let from = rule.randomElement(using: &random) ?? "all"
            let to = (from.contains("/") ? Array(rule.prefix(4)) : rule).randomElement(using: &random) ?? "all"
            lines.insert("  - {from: \(from), to: \(to), service: s1}", at: place + 1)
        case 3:
            swap(
                "guard:", [("reject", "log"), ("reject", "off"), ("log", "reject"), ("off", "reject"), ("off", "log")])
        case 4:
            swap(
                "expose:",
                [("private", "public"), ("public", "private"), ("private", "internal"), ("internal", "private")])
        case 5:
            swap(
                "ports: [",
                [("22", "23"), ("80", "81-90"), ("443/tcp", "443/udp"), ("1000", "999-1003"), ("3306", "3307")])
        case 6:
            swap(
                "site: vpc, private", [("groups: [", "groups: [g1, "), ("groups: [g1", "groups: [g2"), ("g2]", "g1]")])
        case 7: if let line = peers.last { lines.remove(at: line) }
        case 8: lines.append("  n1: {site: vpc, private: 10.132.0.99, public: 203.0.113.99, groups: [g1]}")
        case 9: lines.insert("icmp: {overlay: none, underlay: echo}", at: 2)
        case 10:
            swap(
                "site: vpc, private",
                [("}", ", port: 40000}"), ("}", ", disabled: yes}"), ("routes: [192.168.50.0/24]", "port: 3")])
        default:
            let from =
                ["198.51.100.0/25", "10.132.15.0/24", "h1", "10.132.0.96/28"].randomElement(using: &random) ?? "h1"
            guard let line = indices("guard: {").first else { return }
            lines[line] =
                "guard: {except: [{from: \(from), to: \(random.chance(50) ? "all" : "h1"), ports: [22/tcp, 123/udp], reason: r}]}"
        }
    }
}

extension PolicyState {
    init(_ mesh: Mesh) {
        self.init(
            mesh.declared, addresses: Dictionary(uniqueKeysWithValues: mesh.peers.map { ($0.name, $0.addresses) }),
            moment: PolicyChange.moment)
    }
}
