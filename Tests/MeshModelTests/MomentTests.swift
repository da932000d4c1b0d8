import MeshFixtures
import MeshModel
import Testing

/// Days and minutes in UTC, as `until:` has them.
@Suite struct MomentTests {
    @Test(
        arguments: [
            ("1970-01-01", 86_400), ("1970-01-01T00:00Z", 0), ("2000-02-29T12:30Z", 951_827_400),
            ("2027-03-01", 1_803_945_600), ("2038-01-19T03:14Z", 2_147_483_640), ("9999-12-31", 253_402_300_800),
        ] as [(String, Int64)])
    func `a moment`(text: String, seconds: Int64) {
        #expect(MomentText.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "2027", "2027-03", "2027-3-1", "2027-00-01", "2027-13-01", "2027-01-00", "2027-01-32", "2027-04-31",
        "2027-02-29",
        "2100-02-29", "1969-12-31", "2027-01-01T", "2027-01-01T24:00Z", "2027-01-01T23:60Z", "2027-01-01T23:59",
        "2027-01-01T23:59:59Z", "2027-01-01t23:59Z", "2027-01-01 23:59Z", "2027/01/01", "２０２７-01-01", "-027-01-01",
        "+027-01-01", "2027-01-0１", "01-01-2027",
    ])
    func `no moment`(text: String) {
        #expect(MomentText.seconds(text) == nil)
    }

    @Test func `every day from 1970 to 2500 has a text of its own, which means its end`() {
        var day: Int64 = 0
        for year in 1970...2500 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for date in 1...length {
                    let text = "\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(date < 10 ? "0" : "")\(date)"
                    let isRight = MomentText.seconds(text) == (day + 1) * 86_400
                    if !isRight { Issue.record("\(text) is not day \(day)") }
                    if MomentText.text(day * 86_400) != "\(text)T00:00:00Z" {
                        Issue.record("day \(day) is not \(text)")
                    }
                    day += 1
                }
            }
        }
        #expect(day == 193_944)
    }

    @Test func `a minute reads as it is written`() {
        var random = SeededRandom(seed: 20_261_121)
        for _ in 0..<5_000 {
            let minute = Int64.random(in: 0..<(253_402_300_800 / 60), using: &random) * 60
            let text = MomentText.text(minute)
            #expect(MomentText.seconds(text.dropLast(4) + "Z") == minute, "seed 20261121: \(text)")
        }
    }
}
