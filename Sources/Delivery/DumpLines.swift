import Addresses

/// The lines of `wg show INTERFACE dump`, one after the other, and where their fields are.
struct DumpLines {
    private let bytes: [UInt8]
    private var place = 0
    private(set) var fields: [Range<Int>] = []
    /// The present line, without its end.
    private(set) var line = 0..<0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// False at the end; empty lines are passed over.
    mutating func next() -> Bool {
        while place < bytes.count, bytes[place] == UInt8(ascii: "\n") { place += 1 }
        guard place < bytes.count else { return false }
        fields.removeAll(keepingCapacity: true)
        var start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\n") {
            if bytes[place] == UInt8(ascii: "\t") {
                fields.append(start..<place)
                start = place + 1
            }
            place += 1
        }
        fields.append(start..<place)
        line = fields[0].lowerBound..<place
        return true
    }

    func text(_ field: Int) -> String { String(decoding: bytes[fields[field]], as: UTF8.self) }

    /// Nil for what is no decimal number in range.
    func number<Number: FixedWidthInteger>(_ field: Int) -> Number? {
        var value: Number = 0
        for byte in bytes[fields[field]] {
            guard let digit = Number(exactly: Int(byte) - 0x30), (0...9).contains(digit) else { return nil }
            let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = product.addingReportingOverflow(digit)
            if isLarge || isLarger { return nil }
            value = sum
        }
        return fields[field].isEmpty ? nil : value
    }

    /// What is no prefix, as `(none)`, is left out.
    func prefixes(_ field: Int) -> Set<IPPrefix> {
        let range = fields[field]
        var found = Set<IPPrefix>(minimumCapacity: 2)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
            if end > start, bytes[start] != UInt8(ascii: "("),
                let prefix = try? IPPrefix(parsing: bytes.span.extracting(start..<end))
            {
                found.insert(prefix)
            }
            start = end + 1
        }
        return found
    }
}
