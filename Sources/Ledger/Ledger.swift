package import Diagnostics
package import Keys
package import MeshFiles

/// `mesh.ledger`: which key of which peer was valid from when to when, and which operator made it so.
///
/// A text of lines, each chained to the one before and signed. There is one text for one history: what parses prints to
/// the same bytes. It holds no secret.
package struct Ledger: Sendable {
    package let file: String
    package let meshID: MeshID
    /// The text.
    package private(set) var bytes: [UInt8]
    package private(set) var lines: [LedgerLine]
    /// The digest of the last line, which the next one and `mesh.lock` carry.
    package private(set) var head: Digest256

    /// Who signs, under the name that the ledger knows.
    package struct Signer: Sendable {
        let name: String
        let identity: Identity

        /// The name is that of the keyring.
        package init(name: String, identity: Identity) {
            self.name = name
            self.identity = identity
        }
    }

    /// A ledger without a line, not yet one that could be read back.
    package init(of meshID: MeshID, file: String) {
        self.file = file
        self.meshID = meshID
        bytes = Array("hauberk-ledger 1\nmesh \(meshID)\n".utf8)
        lines = []
        head = Digest256(of: bytes)
    }

    /// Reads a whole text, of which the form alone is checked, all mistakes at once; `file` is for their places.
    package init(parsing bytes: [UInt8], file: String) throws(Failure) {
        var reader: (id: MeshID?, lines: [LedgerLine], findings: [Diagnostic]) = (nil, [], [])
        bytes.withUnsafeBytes { buffer in
            var text = LedgerReader(buffer, file: file)
            reader.id = text.read()
            reader.lines = text.lines
            reader.findings = text.findings
        }
        guard let id = reader.id, let last = reader.lines.last else { throw Failure(.meshInvalid, reader.findings) }
        self.file = file
        meshID = id
        lines = reader.lines
        head = bytes[last.range].withUnsafeBytes { Digest256(of: $0) }
        self.bytes = bytes
    }

    /// Appends events that follow from `state`, which is brought up to date, each as a line of its own.
    ///
    /// Throws when the signer may not sign, or an event contradicts what the ledger says; then the value means nothing.
    package mutating func append(
        _ events: [LedgerEvent], to state: inout LedgerState, as signer: Signer, at time: UTCTime
    ) throws(Failure) {
        let fingerprint = signer.identity.publicKey.fingerprint
        bytes.reserveCapacity(bytes.count + 320 * events.count)
        for event in events {
            if !lines.isEmpty, state.key(of: signer.name, fingerprint) == nil {
                throw Failure(
                    .permission, .ledgerSigner, at: SourceLocation(file: file),
                    "the ledger does not know \(quoted(signer.name)) with this identity as an operator",
                    hint: "another operator has to run `hauberk ledger reconcile` first")
            }
            do {
                try state.apply(event, by: signer.name)
            } catch {
                throw Failure(
                    .meshInvalid, .ledgerDisagreement, at: SourceLocation(file: file),
                    "the ledger does not agree with mesh.lock: \(error.message)",
                    hint: "look at `hauberk ledger verify`, then run `hauberk ledger reconcile`")
            }
            append(event, as: signer, fingerprint, time)
        }
    }

    private mutating func append(_ event: LedgerEvent, as signer: Signer, _ fingerprint: String, _ time: UTCTime) {
        let number = UInt32(lines.count + 1)
        var body = Array("\(number) \(time) \(signer.name) \(fingerprint) ".utf8)
        event.append(to: &body)
        body.append(UInt8(ascii: " "))
        head.append(to: &body)
        let signature = signer.identity.sign(.ledgerLine, LedgerLine.message(meshID, body))
        body.append(UInt8(ascii: " "))
        signature.append(to: &body)
        body.append(UInt8(ascii: "\n"))
        let start = bytes.count
        bytes += body
        lines.append(
            LedgerLine(
                number: number, time: time, operatorName: signer.name, fingerprint: fingerprint, event: event,
                former: head, signature: signature, range: start..<bytes.count))
        head = Digest256(of: body)
    }

    /// What `mesh.lock` carries of this ledger.
    package var lockedHead: LockedLedger { LockedLedger(lines: UInt32(lines.count), head: head.description) }
}
