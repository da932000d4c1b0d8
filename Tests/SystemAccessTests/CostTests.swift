import Glibc
import TestSupport
import Testing

@testable import SystemAccess

/// What the output tree costs beside the bare system calls; asked for with HAUBERK_MEASURE=1 and a release build.
@Suite(.enabled(if: getenv("HAUBERK_MEASURE") != nil, "on demand: HAUBERK_MEASURE=1"), .serialized)
struct CostTests {
    static let count = 1000
    let blob = [UInt8](repeating: 0x61, count: 170_000)

    @Test func `a thousand files of 170 kB`() throws {
        for round in 0..<5 {
            let plain = try withTemporaryFolder { folder in try measured { try writePlainly(folder) } }
            try withTemporaryFolder { folder in
                let first = try measured { try render(folder, inputs: 1) }
                age(folder)
                let same = try measured { try render(folder, inputs: 1) }
                let changed = try measured { try render(folder, inputs: 2) }
                print(
                    "round \(round), CPU ms (wall ms): plain \(plain), new \(first), unchanged \(same), changed \(changed)"
                )
            }
        }
    }

    private func writePlainly(_ folder: String) throws {
        for index in 0..<Self.count {
            for part in ["", "/etc", "/etc/wireguard"] { mkdir("\(folder)/peer-\(index)\(part)", 0o700) }
            let descriptor = open("\(folder)/peer-\(index)/etc/wireguard/wg0.conf", O_WRONLY | O_CREAT | O_EXCL, 0o600)
            try #require(write(descriptor, blob, blob.count) == blob.count)
            close(descriptor)
        }
    }

    private func render(_ folder: String, inputs: UInt8) throws {
        let entries = (0..<Self.count).map {
            OutputEntry(path: "peer-\($0)/etc/wireguard/wg0.conf", mode: 0o600, inputs: InputDigest([inputs]))
        }
        try blob.withUnsafeBytes { bytes in
            let pieces = [
                UnsafeRawBufferPointer(rebasing: bytes[..<1000]),
                UnsafeRawBufferPointer(rebasing: bytes[1000..<90_000]),
                UnsafeRawBufferPointer(rebasing: bytes[90_000...]),
            ]
            try OutputTree(root: folder, mesh: "demo").write(entries, .unsynced) { _, writer in try writer.write(pieces)
            }
        }
    }

    private func measured(_ work: () throws -> Void) throws -> String {
        func now(_ clock: clockid_t) -> Int {
            var time = timespec()
            clock_gettime(clock, &time)
            return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
        }
        let (cpu, wall) = (now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC))
        try work()
        return "\(Double((now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 10) / 100) (\((now(CLOCK_MONOTONIC) - wall) / 1000))"
    }
}
