import CSodium

/// All that a sealed value belongs to.
struct KeyringAddress: Sendable {
    let kind: KeyringLine.Kind
    let name: String
    let epoch: UInt32
    let publicKey: Octets32

    /// A peer's private key.
    init(_ entry: KeyringEntry) {
        kind = .key
        name = entry.peer
        epoch = entry.epoch
        publicKey = entry.publicKey.octets
    }

    /// The mesh's secret for the preshared keys of an epoch; it has no public key.
    init(presharedEpoch epoch: UInt32) {
        kind = .secret
        name = Self.preshared
        self.epoch = epoch
        publicKey = .zero
    }

    /// The name in the line of a preshared secret.
    static let preshared = "preshared"
}

/// The key that seals every entry of one mesh's keyring and authenticates its operators.
struct MeshKey: Sendable, Concealed {
    let secret: SecretReference
    /// The part of every additional data that does not change: the format and the mesh.
    private let bound: [UInt8]

    init(_ secret: SecretReference, meshID: MeshID) {
        self.secret = secret
        var bound: [UInt8] = []
        bound.append(text: "hauberk-keyring-1")
        bound.append(contentsOf: meshID.bytes)
        self.bound = bound
    }

    /// What an entry is bound to: format, mesh, kind, epoch, public key (zeros for a mesh secret), and name.
    ///
    /// All but the name have a fixed length, so that no two entries share one.
    func context(_ entry: KeyringAddress) -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(bound.count + 41 + entry.name.utf8.count)
        data += bound
        data.append(entry.kind.rawValue)
        data.append(littleEndian: UInt64(entry.epoch))
        entry.publicKey.withBytes { data.append(contentsOf: $0) }
        data += entry.name.utf8
        return data
    }

    /// Appends the line of a sealed secret, and returns where it stands.
    func append(_ value: SecretReference, as entry: KeyringAddress, to storage: inout [UInt8]) -> KeyringLine {
        let start = storage.count
        storage.append(text: entry.kind == .key ? "key " : "secret ")
        let name = storage.count..<storage.count + entry.name.utf8.count
        storage += entry.name.utf8
        storage += " \(entry.epoch) ".utf8
        let payload = storage.count..<storage.count + Sealing.textLength
        Sealing.append(value, under: secret, bound: context(entry), to: &storage)
        storage.append(UInt8(ascii: "\n"))
        return KeyringLine(
            kind: entry.kind, epoch: entry.epoch, number: 0, range: start..<storage.count, name: name, payload: payload)
    }

    /// Keyed BLAKE2b-256 under the mesh key of a domain tag, the mesh, the operator's key, the sealed mesh key and
    /// the operator's name.
    func authentication(name: String, key: OperatorKey, sealed: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.append(text: "hauberk-operator")
        message += bound
        key.append(bytesTo: &message)
        message += sealed
        message += name.utf8
        var code = [UInt8](repeating: 0, count: 32)
        secret.withKey { _ = crypto_generichash(&code, 32, message, UInt64(message.count), $0, 32) }
        return code
    }

    /// 80 bytes that only the operator's identity opens (`crypto_box_seal`).
    func sealed(to key: OperatorKey) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: 80)
        let status = key.box.withBytes { publicKey in
            secret.withKey { crypto_box_seal(&sealed, $0, 32, publicKey.octets) }
        }
        precondition(status == 0, "an operator key of small order")
        return sealed
    }
}

extension KeyringText {
    var operators: [KeyringOperator] {
        lines[indices(.operator)].compactMap { line in
            operatorKey(line).map { KeyringOperator(name: name(line), key: $0) }
        }
    }

    /// The public key of an operator's line; never nil for one that was checked.
    func operatorKey(_ line: KeyringLine) -> OperatorKey? {
        storage.withUnsafeBytes { OperatorKey(text: $0.part(Self.range(line, KeyringLine.operatorKey))) }
    }

    /// The bytes of a base64 part of an operator's line.
    func decode(_ line: KeyringLine, _ part: Range<Int>, count: Int) -> [UInt8] {
        storage.withUnsafeBytes { bytes in
            [UInt8](unsafeUninitializedCapacity: 88) { buffer, written in
                guard let base = buffer.baseAddress else { return }
                let isGood = Base64.decode(bytes.part(Self.range(line, part)), to: UnsafeMutableRawPointer(base))
                written = isGood ? count : 0
            }
        }
    }

    /// Whether somebody with the mesh key wrote the operator's line.
    func isAuthentic(_ line: KeyringLine, _ meshKey: MeshKey) -> Bool {
        guard let key = operatorKey(line) else { return false }
        let sealed = decode(line, KeyringLine.sealedMeshKey, count: 80)
        let code = decode(line, KeyringLine.authentication, count: 32)
        let expected = meshKey.authentication(name: name(line), key: key, sealed: sealed)
        return code.count == expected.count && sodium_memcmp(code, expected, expected.count) == 0
    }

    /// Opens the sealed value of a line into 32 bytes of guarded memory; false when it was sealed for another entry.
    func open(
        _ line: KeyringLine, as entry: KeyringAddress, _ meshKey: MeshKey, into memory: UnsafeMutableRawPointer
    ) -> Bool {
        storage.withUnsafeBytes {
            Sealing.open($0.part(line.payload), under: meshKey.secret, bound: meshKey.context(entry), into: memory)
        }
    }

    private static func range(_ line: KeyringLine, _ part: Range<Int>) -> Range<Int> {
        line.payload.lowerBound + part.lowerBound..<line.payload.lowerBound + part.upperBound
    }
}
