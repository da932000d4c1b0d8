import Addresses
import Diagnostics
import Glibc
import Testing

@testable import MeshFiles

private let keyA = "CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
private let keyB = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
private let head = "hauberk-lock 1\nmesh wp 5f3a9c0e1b7d4a6688e2c1f0a9b3d7e4\npreshared 1\n"

private func parse(_ text: String) throws -> LockFile { try LockFile(parsing: Array(text.utf8), file: "mesh.lock") }

/// A key that differs for each number.
private func key(_ number: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return String((0..<42).map { $0 < 6 ? alphabet[number >> ($0 * 6) & 63] : "B" }) + "E="
}

@Suite struct LockFileTests {
    @Test(arguments: [
        ("", "lock-not-ours 1:1"),
        ("hauberk-keyring 1\n", "lock-not-ours 1:1"),
        ("hauberk-lock x\n", "lock-not-ours 1:1"),
        ("hauberk-lock 5\nwhat ever\n", "lock-newer 1:14"),
        (head + "link a b\n", "lock-unknown-line 4:1"),
        (head + "\n", "lock-unknown-line 4:1"),
        (head + "# x\n", "lock-unknown-line 4:1"),
        (head + "peer a key=\(keyA)\n", "lock-malformed-line 4:56"),
        (head + "peer a epoch=1\n", "lock-malformed-line 4:8"),
        (head + "peer a key=\(keyA) epoch=1 x\n", "lock-malformed-line 4:65"),
        (head + "peer a key=\(keyA) epoch=1 \n", "lock-malformed-line 4:65"),
        (head + "peer  a key=\(keyA) epoch=1\n", "lock-invalid-field 4:6"),
        (head + "peer ../a key=\(keyA) epoch=1\n", "lock-invalid-field 4:6"),
        (head + "peer a 10.0.0.300 key=\(keyA) epoch=1\n", "lock-invalid-field 4:8"),
        (head + "peer a fd00::1 10.0.0.1 key=\(keyA) epoch=1\n", "lock-invalid-field 4:16"),
        (head + "peer a key=abc epoch=1\n", "lock-invalid-field 4:12"),
        (head + "peer a key=\(keyA.dropLast(2))B= epoch=1\n", "lock-invalid-field 4:12"),
        (head + "peer a key=\(keyA) epoch=0\n", "lock-invalid-field 4:63"),
        (head + "peer a key=\(keyA) epoch=4294967296\n", "lock-invalid-field 4:63"),
        (head + "peer a key=\(keyA) epoch=1 held=me\n", "lock-invalid-field 4:70"),
        (head + "group a 10.0.0.1/24\n", "lock-invalid-field 4:9"),
        (head + "gone a key=\(keyA) epoch=1\n", "lock-malformed-line 4:64"),
        (head + "gone a key=\(keyA) epoch=1 removed=2026-02-30T00:00:00Z\n", "lock-invalid-field 4:73"),
        (
            head + "peer a key=\(keyA) epoch=1\npeer a key=\(keyB) epoch=1\ngroup a\ngroup a\n",
            "lock-duplicate-name 5:6,lock-duplicate-name 7:7"
        ),
        (
            head + "peer a 10.0.0.1 key=\(keyA) epoch=1\npeer b 10.0.0.1 key=\(keyA) epoch=1\n",
            "lock-duplicate-address 5:6,lock-duplicate-key 5:6"
        ),
        ("hauberk-lock 1\nmesh wp 12\n", "lock-invalid-field 2:9"),
        ("hauberk-lock 1\npreshared 1\n", "lock-order 1:1"),
        (head + "preshared 2\n", "lock-order 4:1"),
        (head + "peer a key=AAAA", "lock-truncated 4:12"),
        (head + "pee", "lock-truncated 4:1"),
        (head + "peer a\0b\n", "control-character 4:7"),
        ("hauberk-lock 1\r\n", "control-character 1:15"),
        (head + "<<<<<<< a\n=======\n>>>>>>> b\n", "merge-conflict 4:1,merge-conflict 5:1,merge-conflict 6:1"),
    ])
    func `each mistake has its place and id`(text: String, expected: String) {
        #expect(findings { _ = try parse(text) }.joined(separator: ",") == expected)
    }

