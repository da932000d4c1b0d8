import Addresses
import ArgumentParser
import Diagnostics
import Keys
import MeshFiles
import MeshModel
import SystemAccess

/// `init DIR --name N [--prefix CIDR]… [--site NAME=CIDR]…`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Create a mesh, or complete a mesh.yaml that somebody has written.",
        usage: "hauberk init <dir> [<options>]",
        discussion: """
            Draws a random IPv6 prefix (RFC 4193) unless one is given, and creates the operator's identity on first \
            use. In a folder that holds a mesh.yaml alone it creates the lock file and the keyring for it.
            """)

    @Argument(help: ArgumentHelp("The folder of the mesh.", valueName: "dir"), completion: .directory)
    var directory: String

    @Option(name: .long, help: "The name of the mesh; the folder's name by default.")
    var name: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A prefix to take addresses from; repeat for more.", valueName: "cidr"))
    var prefix: [String] = []

    @Flag(name: .customLong("ipv4-only"), help: "Draw no IPv6 prefix.")
    var isIPv4Only = false

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A site and its private network; repeat for more.", valueName: "name=cidr"))
    var site: [String] = []

    @Option(
        name: .customLong("operator"),
        help: ArgumentHelp("The name under which the keyring knows you; your user name by default.", valueName: "name"))
    var operatorName: String?

    @OptionGroup var identity: IdentityOptions

    func run() throws {
        let mesh = MeshDirectory.at(directory)
        let existing = (try? mesh.read()) ?? nil
        if let existing, existing.lock != nil || existing.keys != nil {
            throw Failure(
                .meshInvalid, .meshExists, "there is a mesh in \(quoted(directory)) already",
                hint: "change it with `hauberk add` and `hauberk set`")
        }
        let yaml = try existing?.yaml ?? Array(text().utf8)
        let isNew = existing?.yaml == nil
        let check: MeshCheck
        do throws(Failure) {
            let tree = try YAMLTree(parsing: yaml, file: LoadedMesh.yamlName)
            check = MeshCheck.check(tree.root, file: LoadedMesh.yamlName, lock: nil, at: Moment.now.seconds)
        } catch {
            throw Self.refusal(error.diagnostics, isNew: isNew)
        }
        guard let declared = check.declared, !check.isRefused else {
            throw Self.refusal(check.findings, isNew: isNew)
        }
        Findings.print(isNew ? Self.withoutPlaces(check.findings) : check.findings)
        try create(declared, yaml: yaml, isNew: isNew, in: mesh)
    }

    /// What is wrong with a mesh file that is there, or with the flags for a new one, which has no places yet.
    private static func refusal(_ findings: [Diagnostic], isNew: Bool) -> Failure {
        isNew ? Failure(.usage, withoutPlaces(findings)) : Failure(.meshInvalid, findings)
    }

    private static func withoutPlaces(_ findings: [Diagnostic]) -> [Diagnostic] {
        findings.map { Diagnostic($0.id, at: nil, $0.message, hint: $0.hint) }
    }

    private func create(_ declared: DeclaredMesh, yaml: [UInt8], isNew: Bool, in mesh: MeshDirectory) throws {
        let id = MeshID.random()
        var empty = LockFile(name: declared.name, meshID: id.bytes)
        empty.presharedEpoch = 1
        var update = try LockUpdate.plan(declared, from: empty, now: Moment.now)
        let (own, created) = try OperatorIdentity(options: identity).openOrCreate()
        if let created { Result.note("created your identity \(created): keep it, and keep it to yourself") }
        let first = KeyringOperator(name: operatorName ?? Self.userName, key: own.publicKey)
        var keyring = try Keyring.create(id, operator: first, file: LoadedMesh.keysName)
        try keyring.drawPresharedSecret(epoch: empty.presharedEpoch)
        let batch = PrivateKey.generate(count: update.needingKeys.count)
        try keyring.insert(batch, for: update.needingKeys.map { ($0, update.lock.peers[$0]?.epoch ?? 1) })
        update.complete(with: batch.publicKeys.map(\.description))
        if isNew {
            try mesh.create(yaml: yaml, lock: update.lock.text, keys: keyring.bytes)
        } else {
            try mesh.withLock(waiting: 10, command: "hauberk init") { transaction in
                try transaction.commit(lock: update.lock.text, keys: keyring.bytes)
            }
        }
        let prefixes = declared.prefixes.map(\.value.description).joined(separator: " and ")
        Result.print("created the mesh \(declared.name) in \(directory) with \(prefixes), operator \(first.name)")
        if isNew { Result.note("next: hauberk --mesh \(directory) add NAME --public ADDRESS") }
    }

    /// The user's name as an operator's: letters, digits and marks that a keyring takes.
    private static var userName: String {
        let user = Environment.variables["USER"] ?? Environment.variables["LOGNAME"] ?? ""
        let name = user.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        return name.first.map { $0.isLetter || $0.isNumber } ?? false ? String(name.prefix(63)) : "operator"
    }

    private var folderName: String {
        String(directory.split(separator: "/").last { $0 != "." && $0 != ".." } ?? "mesh")
    }

    /// The mesh file of a new mesh.
    private func text() throws -> String {
        var prefixes = prefix
        if prefixes.isEmpty { prefixes = ["10.88.0.0/16"] }
        if !isIPv4Only, !prefixes.contains(where: { $0.contains(":") }) { prefixes.append(try Self.uniqueLocal()) }
        var text = """
            # What this mesh is: edit it here, or with `hauberk add`, `set` and `remove`.
            mesh: \(yamlScalar(name ?? folderName))
            prefixes: \(yamlFlowList(prefixes))
            wireguard: {interface: wg0, port: 51820, preshared-keys: pair}

            """
        if !site.isEmpty { text += "sites:\n" }
        for declaration in site {
            let parts = declaration.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw Failure(
                    .usage, .invalidValue, "--site: \(quoted(declaration)) is not NAME=CIDR",
                    hint: "write for example --site nyc3=10.132.0.0/16")
            }
            text += "  \(yamlScalar(parts[0])): {network: \(yamlScalar(parts[1]))}\n"
        }
        return text + "peers: {}\n"
    }

    /// A random /48 of RFC 4193 section 3.2.
    private static func uniqueLocal() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 5)
        bytes.withUnsafeMutableBytes { Sodium.fillRandom($0) }
        guard let prefix = UniqueLocalPrefix(globalID: bytes) else {
            throw Failure(.bug, .internalError, "no unique local prefix from 5 bytes")
        }
        return prefix.description
    }
}
