import Glibc
import TestSupport
import Testing

/// A mesh that the built program works on, as people use it: every step a process of its own.
struct OperatorsScene {
    let folder: String
    private let program = BuiltProgram("hauberk")

    var mesh: String { "\(folder)/mesh" }

    /// A mesh of web, db and a laptop whose first operator is alice.
    static func with(_ work: (OperatorsScene) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let scene = OperatorsScene(folder: folder)
            try scene.begin()
            try work(scene)
        }
    }

    /// Makes the mesh.
    func begin() throws {
        try does(["init", mesh, "--prefix", "10.90.0.0/16", "--operator", "alice", "--identity", identity("alice")])
        try does(["ledger", "reconcile"], as: "alice")
        try does(["add", "web", "--public", "203.0.113.1"], as: "alice")
        try does(["add", "db", "--public", "203.0.113.2"], as: "alice")
        try does(["add", "laptop"], as: "alice")
    }

    /// The path of an operator's identity.
    func identity(_ name: String) -> String { "\(folder)/\(name)" }

    /// Runs a command on the mesh as an operator.
    func tries(_ arguments: [String], as name: String, _ more: [String] = []) throws -> ProgramEnd {
        try program.run(arguments + ["--mesh", mesh, "--identity", identity(name)] + more, in: folder)
    }

    /// What a command prints, which must succeed.
    @discardableResult
    func does(_ arguments: [String], as name: String, _ more: [String] = []) throws -> String {
        try does(arguments + ["--mesh", mesh, "--identity", identity(name)] + more)
    }

    @discardableResult
    func does(_ arguments: [String]) throws -> String {
        let end = try program.run(arguments, in: folder)
        try #require(end.status == 0, "\(arguments): \(end.errors)")
        return end.output
    }

    /// A new identity's key.
    func key(of name: String, _ more: [String] = []) throws -> String {
        String(try does(["operator", "key", "--identity", identity(name)] + more).dropLast())
    }

    /// The rendered configuration of every peer, by name.
    func rendered(as name: String) throws -> [String: RenderedConfig] {
        try does(["render", "--out", "\(folder)/out"], as: name)
        let peers = tree("\(folder)/out").compactMap { path in
            path.hasSuffix("/etc/wireguard/wg0.conf") ? path.split(separator: "/").first.map(String.init) : nil
        }
        var configs: [String: RenderedConfig] = [:]
        for peer in peers {
            configs[peer] = RenderedConfig(try #require(text("\(folder)/out/\(peer)/etc/wireguard/wg0.conf")))
        }
        return configs
    }

    /// The line of a peer in `mesh.lock`.
    func locked(_ peer: String) throws -> String {
        let lines = try #require(text("\(mesh)/mesh.lock")).split(separator: "\n")
        return String(try #require(lines.first { $0.hasPrefix("peer \(peer) ") }))
    }

    /// The lines of a kind and name in `mesh.keys`.
    func sealed(_ start: String) throws -> [String] {
        try #require(text("\(mesh)/mesh.keys")).split(separator: "\n").map(String.init).filter { $0.hasPrefix(start) }
    }

    func write(_ text: String, to name: String, mode: mode_t) throws {
        try save(text, to: "\(folder)/\(name)")
        try #require(chmod("\(folder)/\(name)", mode) == 0)
    }
}

/// What a rendered configuration says, read without the program's own parser.
struct RenderedConfig {
    let text: String
    let privateKey: String?
    /// By the other peer's public key; `none` where there is no line.
    let presharedKeys: [String: String]

    init(_ text: String) {
        self.text = text
        var (own, other) = (String?.none, "")
        var presharedKeys: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[1] == "=" else { continue }
            switch parts[0] {
            case "PrivateKey": own = parts[2]
            case "PublicKey":
                other = parts[2]
                presharedKeys[other] = "none"
            case "PresharedKey": presharedKeys[other] = parts[2]
            default: break
            }
        }
        (privateKey, self.presharedKeys) = (own, presharedKeys)
    }
}
