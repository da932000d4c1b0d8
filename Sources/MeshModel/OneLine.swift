import Diagnostics

/// Free text that is sure to stay on its line: it holds no control character and no line separator.
///
/// What a person writes reaches a rendered file only through this type, so that no value can smuggle in a setting of
/// its own.
package struct OneLine: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil when the text holds a control, a separator of lines, or another character that shows as nothing.
    package init?(_ text: String) {
        guard !text.unicodeScalars.contains(where: isInvisible) else { return nil }
        description = text
    }
}
