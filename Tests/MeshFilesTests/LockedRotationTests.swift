import Diagnostics
import MeshFiles
import Testing

/// What `mesh.lock` says of a rotation.
@Suite struct LockedRotationTests {
    private static let head = "hauberk-lock 3\nmesh m 000102030405060708090a0b0c0d0e0f\npreshared 1\n"
    private static let keys = [
        "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    ]
    private static let times = "begun=2026-11-21T05:00:00Z deadline=2026-11-28T05:00:00Z"

    @Test(arguments: [
        "rotation second\n", "rotation first prepared \(times)\n", "rotation first switched \(times) preshared\n",
        "rotation first switched \(times) preshared again\n",
        "rotation second retiring \(times) aborting\n", "rotation first switched \(times) preshared aborting\n",
    ])
    func `what is printed is read`(line: String) throws {
        let text = Self.head + line + "peer a 10.0.0.1 key=\(Self.keys[0]) epoch=1 since=2026-11-21T05:00:00Z\n"
        let lock = try LockFile(parsing: Array(text.utf8), file: "mesh.lock")
        #expect(String(decoding: lock.text, as: UTF8.self) == text)
        #expect(try LockFile(parsing: lock.text, file: "mesh.lock") == lock)
    }

    @Test(arguments: [" next=\(keys[1])", " next=\(keys[1]) rotation=absent", " rotation=ready"])
    func `a peer's fields are read`(fields: String) throws {
        let text = Self.head + "rotation first\npeer a 10.0.0.1 key=\(Self.keys[0]) epoch=1\(fields)\n"
        let lock = try LockFile(parsing: Array(text.utf8), file: "mesh.lock")
        #expect(String(decoding: lock.text, as: UTF8.self) == text)
    }

    @Test func `the last epochs of a rotation that was taken back are read, and ask for a newer format`() throws {
        let peer = "peer a 10.0.0.1 key=\(Self.keys[0]) epoch=1"
        let lines = ["preshared 2 spent=3 since=2026-11-21T05:00:00Z", "preshared 2 spent=3", "preshared 2"]
        let endings = [
            " spent=2", " held=peer spent=9", " spent=2 since=2026-11-21T05:00:00Z next=\(Self.keys[1])", "",
        ]
        for line in lines {
            for fields in endings {
                let isNewer = line.contains("spent") || fields.contains("spent")
                let head = Self.head.replacing("lock 3", with: isNewer ? "lock 4" : "lock 3").replacing(
                    "preshared 1", with: line)
                let text = head + "rotation first\n\(peer)\(fields)\n"
                let lock = try LockFile(parsing: Array(text.utf8), file: "mesh.lock")
                #expect(String(decoding: lock.text, as: UTF8.self) == text)
                #expect(lock.nextPresharedEpoch == (line.contains("spent") ? 4 : 3))
                #expect(lock.peers["a"]?.nextEpoch == (fields.contains("=9") ? 10 : fields.isEmpty ? 2 : 3))
            }
        }
    }

    @Test(arguments: [
        ("rotation third\n", "lock-invalid-field 4:10"),
        ("rotation first done\n", "lock-invalid-field 4:16"),
        ("rotation first prepared\n", "lock-malformed-line 4:24"),
        ("rotation first prepared begun=now deadline=x\n", "lock-invalid-field 4:31"),
        ("rotation first prepared \(times) aborting preshared\n", "lock-malformed-line 4:91"),
        ("rotation first prepared \(times) again\n", "lock-malformed-line 4:82"),
        ("rotation first\nrotation first\n", "lock-order 5:1"),
        ("peer a key=\(keys[0]) epoch=1 next=\(keys[0])\n", "lock-duplicate-key 4:6"),
        ("peer a key=\(keys[0]) epoch=1 held=peer next=\(keys[1])\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=1 next=AAAA\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=1 rotation=gone\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=1 spent=1\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=4 spent=3\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=1 spent=x\n", "lock-invalid-field"),
        ("peer a key=\(keys[0]) epoch=1 since=2026-11-21T05:00:00Z spent=2\n", "lock-malformed-line"),
        ("peer a key=\(keys[0]) epoch=1 since=today\n", "lock-invalid-field"),
    ])
    func `a mistake has its place`(lines: String, expected: String) {
        let found = findings { _ = try LockFile(parsing: Array((Self.head + lines).utf8), file: "mesh.lock") }
        #expect(found.count == 1 && found.first?.hasPrefix(expected) ?? false, "\(found)")
    }
}
