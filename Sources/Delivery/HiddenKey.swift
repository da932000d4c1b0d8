/// A private or preshared key on its way to a tool; it prints as stars.
package struct HiddenKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Base64, 44 characters.
    package let text: String

    /// - Parameter text: what has been checked to be 32 bytes in base64; nil for none, as `wg show` writes it, and for
    ///   the key of zeros, which means none.
    package init?(_ text: String) {
        guard text.utf8.count == 44, text != Self.absent else { return nil }
        self.text = text
    }

    /// The key that takes a preshared key away (wg(8), `noise.h`: all zeros).
    package static let absent = String(repeating: "A", count: 43) + "="

    package var description: String { "****" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
