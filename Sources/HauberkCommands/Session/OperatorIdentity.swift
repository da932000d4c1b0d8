import Diagnostics
import Keys
import SystemAccess

/// Opens and creates the operator's identity.
struct OperatorIdentity {
    let options: IdentityOptions

    /// The identity of an existing file; a protected one asks for its passphrase.
    func open() throws -> Identity {
        let path = try options.path()
        guard try Self.file(path).exists else {
            throw Failure(
                .fileMissing, .missingFile, "there is no identity \(quoted(path))",
                hint: "name yours with `--identity FILE`, or make one with `hauberk operator key`")
        }
        let file = try Self.file(path).withBytes { bytes in
            try Keys.IdentityFile.parse(bytes, file: path)
        }
        guard file.isProtected else { return try file.open() }
        return try file.open(passphrase: try passphrase(for: path))
    }

    /// Whether a file is opened with a passphrase.
    ///
    /// - Parameter owner: whose it is; root may ask of another's.
    static func isProtected(_ path: String, of owner: UInt32) throws -> Bool {
        try file(path).withBytes(of: owner) { try Keys.IdentityFile.parse($0, file: path).isProtected }
    }

    /// The existing identity, or a new one without a passphrase where there is none, with its path when it is new.
    func openOrCreate() throws -> (identity: Identity, created: String?) {
        let path = try options.path()
        let file = Self.file(path)
        if try file.exists { return (try open(), nil) }
        let identity = Identity.generate()
        let text: Secret
        if options.passphraseFile != nil {
            text = try identity.text(passphrase: try passphrase(for: path))
        } else {
            text = identity.text()
        }
        try text.withBytes { try file.create($0) }
        return (identity, path)
    }

    private static func file(_ path: String) -> SystemAccess.IdentityFile {
        SystemAccess.IdentityFile(path, fileSystem: Surroundings.current.files)
    }

    private func passphrase(for path: String) throws -> Secret {
        if let file = options.passphraseFile {
            var secret: Secret?
            try Self.file(file).withBytes { bytes in
                var end = bytes.count
                while end > 0, bytes[end - 1] == 0x0a || bytes[end - 1] == 0x0d { end -= 1 }
                secret = Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            }
            return secret.take() ?? Secret(copying: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        var buffer = [UInt8](repeating: 0, count: 1024)
        defer { Sodium.wipe(&buffer) }
        let count = try buffer.withUnsafeMutableBytes {
            try PassphrasePrompt().ask("Passphrase of \(path): ", into: $0)
        }
        return Secret(count: count) { $0.copyBytes(from: buffer[..<count]) }
    }
}
