import ArgumentParser
import Diagnostics
import Glibc
import Keys
import Ledger
import MeshFiles
import MeshModel
import Synchronization
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// What a mesh is, apart from the random bytes of its keys: two runs of one command make equal states.
struct MeshState: Equatable, CustomStringConvertible {
    let yaml: String
    /// The lock file, with the keys that the old mesh has not written as `new`, and times as `then`.
    let lock: String
    /// Peers and epochs of all private keys.
    let keys: [String]
    let operators: [String]
    /// The events of the ledger.
    let ledger: [String]

    var description: String { "\(yaml)\n\(lock)\n\(keys)\n\(operators)\n\(ledger)" }

    /// Reads a mesh and proves that it is whole: it parses, passes every rule, its four files agree, and its keyring
    /// opens and holds every key that it should.
    ///
    /// - Parameter known: the public keys of the old mesh.
    init(ofWhole path: String, identity: String, known: Set<String>) throws {
        let loaded = try LoadedMesh.read(path)
        try #require(loaded.findings.filter { $0.severity == .error }.isEmpty, "\(loaded.findings)")
        _ = try loaded.complete()
        let verdict = LoadedLedger(loaded, .signatures)
        // The scene's own clock stands still in a later year than the clock of the programs that are killed.
        try #require(verdict.findings.allSatisfy { $0.id == .ledgerClock }, "\(verdict.findings)")
        // A mesh has none until somebody begins it.
        let lines = loaded.snapshot.ledger == nil ? [] : try verdict.complete().lines
        ledger = lines.map { Self.masked(Substring($0.event.text), known) }
        let lock = try #require(loaded.lock)
        let keyring = try #require(loaded.keyring)
        let expected = lock.peers.filter { !$0.value.isHeldByPeer }.sorted { $0.key < $1.key }
        let opened = try keyring.unlock(with: try OperatorIdentity(options: .file(identity)).open())
        _ = try opened.presharedSecret(epoch: lock.presharedEpoch)
        let entries = try expected.map { name, peer in
            KeyringEntry(peer: name, epoch: peer.epoch, publicKey: try PublicKey(parsing: peer.publicKey))
        }
        for (key, entry) in zip(try opened.privateKeys(of: entries), entries) {
            try #require(key.publicKey == entry.publicKey, "\(entry.peer)")
        }
        keys = keyring.keys.map { "\($0.peer) \($0.epoch)" }.sorted()
        try #require(keys == entries.map { "\($0.peer) \($0.epoch)" }.sorted())
        operators = keyring.operators.map(\.name).sorted()
        yaml = String(decoding: try #require(loaded.snapshot.yaml), as: UTF8.self)
        self.lock = String(decoding: try #require(loaded.snapshot.lock), as: UTF8.self)
            .split(separator: "\n").map { Self.masked($0, known) }.joined(separator: "\n")
    }

    /// A line of the lock file without what no two runs have in common.
    private static func masked(_ line: Substring, _ known: Set<String>) -> String {
        if line.hasPrefix("ledger ") { return "ledger \(line.split(separator: " ")[1])" }
        return line.split(separator: " ").map { field in
            if field.hasPrefix("key="), !known.contains(String(field.dropFirst(4))) { return "key=new" }
            // A key in the ledger.
            if field.utf8.count == 44, field.hasSuffix("="), !known.contains(String(field)) { return "new" }
            return field.hasPrefix("removed=") ? "removed=then" : String(field)
        }.joined(separator: " ")
    }

    /// The public keys that a mesh has now.
    static func keys(of path: String) throws -> Set<String> {
        Set(try #require(try LoadedMesh.read(path).lock).peers.values.map(\.publicKey))
    }
}

extension IdentityOptions {
    /// An identity without a passphrase.
    static func file(_ path: String) throws -> IdentityOptions {
        try IdentityOptions.parse(["--identity", path])
    }
}

/// A mesh of a few peers and two operators, kept in memory so that every trial starts from it.
struct CrashScene: Sendable {
    /// The files of the mesh by name.
    private let files: [String: [UInt8]]
    private let identity: [UInt8]
    let second: String
    let known: Set<String>

    /// What an untouched mesh folder holds after a writer has been there.
    static let names = [".hauberk.lock", "mesh.keys", "mesh.ledger", "mesh.lock", "mesh.yaml"]

    init() throws {
        (files, identity, second, known) = try withTemporaryFolder { folder in
            let place = ["--identity", "\(folder)/identity"]
            let mesh = ["--mesh", "\(folder)/mesh"] + place
            try run(["init", "\(folder)/mesh", "--prefix", "10.90.0.0/16", "--operator", "first"] + place)
            try run(["ledger", "reconcile"] + mesh)
            for index in 1...4 { try run(["add", "peer-\(index)", "--public", "203.0.113.\(index)"] + mesh) }
            let second = try run(["operator", "key", "--identity", "\(folder)/second"])
                .filter { $0 != "\n" }
            try run(["operator", "add", "second", second] + mesh)
            let files = try ["mesh.yaml", "mesh.lock", "mesh.keys", "mesh.ledger"].map { name in
                (name, try #require(bytes("\(folder)/mesh/\(name)")))
            }
            let identity = try #require(bytes("\(folder)/identity"))
            let known = try MeshState.keys(of: "\(folder)/mesh")
            return (Dictionary(uniqueKeysWithValues: files), identity, second, known)
        }
    }

    /// Writes the mesh and the identity below a folder.
    func lay(in folder: String) throws -> (mesh: String, identity: String) {
        let mesh = "\(folder)/mesh"
        try #require(mkdir(mesh, 0o755) == 0)
        for (name, bytes) in files { try Self.write(bytes, to: "\(mesh)/\(name)") }
        try Self.write(identity, to: "\(folder)/identity")
        return (mesh, "\(folder)/identity")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    /// The mesh before a command and after it, when nothing goes wrong.
    ///
    /// - Parameter arguments: the whole command for a scene that was laid in a folder.
    func ends(_ arguments: (String) throws -> [String]) throws -> (old: MeshState, new: MeshState) {
        try withTemporaryFolder { folder in
            let place = try lay(in: folder)
            let old = try state(place)
            try run(try arguments(folder))
            return (old, try state(place))
        }
    }

    func state(_ place: (mesh: String, identity: String)) throws -> MeshState {
        try MeshState(ofWhole: place.mesh, identity: place.identity, known: known)
    }
}

/// Runs a command in this process on other files, at a moment that stands still; what it prints is the result.
@discardableResult
func run(_ arguments: [String], on files: any FileSystem = RealFileSystem()) throws -> String {
    let output = Printed()
    let clock = SystemClock(wall: { 1_800_000_000 }, monotonic: SystemClock.system.monotonic, pause: { _ in })
    let surroundings = Surroundings(files: files, clock: clock, output: { output.append($0) }, errors: { _ in })
    try Surroundings.$current.withValue(surroundings) {
        var command = try Hauberk.parseAsRoot(arguments)
        try command.run()
    }
    return output.text
}

/// What a command printed.
private final class Printed: Sendable {
    private let state = Mutex("")
    var text: String { state.withLock { $0 } }
    func append(_ text: String) { state.withLock { $0 += text } }
}
