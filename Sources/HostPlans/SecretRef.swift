/// A secret's name: where its bytes go is known long before the bytes are, which join the text at the last write.
package enum SecretRef: Hashable, Sendable {
    /// The private key of a peer, by its index in the mesh.
    case privateKey(Int)
    /// The preshared key of a pair of peers, in either order.
    case presharedKey(Int, Int)

    /// Bytes that a secret takes in a text: 32 bytes in base64.
    package static let textLength = 44
}

/// Gives the bytes of secrets to those who write artifacts.
package protocol SecretSource {
    /// Writes the secret's 44 characters of base64 to `target`, which has room for them.
    func write(_ secret: SecretRef, to target: UnsafeMutableRawPointer)
}