    @Test func `what is printed is sorted and reads back as itself`() throws {
        let text =
            head + "group app 10.88.1.0/24 fd5a:3c71:9e00:1::/64\ngroup www\n"
            + "peer laptop 10.88.0.9 key=\(keyA) epoch=3 held=peer\n"
            + "peer mysql-1 10.88.2.1 fd5a:3c71:9e00:2::1 key=\(keyB) epoch=1\n"
            + "gone web-3 10.88.1.7 key=\(keyA) epoch=1 removed=2026-11-20T05:00:00Z\n"
            + "gone web-3 10.88.1.7 key=\(keyA) epoch=2 removed=2026-11-21T05:00:00Z\n"
        let lock = try parse(text)
        #expect(String(decoding: lock.text, as: UTF8.self) == text)
        #expect(
            lock.peers["laptop"]?.holder == .peer && lock.peers["mysql-1"]?.v6?.description == "fd5a:3c71:9e00:2::1")
        var lines = text.split(separator: "\n").map(String.init)
        lines[3...].reverse()
        let shuffled = try parse(lines.joined(separator: "\n"))
        #expect(shuffled.text == lock.text)
    }

    @Test func `random lock files read back as themselves`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<50 {
            let lock = randomLock(&random)
            #expect(try LockFile(parsing: lock.text, file: "l").text == lock.text, "seed \(seed)")
            #expect(try LockFile(parsing: lock.text, file: "l").peers == lock.peers, "seed \(seed)")
        }
    }

    private func randomLock(_ random: inout SeededRandom) -> LockFile {
        var lock = LockFile(name: "m", meshID: (0..<16).map { _ in .random(in: 0...255, using: &random) })
        lock.presharedEpoch = .random(in: 1...4_000_000_000, using: &random)
        for number in 0..<Int.random(in: 0..<40, using: &random) {
            let v4 = Bool.random(using: &random) ? IPAddress.v4(0x0A00_0000 + UInt32(number)) : nil
            let v6 = Bool.random(using: &random) ? IPAddress.v6(UInt128(0xFD00) << 112 + UInt128(number)) : nil
            let peer = LockedPeer(
                v4: v4, v6: v6, publicKey: key(number), epoch: .random(in: 1...9, using: &random),
                holder: Bool.random(using: &random) ? .peer : .program)
            if let removed = UTCTime(seconds: .random(in: 0...253_402_300_799, using: &random)), number % 3 == 0 {
                lock.gone.append(LockedGone(name: "p\(number % 6)", peer: peer, removed: removed))
            } else {
                lock.peers["p\(number)"] = peer
            }
        }
        return lock
    }

    @Test func `two branches' additions in different places merge by line`() throws {
        var template = Array("/tmp/hauberk-merge-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in ["base", "ours", "theirs", "merged"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        var base = try parse(head)
        for number in 0..<20 {
            base.peers["p\(10 + number * 2)"] = LockedPeer(v4: .v4(UInt32(number)), v6: nil, publicKey: key(number))
        }
        var (ours, theirs) = (base, base)
        ours.peers["p13"] = LockedPeer(v4: .v4(100), v6: nil, publicKey: key(100))
        theirs.peers["p41"] = LockedPeer(v4: .v4(101), v6: nil, publicKey: key(101))
        for (name, lock) in [("base", base), ("ours", ours), ("theirs", theirs)] {
            let file = try #require(fopen("\(folder)/\(name)", "w"))
            fwrite(lock.text, 1, lock.text.count, file)
            fclose(file)
        }
        let status = system("cd \(folder) && git merge-file -p ours base theirs > merged")
        #expect(status == 0)
        let file = try #require(fopen("\(folder)/merged", "r"))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&buffer, 1, buffer.count, file)
        fclose(file)
        let merged = try LockFile(parsing: Array(buffer[..<count]), file: "mesh.lock")
        ours.peers["p41"] = theirs.peers["p41"]
        #expect(merged == ours)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_795_237_200, "2026-11-21T05:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
    ])
    func `times are what date(1) says`(seconds: Int64, text: String) {
        #expect(UTCTime(seconds: seconds)?.description == text)
        #expect(UTCTime(parsing: Array(text.utf8))?.seconds == seconds)
    }

    @Test(arguments: [
        "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T05:60:00Z",
        "2026-11-21 05:00:00Z", "2026-11-21T05:00:00", "1969-12-31T23:59:59Z", "2026-00-10T00:00:00Z", "",
    ])
    func `what is no time is refused`(text: String) { #expect(UTCTime(parsing: Array(text.utf8)) == nil) }
}
