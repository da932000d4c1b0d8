import Diagnostics
import Foundation

@testable import Keys

/// SplitMix64: the seed is printed, so that a failure can be replayed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        print("seed \(seed)")
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

func bytes(hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

func privateKey(_ bytes: [UInt8]) throws -> PrivateKey {
    try Array(base64(bytes).utf8).lend { text throws(KeyTextError) in try PrivateKey(base64: text) }
}

extension PrivateKey {
    var text: String { copy(44) { writeBase64(to: $0) } }
    var octets: [UInt8] { withBytes { Array($0) } }
}

/// What `write` puts into `count` bytes, as text; for tests alone.
func copy(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> String {
    String(decoding: raw(count, write), as: UTF8.self)
}

func raw(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
    var memory = [UInt8](repeating: 0, count: count)
    memory.withUnsafeMutableBytes { if let base = $0.baseAddress { write(base) } }
    return memory
}

extension Secret {
    init(text: String) {
        let bytes = Array(text.utf8)
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    var octets: [UInt8] { withBytes { Array($0) } }
}

/// The failure that `body` throws, else nil.
func failure(_ body: () throws -> Void) -> Failure? {
    do {
        try body()
        return nil
    } catch {
        return error as? Failure
    }
}

/// A folder that is there for the length of the call.
func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hauberk-keys-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Runs a shell script in a folder and returns its exit status and output.
func shell(_ script: String, in folder: URL) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// A keyring with two operators, a preshared secret and two peers.
struct Fixture {
    let alice = Identity.generate()
    let bob = Identity.generate()
    let meshID = MeshID.random()
    let entries: [KeyringEntry]
    let batch: KeyBatch
    let keyring: UnlockedKeyring

    init(peers: [String] = ["mysql-1", "web-1"]) throws {
        batch = PrivateKey.generate(count: peers.count)
        entries = zip(peers, batch.publicKeys).map { KeyringEntry(peer: $0, epoch: 1, publicKey: $1) }
        var keyring = try Keyring.create(
            meshID, operator: KeyringOperator(name: "alice", key: alice.publicKey), file: "mesh.keys")
        try keyring.addOperator(KeyringOperator(name: "bob", key: bob.publicKey))
        try keyring.drawPresharedSecret(epoch: 1)
        try keyring.insert(batch, for: peers.map { ($0, 1) })
        self.keyring = keyring
    }

    func publicKey(_ peer: String, _ epoch: UInt32) -> PublicKey? {
        entries.first { $0.peer == peer && $0.epoch == epoch }?.publicKey
    }

    var lines: [String] { keyring.bytes.lines }
}

extension [UInt8] {
    /// With their line feeds taken off.
    var lines: [String] { String(decoding: self, as: UTF8.self).split(separator: "\n").map(String.init) }
}

extension [String] {
    var text: [UInt8] { flatMap { Array<UInt8>($0.utf8) + [10] } }
}
