import Diagnostics
package import Keys

/// What a ledger says is so, after some of its lines.
package struct LedgerState: Sendable {
    /// Who may sign the next line, by name.
    package private(set) var operators: [String: OperatorKey] = [:]
    /// Of the preshared keys; nil until a line tells it.
    package private(set) var presharedEpoch: UInt32?
    /// The valid keys of each peer, by the order in which they came; no peer is without one.
    package private(set) var keys: [String: [KeyringEntry]] = [:]
    private var fingerprints: [String: String] = [:]

    /// Why an event cannot follow.
    struct Refusal: Error {
        let message: String
    }

    /// The key of an operator of that name and fingerprint; nil when there is none.
    func key(of name: String, _ fingerprint: String) -> OperatorKey? {
        fingerprints[name] == fingerprint ? operators[name] : nil
    }

    /// Whether this very key is valid.
    func holds(_ key: KeyringEntry) -> Bool { keys[key.peer]?.contains(key) ?? false }

    /// Brings the state up to date with an event that `signer` signed.
    mutating func apply(_ event: LedgerEvent, by signer: String) throws(Refusal) {
        guard event.isGenesis != hasBegun else {
            throw Refusal(message: hasBegun ? "the ledger has begun already" : "the first event is not the genesis")
        }
        switch event {
        case .genesis(let key): add(KeyringOperator(name: signer, key: key))
        case .key(let key), .found(let key): try begin(key)
        case .retired(let peer, let epoch): try retire(peer, epoch)
        case .removed(let peer):
            guard keys.removeValue(forKey: peer) != nil else { throw Self.unknown(peer) }
        case .renamed(let old, let new): try rename(old, new)
        case .preshared(let epoch): presharedEpoch = epoch
        case .acknowledged: break
        case .operatorAdded(let who): try admit(who)
        case .operatorRemoved(let who): try dismiss(who)
        }
    }

    private var hasBegun: Bool { !operators.isEmpty }

    private mutating func begin(_ key: KeyringEntry) throws(Refusal) {
        if keys[key.peer]?.contains(where: { $0.epoch == key.epoch }) ?? false {
            throw Refusal(message: "peer \(quoted(key.peer)) has a key of epoch \(key.epoch) already")
        }
        keys[key.peer, default: []].append(key)
    }

    private mutating func retire(_ peer: String, _ epoch: UInt32) throws(Refusal) {
        guard let index = keys[peer]?.firstIndex(where: { $0.epoch == epoch }) else {
            throw Refusal(message: "peer \(quoted(peer)) has no valid key of epoch \(epoch)")
        }
        keys[peer]?.remove(at: index)
        if keys[peer]?.isEmpty ?? false { keys[peer] = nil }
    }

    private mutating func rename(_ old: String, _ new: String) throws(Refusal) {
        if keys[new] != nil { throw Refusal(message: "peer \(quoted(new)) is there already") }
        guard let moved = keys.removeValue(forKey: old) else { throw Self.unknown(old) }
        keys[new] = moved.map { KeyringEntry(peer: new, epoch: $0.epoch, publicKey: $0.publicKey) }
    }

    private mutating func admit(_ who: KeyringOperator) throws(Refusal) {
        if operators[who.name] != nil { throw Refusal(message: "operator \(quoted(who.name)) is there already") }
        if operators.values.contains(who.key) { throw Refusal(message: "another operator has the key already") }
        add(who)
    }

    private mutating func dismiss(_ who: KeyringOperator) throws(Refusal) {
        guard operators[who.name] == who.key else {
            throw Refusal(message: "there is no operator \(quoted(who.name)) with that key")
        }
        guard operators.count > 1 else { throw Refusal(message: "\(quoted(who.name)) is the last operator") }
        operators[who.name] = nil
        fingerprints[who.name] = nil
    }

    private mutating func add(_ who: KeyringOperator) {
        operators[who.name] = who.key
        fingerprints[who.name] = who.key.fingerprint
    }

    private static func unknown(_ peer: String) -> Refusal { Refusal(message: "peer \(quoted(peer)) has no valid key") }
}

extension LedgerEvent {
    fileprivate var isGenesis: Bool {
        if case .genesis = self { true } else { false }
    }
}
