/// Why a text was refused, with the text itself and how to mend it.
package struct AddressError: Error, Hashable, Sendable {
    /// The one thing that was wrong.
    package let reason: Reason
    /// What the text should have been: `address`, `prefix`, `port`, …
    package let noun: String
    /// The refused text as a message shows it: in quotes, control characters escaped, cut after 64 characters.
    package let quotedValue: String
    /// The text to write instead; nil when there is no obvious one.
    package let suggestion: String?
    /// The prefix that was probably meant (host bits cleared, netmask turned into a length); nil for anything else.
    package let mended: IPPrefix?

    init(_ refusal: Refusal, noun: String, bytes: Span<UInt8>) {
        reason = refusal.reason
        self.noun = noun
        quotedValue = quotedText(bytes)
        suggestion = refusal.suggestion ?? refusal.mended?.description
        mended = refusal.mended
    }

    /// One lower-case sentence that quotes the value, without a full stop.
    package var message: String { "\(quotedValue) is not a valid \(noun): \(reason.rawValue)" }

    /// The exact text to write instead, else what to do; nil when the message says it all.
    package var hint: String? {
        if let suggestion { return "write \(suggestion)" }
        return reason.advice
    }
}

extension AddressError: CustomStringConvertible {
    /// The message.
    package var description: String { message }
}

/// What a reader throws before the whole text and the noun are known.
struct Refusal: Error {
    let reason: AddressError.Reason
    var suggestion: String?
    var mended: IPPrefix?

    init(_ reason: AddressError.Reason, suggestion: String? = nil, mended: IPPrefix? = nil) {
        self.reason = reason
        self.suggestion = suggestion
        self.mended = mended
    }
}

/// The bytes in double quotes, control characters escaped, cut after 64 characters.
///
/// Invalid UTF-8 shows as U+FFFD. Only the beginning is decoded, so that a text of 5 MB costs nothing.
func quotedText(_ bytes: Span<UInt8>) -> String {
    var head: [UInt8] = []
    for index in 0..<min(bytes.count, 65 * 4) { head.append(bytes[index]) }
    var text = "\""
    var count = 0
    for scalar in String(decoding: head, as: UTF8.self).unicodeScalars {
        if count == 64 { return text + "…\"" }
        text += scalar.value < 0x20 || scalar.value == 0x7f ? scalar.escaped(asASCII: true) : String(scalar)
        count += 1
    }
    return text + "\""
}
