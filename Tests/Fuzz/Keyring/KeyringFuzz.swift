import Diagnostics
import Keys

/// The first byte chooses between a keyring and an identity. Nothing may trap; what parses prints to something that
/// parses to the same; and what still opens under a known identity holds the known keys or none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    if choice & 1 == 0 { keyring(bytes) } else { identity(bytes) }
    return 0
}

private func keyring(_ bytes: [UInt8]) {
    guard let keyring = try? Keyring.parse(bytes, file: "mesh.keys") else { return }
    let text = keyring.bytes
    guard let again = try? Keyring.parse(text, file: "mesh.keys") else { preconditionFailure("unreadable") }
    precondition(again.bytes == text && again.operators == keyring.operators && again.meshID == keyring.meshID)
    precondition(again.keys.elementsEqual(keyring.keys) { $0.peer == $1.peer && $0.epoch == $1.epoch })
    guard let known, var opened = try? keyring.unlock(with: known) else { return }
    _ = try? opened.presharedSecret(epoch: 1)
    var entries: [KeyringEntry] = []
    for (peer, text) in publicKeys {
        guard let key = try? PublicKey(parsing: text) else { preconditionFailure(text) }
        let entry = KeyringEntry(peer: peer, epoch: 1, publicKey: key)
        if let secret = try? opened.privateKey(of: entry) { precondition(secret.publicKey == key) }
        entries.append(entry)
    }
    try? opened.rename(entries[0], to: "renamed")
    opened.remove("web-1")
    precondition((try? Keyring.parse(opened.bytes, file: "mesh.keys")) != nil)
}

private func identity(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
        // A protected one is not opened: that takes a second and 256 MiB, as it should.
        guard let file = try? IdentityFile.parse(bytes, file: "identity"), !file.isProtected else { return }
        guard let identity = try? file.open() else { return }
        precondition(identity.publicKey == file.publicKey)
        identity.text().withBytes { text in
            precondition((try? IdentityFile.parse(text, file: "identity"))?.publicKey == file.publicKey)
        }
    }
}

/// Made for this target alone; it opens nothing but the seeds here.
private let known: Identity? = Array(
    """
    hauberk-identity 1
    operator hauberk-operator:TDz7-fXokQzTyy_fkkz1GOMcpIBbX13f2OAB2xyMSh_LKOW5qcav32iRajIDcFgccccdrWNkO90iyiLhl7XH3w
    seed j6KXasNPFn4saPrutzRoCUAcflXO8AqIIH/F0N/fMZs=

    """.utf8
).withUnsafeBytes { try? IdentityFile.parse($0, file: "identity").open() }

private let publicKeys = [
    ("db-1", "D7z1xddzqJBkSQ61IKcNnM5EoSUeJUGi4mm1QySQnRA="),
    ("laptop", "hsIKSpB+DGGSqd409+2SAzcH42f04sM36epLbnQM2SI="),
    ("web-1", "k5WpRMEdBLgEVrj9nd9T/JgkZhifNeqmzhdZqq3JI2s="),
]
