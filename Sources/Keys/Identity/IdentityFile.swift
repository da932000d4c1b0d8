package import Diagnostics

/// The text of an operator's identity, read and checked but not yet opened.
///
///     hauberk-identity 1
///     operator hauberk-operator:…
///     seed <base64 of 32 bytes>
///
/// or, instead of the last line, under a passphrase, with all the lines before `sealed` as additional data:
///
///     passphrase argon2id <passes> <bytes of memory> <salt, 32 hexadecimal digits>
///     sealed <base64 of nonce, ciphertext and tag>
package struct IdentityFile: Sendable, Concealed {
    /// What the file says; it is checked against the secret when that is opened.
    package let publicKey: OperatorKey
    let file: String
    let contents: Contents

    enum Contents: Sendable {
        case plain(SecretReference)
        /// `header` is the additional data.
        case sealed(cost: PassphraseCost, salt: [UInt8], header: [UInt8], text: [UInt8])
    }

    static let title: StaticString = "hauberk-identity 1"
    static let version: StaticString = "hauberk-identity "

    /// Whether ``open(passphrase:)`` is the one to call.
    package var isProtected: Bool {
        if case .sealed = contents { true } else { false }
    }

    /// Opens an identity that has no passphrase.
    package func open() throws(Failure) -> Identity {
        guard case .plain(let seed) = contents else {
            throw failure(.permission, .identityPassphrase, "the identity is protected by a passphrase")
        }
        return try checked(Identity(seed: seed))
    }

    /// Opens a protected identity; one without a passphrase opens with any.
    package func open(passphrase: borrowing Secret) throws(Failure) -> Identity {
        guard case .sealed(let cost, let salt, let header, let text) = contents else { return try open() }
        guard passphrase.count > 0 else { throw failure(.permission, .identityPassphrase, "the passphrase is empty") }
        guard let key = cost.key(of: passphrase, salt: salt) else {
            throw failure(
                .inputOutput, .identityCost, "there is no memory for the passphrase's \(cost.memory >> 20) MiB of work")
        }
        guard let seed = text.withUnsafeBytes({ Sealing.open($0, under: key, bound: header) }) else {
            throw failure(.permission, .identityPassphrase, "the passphrase does not open the identity")
        }
        return try checked(Identity(seed: seed))
    }

    private func checked(_ identity: Identity) throws(Failure) -> Identity {
        guard identity.publicKey == publicKey else {
            throw failure(.meshInvalid, .identityMismatch, "the public key does not belong to the identity's secret")
        }
        return identity
    }

    private func failure(_ status: ExitStatus, _ id: DiagnosticID, _ message: String) -> Failure {
        Failure(status, id, at: SourceLocation(file: file), message)
    }
}

extension Identity {
    /// The file's text without a passphrase; write it 0600.
    package func text() -> Secret {
        var header = heading
        header.append(text: "seed ")
        return Secret(count: header.count + 45) { memory in
            memory.copyBytes(from: header)
            seed.writeBase64(to: UnsafeMutableRawPointer(memory.octets + header.count))
            memory[memory.count - 1] = UInt8(ascii: "\n")
        }
    }

    /// The file's text under a passphrase, which must not be empty; write it 0600.
    package func text(
        passphrase: borrowing Secret, cost: PassphraseCost = .moderate
    ) throws(Failure) -> Secret {
        guard passphrase.count > 0 else { throw Failure(.usage, .identityPassphrase, "the passphrase is empty") }
        var salt = [UInt8](repeating: 0, count: 16)
        salt.withUnsafeMutableBytes { Sodium.fillRandom($0) }
        var text = heading
        text.append(contentsOf: "passphrase argon2id \(cost.operations) \(cost.memory) ".utf8)
        text.append(contentsOf: Hex.text(of: salt))
        text.append(text: "\n")
        guard let key = cost.key(of: passphrase, salt: salt) else {
            throw Failure(
                .inputOutput, .identityCost, "there is no memory for the passphrase's \(cost.memory >> 20) MiB of work")
        }
        let header = text
        text.append(text: "sealed ")
        Sealing.append(seed, under: key, bound: header, to: &text)
        text.append(text: "\n")
        return Secret(count: text.count) { $0.copyBytes(from: text) }
    }

    private var heading: [UInt8] {
        var text: [UInt8] = []
        text.append(text: IdentityFile.title)
        text.append(text: "\noperator ")
        publicKey.append(to: &text)
        text.append(text: "\n")
        return text
    }
}
