/// The order that people count in: `web-2` before `web-10`.
package enum NaturalOrder {
    /// Whether `a` comes before `b`: runs of digits compare as numbers, all else as bytes; equal numbers by length.
    package static func precedes(_ a: String, _ b: String) -> Bool {
        var left = Array(a.utf8)[...]
        var right = Array(b.utf8)[...]
        while let x = left.first, let y = right.first {
            if isDigit(x), isDigit(y) {
                let (m, n) = (number(&left), number(&right))
                if m.count != n.count { return m.count < n.count }
                if let order = order(m, n) { return order }
            } else {
                if x != y { return x < y }
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        return left.isEmpty ? !right.isEmpty || a < b : false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Takes the leading digits and returns them without leading zeros.
    private static func number(_ text: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = text.prefix(while: isDigit)
        text = text.dropFirst(digits.count)
        return digits.drop { $0 == 0x30 }
    }

    private static func order(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool? {
        for (x, y) in zip(a, b) where x != y { return x < y }
        return nil
    }
}
