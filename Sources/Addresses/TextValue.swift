/// A value with one strict text form: it enters by `init(parsing:)` and leaves by `description`.
///
/// Invariant: parsing the description gives the same value back.
package protocol TextValue: Hashable, Sendable, CustomStringConvertible {
    /// Reads the whole of the UTF-8 bytes; nothing is trimmed, guessed or left over. This form is the fastest.
    init(parsing bytes: Span<UInt8>) throws(AddressError)
}

extension TextValue {
    /// Reads the whole of a text.
    package init(parsing text: some StringProtocol) throws(AddressError) {
        let string = String(text)
        let utf8 = string.utf8
        try self.init(parsing: utf8.span)
    }

    /// Reads the whole of some UTF-8 bytes.
    package init(parsing bytes: some Collection<UInt8>) throws(AddressError) {
        let array = [UInt8](bytes)
        try self.init(parsing: array.span)
    }
}
