/// A value that prints, debugs and dumps as `<secret>`, whatever it holds.
///
/// A mirror without children is needed as well: `dump` and debuggers ignore `description`.
package protocol Concealed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Concealed {
    /// Always `<secret>`.
    package var description: String { "<secret>" }
    /// Always `<secret>`.
    package var debugDescription: String { "<secret>" }
    /// Without children.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
