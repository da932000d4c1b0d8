package import Keys

/// What one line of a ledger says has happened.
package enum LedgerEvent: Hashable, Sendable {
    /// The ledger begins; who signs the line is its first operator, with this key.
    case genesis(OperatorKey)
    /// A new key is valid from now on, beside those that the peer has.
    case key(KeyringEntry)
    /// A key that `mesh.lock` had without a line here is valid, since nobody knows when.
    case found(KeyringEntry)
    /// A key of a peer ends.
    case retired(peer: String, epoch: UInt32)
    /// A peer is gone, and all its keys end.
    case removed(peer: String)
    /// A peer has another name, and keeps its keys.
    case renamed(old: String, new: String)
    /// The preshared keys of the mesh are those of this epoch.
    case preshared(epoch: UInt32)
    /// A host says that it has what this epoch brought.
    case acknowledged(host: String, epoch: UInt32)
    /// May sign from the next line on.
    case operatorAdded(KeyringOperator)
    /// May not sign from the next line on.
    case operatorRemoved(KeyringOperator)

    /// Appends the words of the event, separated by one space.
    func append(to text: inout [UInt8]) {
        switch self {
        case .genesis(let key): text += "genesis \(key)".utf8
        case .key(let key): Self.append("key ", key, to: &text)
        case .found(let key): Self.append("found ", key, to: &text)
        case .retired(let peer, let epoch): text += "retired \(peer) epoch=\(epoch)".utf8
        case .removed(let peer): text += "removed \(peer)".utf8
        case .renamed(let old, let new): text += "renamed \(old) \(new)".utf8
        case .preshared(let epoch): text += "preshared epoch=\(epoch)".utf8
        case .acknowledged(let host, let epoch): text += "acknowledged \(host) epoch=\(epoch)".utf8
        case .operatorAdded(let who): text += "operator-added \(who.name) \(who.key)".utf8
        case .operatorRemoved(let who): text += "operator-removed \(who.name) \(who.key)".utf8
        }
    }

    private static func append(_ word: String, _ key: KeyringEntry, to text: inout [UInt8]) {
        text += word.utf8
        text += key.peer.utf8
        text += " epoch=\(key.epoch) ".utf8
        key.publicKey.append(base64To: &text)
    }

    /// As the ledger has it.
    package var text: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
