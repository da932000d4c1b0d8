import Diagnostics
import Glibc
import Keys
import MeshFiles
import TestSupport
import Testing

@testable import Ledger

let mesh = MeshID.random()
let noon = at(1_795_262_400)

/// A moment by its seconds since 1970.
func at(_ seconds: Int64) -> UTCTime {
    guard let time = UTCTime(seconds: seconds) else { preconditionFailure("no time: \(seconds)") }
    return time
}

extension SeededRandom {
    /// The seed of `HAUBERK_SEED`, else the given one; printed, so that a failure can be replayed.
    static func replayable(_ usual: UInt64, for test: String) -> SeededRandom {
        let seed = getenv("HAUBERK_SEED").flatMap { UInt64(String(cString: $0)) } ?? usual
        print("\(test): replay with HAUBERK_SEED=\(seed)")
        return SeededRandom(seed: seed)
    }
}

/// A ledger as its operators write it, one random event after another.
struct Writer {
    var ledger = Ledger(of: mesh, file: "mesh.ledger")
    var state = LedgerState()
    var time = noon
    /// By name; all who ever were operators.
    var identities: [String: Identity]
    private var epoch: UInt32 = 0

    /// A ledger that alice has begun.
    init() throws {
        let alice = Identity.generate()
        identities = ["alice": alice]
        try append([.genesis(alice.publicKey), .preshared(epoch: 1)], by: "alice")
    }

    mutating func append(_ events: [LedgerEvent], by name: String) throws {
        let signer = Ledger.Signer(name: name, identity: try #require(identities[name]))
        try ledger.append(events, to: &state, as: signer, at: time)
    }

    /// A key that nobody has the private half of.
    mutating func freshKey(of peer: String) -> KeyringEntry {
        epoch += 1
        return KeyringEntry(peer: peer, epoch: epoch, publicKey: PrivateKey.generate(count: 1).publicKeys[0])
    }

    /// Appends an event that can follow, by one of those who may sign it.
    mutating func appendRandom(_ random: inout SeededRandom) throws {
        time = at(time.seconds + Int64.random(in: 0...90_000, using: &random))
        let signer = try #require(state.operators.keys.sorted().randomElement(using: &random))
        let peer = "peer-\(Int.random(in: 0..<8, using: &random))"
        let others = state.operators.filter { $0.key != signer }.sorted { $0.key < $1.key }
        let valid = state.keys[peer]?.last
        if let valid, Int.random(in: 0..<8, using: &random) == 0 {
            return try append([.retired(peer: peer, epoch: valid.epoch)], by: signer)
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where valid != nil: try append([.removed(peer: peer)], by: signer)
        case 2 where valid != nil && state.keys["new.\(peer)"] == nil:
            try append([.renamed(old: peer, new: "new.\(peer)")], by: signer)
        case 3:
            let identity = Identity.generate()
            let name = "operator-\(identities.count)"
            identities[name] = identity
            try append([.operatorAdded(KeyringOperator(name: name, key: identity.publicKey))], by: signer)
        case 4 where !others.isEmpty:
            try append([.operatorRemoved(KeyringOperator(name: others[0].key, key: others[0].value))], by: signer)
        case 5:
            let epoch = UInt32.random(in: 1 ... .max, using: &random)
            try append([.acknowledged(host: peer, epoch: epoch)], by: signer)
        case 6: try append([.preshared(epoch: UInt32.random(in: 1...9, using: &random))], by: signer)
        case 7: try append([.found(freshKey(of: peer))], by: signer)
        default: try append([.key(freshKey(of: peer))], by: signer)
        }
    }

    /// The lock file that belongs to the ledger as it is.
    var lock: LockFile {
        var lock = LockFile(name: "t", meshID: mesh.bytes)
        lock.ledger = ledger.lockedHead
        lock.presharedEpoch = state.presharedEpoch ?? 1
        for (name, keys) in state.keys {
            guard let key = keys.last else { continue }
            lock.peers[name] = LockedPeer(
                v4: nil, v6: nil, publicKey: key.publicKey.description, epoch: key.epoch, holder: .peer)
        }
        return lock
    }

    var operators: [KeyringOperator] {
        state.operators.map { KeyringOperator(name: $0.key, key: $0.value) }
    }
}

/// Everything that is found in a text that is to be the ledger of a lock file.
func findings(_ text: [UInt8], _ lock: LockFile) -> [Diagnostic] {
    do throws(Failure) {
        let ledger = try Ledger(parsing: text, file: "mesh.ledger")
        let head = ledger.headFinding(in: lock, file: "mesh.lock")
        return ledger.examine(.signatures).findings + (head.map { [$0] } ?? [])
    } catch {
        return error.diagnostics
    }
}

/// The lines of a text, each with its line feed.
func lines(_ text: [UInt8]) -> [[UInt8]] {
    text.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast().map { Array($0) + [0x0a] }
}
