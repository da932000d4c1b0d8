/// Free text that is sure to stay on its line: it holds no control character and no line separator.
///
/// What a person writes reaches a rendered file only through this type, so that no value can smuggle in a setting of
/// its own.
package struct OneLine: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil when the text holds a C0 control, DEL, U+0085, U+2028 or U+2029.
    package init?(_ text: String) {
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7f, 0x85, 0x2028, 0x2029: return false
            default: return true
            }
        }
        guard isClean else { return nil }
        description = text
    }
}
