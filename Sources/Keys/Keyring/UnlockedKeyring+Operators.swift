package import Diagnostics

extension UnlockedKeyring {
    /// The operators, sorted by name; all authentic.
    package var operators: [KeyringOperator] { text.operators }

    /// Seals the mesh key to another operator, whose name and key must both be new.
    package mutating func addOperator(_ new: KeyringOperator) throws(Failure) {
        guard Array(new.name.utf8).withUnsafeBytes({ KeyringName.isOperator($0) }) else {
            throw Failure(.usage, .operatorName, "\(quotedUnlessLong(new.name)) is not an operator's name")
        }
        if operators.contains(where: { $0.name == new.name }) {
            throw Failure(.usage, .operatorExists, "the keyring already has an operator \(quoted(new.name))")
        }
        if let same = operators.first(where: { $0.key == new.key }) {
            throw Failure(.usage, .operatorExists, "operator \(quoted(same.name)) already has this key")
        }
        let meshKey = meshKey
        text.insert { [Self.appendOperator(new, meshKey, to: &$0)] }
    }

    /// Removes an operator: draws a new mesh key and seals every entry and every remaining operator anew.
    ///
    /// What the operator has read stays known to them: keys that matter must be rotated as well. `publicKey` gives
    /// the public key of a peer and epoch from `mesh.lock`; an entry without one is an error, and nothing is changed.
    package mutating func removeOperator(
        _ name: String, publicKey: (_ peer: String, _ epoch: UInt32) -> PublicKey?
    ) throws(Failure) {
        let all = operators
        guard all.contains(where: { $0.name == name }) else {
            throw Failure(
                .usage, .operatorUnknown, "the keyring has no operator \(quotedUnlessLong(name))",
                hint: "its operators are: \(all.map(\.name).joined(separator: ", "))")
        }
        guard all.count > 1 else {
            throw Failure(.usage, .operatorLast, "operator \(quoted(name)) is the last one and cannot be removed")
        }
        self = try resealed(for: all.filter { $0.name != name }, publicKey)
    }

    private func resealed(
        for operators: [KeyringOperator], _ publicKey: (String, UInt32) -> PublicKey?
    ) throws(Failure) -> UnlockedKeyring {
        let entries = try entries(publicKey)
        let keys = try privateKeys(of: entries)
        let epochs = text.lines[text.indices(.secret)].map(\.epoch)
        var secrets: [MeshSecret] = []
        for epoch in epochs { secrets.append(try presharedSecret(epoch: epoch)) }
        let fresh = MeshKey(.random(), meshID: text.meshID)
        var result = UnlockedKeyring(text: KeyringText(file: text.file, meshID: text.meshID), meshKey: fresh)
        result.text.insert { storage in
            var lines = operators.map { Self.appendOperator($0, fresh, to: &storage) }
            for (epoch, secret) in zip(epochs, secrets) {
                let address = KeyringAddress(presharedEpoch: epoch)
                lines.append(fresh.append(secret.reference, as: address, to: &storage))
            }
            for (entry, key) in zip(entries, keys) {
                lines.append(fresh.append(key.reference, as: KeyringAddress(entry), to: &storage))
            }
            return lines
        }
        return result
    }

    /// Every private key with its public key; reports all that have none.
    private func entries(_ publicKey: (String, UInt32) -> PublicKey?) throws(Failure) -> [KeyringEntry] {
        var entries: [KeyringEntry] = []
        var findings: [Diagnostic] = []
        for line in text.lines[text.indices(.key)] {
            let peer = text.name(line)
            if let publicKey = publicKey(peer, line.epoch) {
                entries.append(KeyringEntry(peer: peer, epoch: line.epoch, publicKey: publicKey))
            } else {
                findings.append(
                    Diagnostic(
                        .keyringStray, at: text.location(line),
                        "the lock file does not know peer \(quoted(peer)), epoch \(line.epoch)",
                        hint: "delete the line, or take the mesh.lock that belongs to it"))
            }
        }
        if !findings.isEmpty { throw Failure(.meshInvalid, findings) }
        return entries
    }

    private static func appendOperator(
        _ new: KeyringOperator, _ meshKey: MeshKey, to storage: inout [UInt8]
    ) -> KeyringLine {
        let sealed = meshKey.sealed(to: new.key)
        let code = meshKey.authentication(name: new.name, key: new.key, sealed: sealed)
        let start = storage.count
        storage.append(text: "operator ")
        let name = storage.count..<storage.count + new.name.utf8.count
        storage += "\(new.name) ".utf8
        let payload = storage.count..<storage.count + KeyringLine.operatorLength
        storage += "\(new.key) ".utf8
        sealed.withUnsafeBytes { Base64.append($0, to: &storage) }
        storage.append(UInt8(ascii: " "))
        code.withUnsafeBytes { Base64.append($0, to: &storage) }
        storage.append(UInt8(ascii: "\n"))
        return KeyringLine(
            kind: .operator, epoch: 0, number: 0, range: start..<storage.count, name: name, payload: payload)
    }
}
