/// A span of whole seconds, written `90d`, `12h`, `30m` or `45s`.
package enum DurationText {
    /// The seconds, or nil when the text is no duration; at most ten years.
    package static func seconds(_ text: some StringProtocol) -> Int64? {
        guard let unit = text.utf8.reversed().first, let count = Int(strictDecimal: text.dropLast()) else { return nil }
        let scale: Int64
        switch unit {
        case UInt8(ascii: "d"): scale = 86_400
        case UInt8(ascii: "h"): scale = 3_600
        case UInt8(ascii: "m"): scale = 60
        case UInt8(ascii: "s"): scale = 1
        default: return nil
        }
        let seconds = Int64(count) * scale
        return seconds <= 10 * 365 * 86_400 ? seconds : nil
    }
}
