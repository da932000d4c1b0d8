/// A moment to the second, in UTC; the text is RFC 3339 with `Z` (`2026-11-21T05:00:00Z`), years 1970 to 9999.
package struct UTCTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z, without leap seconds; never negative.
    package let seconds: Int64

    /// Nil outside the years 1970 to 9999.
    package init?(seconds: Int64) {
        guard (0...253_402_300_799).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// Nil unless the text is exactly `YYYY-MM-DDThh:mm:ssZ` and names a real moment.
    package init?(parsing text: some Collection<UInt8>) {
        let bytes = Array(text)
        let shape = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
        guard bytes.count == shape.count else { return nil }
        for (byte, mark) in zip(bytes, shape) {
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            guard mark == UInt8(ascii: "d") ? isDigit : byte == mark else { return nil }
        }
        let number: (Range<Int>) -> Int64 = { bytes[$0].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard year >= 1970, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60 else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.date(days: days) == (year, month, day) else { return nil }
        seconds = days * 86400 + hour * 3600 + minute * 60 + second
    }

    package var description: String {
        let (year, month, day) = Self.date(days: seconds / 86400)
        let time = seconds % 86400
        let two: (Int64) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(year)-\(two(month))-\(two(day))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
    }

    package static func < (left: UTCTime, right: UTCTime) -> Bool { left.seconds < right.seconds }

    /// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, days_from_civil).
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date of a day since 1970-01-01 (Howard Hinnant, civil_from_days).
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
