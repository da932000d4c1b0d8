import Diagnostics
import Keys
import MeshFiles
import MeshModel
import SystemAccess

/// The files of a mesh as one moment left them, parsed and held against every rule.
struct LoadedMesh {
    let path: String
    let snapshot: MeshSnapshot
    /// Nil when `mesh.yaml` does not parse.
    let tree: YAMLTree?
    /// Nil when there is no lock file, or it does not parse.
    let lock: LockFile?
    /// Nil when there is no keyring, or it does not parse.
    let keyring: Keyring?
    let check: MeshCheck?
    /// Every finding in every file, sorted.
    let findings: [Diagnostic]

    static let yamlName = "mesh.yaml"
    static let lockName = "mesh.lock"
    static let keysName = "mesh.keys"
    static let ledgerName = "mesh.ledger"

    /// How far a command looks.
    enum Depth {
        /// `mesh.yaml` and `mesh.lock`, held against every rule.
        case withoutKeyring
        /// All of these files, held against every rule.
        case withKeyring
        /// All of these files, of which only the form is checked: what they say is about to change.
        case form
    }

    init(path: String, snapshot: MeshSnapshot, _ depth: Depth = .withKeyring) throws {
        guard let yaml = snapshot.yaml else {
            throw Failure(
                .fileMissing, .noMesh, "there is no \(Self.yamlName) in \(quoted(path))",
                hint: "create a mesh with `hauberk init \(path) --name NAME`")
        }
        self.path = path
        self.snapshot = snapshot
        var findings = snapshot.warnings(in: path)
        let tree = Self.parsed(&findings) { () throws(Failure) in try YAMLTree(parsing: yaml, file: Self.yamlName) }
        let lock = snapshot.lock.flatMap { bytes in
            Self.parsed(&findings) { () throws(Failure) in try LockFile(parsing: bytes, file: Self.lockName) }
        }
        let keyring = (depth == .withoutKeyring ? nil : snapshot.keys).flatMap { bytes in
            Self.parsed(&findings) { () throws(Failure) in try Keyring.parse(bytes, file: Self.keysName) }
        }
        check =
            depth == .form
            ? nil
            : tree.map {
                MeshCheck.check($0.root, file: Self.yamlName, lock: lock, at: Moment.now.seconds)
            }
        findings += check?.findings ?? []
        self.tree = tree
        self.lock = lock
        self.keyring = keyring
        if let keyring, let lock {
            findings += Self.agreement(keyring, lock, check?.declared?.wireGuard.presharedKeys ?? .off)
        }
        self.findings = findings.sorted()
    }

    /// Reads the mesh in a folder without waiting for a writer.
    static func read(_ path: String, _ depth: Depth = .withKeyring) throws -> LoadedMesh {
        try LoadedMesh(path: path, snapshot: try MeshDirectory.at(path).read(), depth)
    }

    /// What `parse` makes of a file; nil when it fails, and then its findings join the others.
    private static func parsed<Value>(_ findings: inout [Diagnostic], _ parse: () throws(Failure) -> Value) -> Value? {
        do throws(Failure) {
            return try parse()
        } catch {
            findings += error.diagnostics
            return nil
        }
    }

    var isRefused: Bool { findings.contains { $0.severity == .error } }

    /// The mesh complete and without an error, or every finding as a failure.
    func complete() throws -> Mesh {
        if isRefused { throw Failure(.meshInvalid, findings) }
        guard let mesh = check?.mesh else { throw Failure(.meshInvalid, [pending]) }
        return mesh
    }

    /// What is said of a mesh whose files do not agree yet.
    var pending: Diagnostic {
        Diagnostic(
            .pendingAllocation, at: SourceLocation(file: Self.yamlName),
            "\(Self.yamlName) asks for what \(Self.lockName) does not have yet",
            hint: "run `hauberk render`, which allocates it")
    }

    /// The keyring is of the same mesh, and holds every private key that the mesh keeps and its preshared secret.
    private static func agreement(
        _ keyring: Keyring, _ lock: LockFile, _ mode: PresharedKeyMode
    ) -> [Diagnostic] {
        guard let id = MeshID(lock) else { return [] }
        do throws(Failure) {
            try keyring.require(id)
        } catch {
            return error.diagnostics
        }
        var findings: [Diagnostic] = []
        if mode != .off, !keyring.hasPresharedSecret(epoch: lock.presharedEpoch) {
            findings.append(
                Diagnostic(
                    .keyringMissing, at: SourceLocation(file: keysName),
                    "the keyring lacks the secret of the preshared keys, epoch \(lock.presharedEpoch)",
                    hint: "restore mesh.keys from Git"))
        }
        if mode != .off, lock.rotation?.running?.rotatesPreshared ?? false,
            !keyring.hasPresharedSecret(epoch: lock.nextPresharedEpoch)
        {
            findings.append(
                Diagnostic(
                    .keyringMissing, at: SourceLocation(file: keysName),
                    "the keyring lacks the secret of the next preshared keys, epoch \(lock.nextPresharedEpoch)",
                    hint: "restore mesh.keys from Git"))
        }
        let missing = lock.peers.lazy.filter { name, peer in
            !peer.isHeldByPeer
                && (!keyring.hasKey(of: name, epoch: peer.epoch)
                    || peer.next != nil && !keyring.hasKey(of: name, epoch: peer.nextEpoch))
        }
        return findings
            + missing.sorted { $0.key < $1.key }.map { name, peer in
                Diagnostic(
                    .keyringMissing, at: SourceLocation(file: keysName),
                    "the keyring lacks the private key of peer \(quoted(name)), epoch \(peer.epoch)",
                    hint: "restore mesh.keys from the commit of mesh.lock")
            }
    }
}

extension MeshDirectory {
    /// A mesh's folder in the present surroundings, with the digest that the protocol of transactions asks for.
    static func at(_ path: String) -> MeshDirectory {
        let surroundings = Surroundings.current
        return MeshDirectory(path, fileSystem: surroundings.files, clock: surroundings.clock) {
            Digest.blake2b128($0)
        }
    }
}

extension MeshID {
    /// The id that a lock file carries; nil when it has not 16 bytes.
    init?(_ lock: LockFile) {
        self.init(parsing: lock.meshID.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined())
    }
}
