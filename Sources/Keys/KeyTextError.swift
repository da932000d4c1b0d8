/// Why a text is not a key. It never holds the text: that may be a private key in the wrong place.
package enum KeyTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not 44 characters; holds the number of bytes there are.
    case length(Int)
    /// A foreign character, or padding that is not canonical.
    case notBase64
    /// Only zeros, which WireGuard takes for the absence of a key.
    case zero
    /// A point of small order: every handshake with it fails (RFC 7748, section 6.1).
    case lowOrder

    /// A predicate for the end of a message, for example `is 43 characters long, a key has 44`.
    package var description: String {
        switch self {
        case .length(let count): "is \(count) characters long, a key has 44"
        case .notBase64: "is not the base64 of 32 bytes"
        case .zero: "is all zeros"
        case .lowOrder: "is a point of small order, with which no handshake succeeds"
        }
    }
}
