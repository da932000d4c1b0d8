/// A TCP or UDP port: 1 to 65535.
package struct Port: TextValue {
    /// 1 to 65535.
    package let number: UInt16

    /// nil for a number outside of 1 to 65535.
    package init?(_ number: Int) {
        guard let exact = UInt16(exactly: number), exact > 0 else { return nil }
        self.number = exact
    }

    /// Reads a decimal number without sign or leading zero.
    package init(parsing bytes: Span<UInt8>) throws(AddressError) {
        do throws(Refusal) {
            try self.init(bytes, in: 0..<bytes.count)
        } catch {
            throw AddressError(error, noun: "port", bytes: bytes)
        }
    }

    init(_ bytes: Span<UInt8>, in range: Range<Int>) throws(Refusal) {
        do throws(DecimalFault) {
            number = UInt16(truncatingIfNeeded: try bytes.decimal(in: range, limit: 65_535))
        } catch {
            switch error {
            case .empty: throw Refusal(.emptyPort)
            case .notANumber: throw Refusal(.portNotANumber)
            case .leadingZero: throw Refusal(.portLeadingZero)
            case .tooLarge: throw Refusal(.portTooLarge)
            }
        }
        if number == 0 { throw Refusal(.portZero) }
    }

    /// The port of the second interface of a mesh whose keys rotate: the next one; nil after the last.
    package var twin: Port? { Port(Int(number) + 1) }

    /// The decimal number.
    package var description: String { String(number) }
}

extension Port: Comparable {
    /// By number.
    package static func < (left: Port, right: Port) -> Bool { left.number < right.number }
}
