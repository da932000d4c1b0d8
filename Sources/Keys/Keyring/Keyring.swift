package import Diagnostics

/// An operator of a mesh, as the keyring names it.
package struct KeyringOperator: Hashable, Sendable {
    package let name: String
    package let key: OperatorKey

    /// The name is checked when the operator is added.
    package init(name: String, key: OperatorKey) {
        self.name = name
        self.key = key
    }
}

/// A key by what it belongs to: a peer's name, its key epoch from 1, and its public key (from `mesh.lock`).
package struct KeyringEntry: Hashable, Sendable {
    package let peer: String
    package let epoch: UInt32
    package let publicKey: PublicKey

    package init(peer: String, epoch: UInt32, publicKey: PublicKey) {
        self.peer = peer
        self.epoch = epoch
        self.publicKey = publicKey
    }
}

/// The text of `mesh.keys`, read and checked line by line, but locked.
///
/// Its entries may stand in any order, as after a union merge; they are printed sorted. Whether they are genuine only
/// shows when they are unlocked.
package struct Keyring: Sendable {
    let text: KeyringText

    init(text: KeyringText) { self.text = text }

    /// Reads the whole text and reports all mistakes at once; `file` is for their places.
    package static func parse(_ bytes: [UInt8], file: String) throws(Failure) -> Keyring {
        Keyring(text: try KeyringReader.read(bytes, file: file))
    }

    /// A keyring with one operator, a new mesh key and nothing else.
    package static func create(
        _ meshID: MeshID, operator first: KeyringOperator, file: String
    ) throws(Failure) -> UnlockedKeyring {
        var keyring = UnlockedKeyring(
            text: KeyringText(file: file, meshID: meshID), meshKey: MeshKey(.random(), meshID: meshID))
        try keyring.addOperator(first)
        return keyring
    }

    /// The mesh that the keys are bound to; it must be that of `mesh.lock`.
    package var meshID: MeshID { text.meshID }

    /// Throws when `mesh.lock` says that this is another mesh.
    package func require(_ meshID: MeshID) throws(Failure) {
        guard meshID != self.meshID else { return }
        throw Failure(
            .meshInvalid, .keyringMesh, at: SourceLocation(file: text.file, line: 2, column: 6),
            "the keyring is of mesh \(self.meshID), the lock file of mesh \(meshID)",
            hint: "restore mesh.keys and mesh.lock from one commit")
    }

    /// The operators, sorted by name; not authenticated until the keyring is unlocked.
    package var operators: [KeyringOperator] { text.operators }

    /// The peers and epochs of all private keys, in the file's order: what a check compares with `mesh.lock`.
    package var keys: [(peer: String, epoch: UInt32, location: SourceLocation?)] {
        text.lines[text.indices(.key)].map { (text.name($0), $0.epoch, text.location($0)) }
    }

    /// Whether there is a private key of this peer and epoch.
    package func hasKey(of peer: String, epoch: UInt32) -> Bool { text.index(.key, peer, epoch) != nil }

    /// Whether there is a mesh secret for this preshared epoch.
    package func hasPresharedSecret(epoch: UInt32) -> Bool {
        text.index(.secret, KeyringAddress.preshared, epoch) != nil
    }

    /// The text, sorted; lines that were not changed keep their bytes.
    package var bytes: [UInt8] { text.printed }

    /// Opens the mesh key with an operator's identity, and authenticates all operators.
    ///
    /// A stranger gets ``ExitStatus/permission``; an operator line that nobody with the mesh key wrote is an error
    /// that names its place.
    package func unlock(with identity: Identity) throws(Failure) -> UnlockedKeyring {
        guard let own = text.lines[text.indices(.operator)].first(where: { text.operatorKey($0) == identity.publicKey })
        else {
            throw Failure(
                .permission, .notOperator, at: SourceLocation(file: text.file),
                "the keyring is not sealed to this identity",
                hint: "ask one of its operators to run: hauberk operator add NAME \(identity.publicKey)")
        }
        let sealed = text.decode(own, KeyringLine.sealedMeshKey, count: 80)
        guard let secret = sealed.withUnsafeBytes({ identity.open(sealed: $0) }) else {
            throw Failure(
                .meshInvalid, .keyringDamaged, at: text.location(own),
                "the mesh key sealed to operator \(quoted(text.name(own))) does not open")
        }
        let meshKey = MeshKey(secret, meshID: meshID)
        let forged = text.lines[text.indices(.operator)].filter { !text.isAuthentic($0, meshKey) }
        guard forged.isEmpty else {
            throw Failure(
                .meshInvalid,
                forged.map {
                    Diagnostic(
                        .keyringForged, at: text.location($0),
                        "nobody who could open the keyring wrote the line of operator \(quoted(text.name($0)))",
                        hint: "find out who did (git blame), and delete the line")
                })
        }
        return UnlockedKeyring(text: text, meshKey: meshKey)
    }
}
