import Delivery
import Diagnostics
import TestSupport
import Testing

/// Archives that are read: those of the program's own, and what may come instead of one.
@Suite struct TarArchiveTests {
    private static let files = [
        HostFile(path: "etc/hauberk/wg0/firewall", mode: 0o755, bytes: Array("#!/bin/sh\n".utf8)),
        HostFile(path: "etc/wireguard/wg0.conf", mode: 0o600, bytes: Array(repeating: 0x41, count: 1500)),
        HostFile(path: String(repeating: "a", count: 120) + "/b", mode: 0o640, bytes: []),
    ]

    private func read(_ bytes: [UInt8]) throws(Failure) -> [HostFile] {
        try TarArchive.files(in: bytes, shown: "a.tar")
    }

    private func complaint(_ bytes: [UInt8]) -> String? {
        do {
            _ = try read(bytes)
            return nil
        } catch {
            return error.diagnostics.first?.message
        }
    }

    /// An archive of one file, whose header is changed before its sum is made.
    private func archive(_ path: String = "etc/f", change: (inout [UInt8]) -> Void) throws -> [UInt8] {
        let file = HostFile(path: path, mode: 0o600, bytes: Array("text".utf8))
        var bytes = try #require(TarArchive([file])).bytes
        change(&bytes)
        let sum = (0..<512).reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(bytes[$1])) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.utf8.count) + digits + "\u{0} "
        bytes.replaceSubrange(148..<156, with: text.utf8)
        return bytes
    }

    @Test func `what was written is read, by path`() throws {
        let bytes = try #require(TarArchive(Self.files)).bytes
        let found = try read(bytes).filter { $0.path != TarArchive.end }
        let wanted = Self.files.sorted { $0.path < $1.path }
        #expect(found.map(\.path) == wanted.map(\.path))
        #expect(found.map(\.mode) == wanted.map(\.mode))
        #expect(found.map(\.bytes) == wanted.map(\.bytes))
    }

    @Test func `an archive that was cut off anywhere is refused`() throws {
        let bytes = try #require(TarArchive(Self.files)).bytes
        for count in stride(from: 0, to: bytes.count - 1024, by: 37) {
            #expect(complaint(Array(bytes[..<count])) != nil, "\(count) of \(bytes.count) bytes")
        }
        #expect(complaint(Array(bytes[..<(bytes.count - 512)])) == nil)
    }

    @Test(arguments: [
        ("../up", "leads out of it"), ("etc/../../up", "leads out of it"), ("/etc/f", "leads out of it"),
        (".", "leads out of it"), ("./etc//./f", nil),
    ])
    func `a path stays in it`(path: String, why: String?) throws {
        let said = complaint(try archive(path) { _ in })
        if let why { #expect(said?.contains(why) == true, "\(said ?? "nothing")") } else { #expect(said == nil) }
        if why == nil { #expect(try read(try archive(path) { _ in }).map(\.path).contains("etc/f")) }
    }

    @Test(arguments: Array("12346LKSV".utf8))
    func `links, devices and what is not known are refused`(kind: UInt8) throws {
        #expect(complaint(try archive { $0[156] = kind })?.contains("neither a file nor a folder") == true)
    }

    @Test func `numbers that are none, wrong sums and other files are refused`() throws {
        for offset in [100, 124] {
            #expect(complaint(try archive { $0[offset] = 0x80 })?.contains("no tar archive") == true)
        }
        #expect(complaint(try archive { $0.replaceSubrange(124..<135, with: "77777777777".utf8) }) != nil)
        var bytes = try archive { _ in }
        bytes[0] ^= 1
        #expect(complaint(bytes)?.contains("no tar archive at byte 0") == true)
        #expect(complaint([0x1f, 0x8b, 8])?.contains("compressed") == true)
        #expect(complaint(Array(repeating: 0x41, count: 4096))?.contains("no tar archive") == true)
        let twice = try #require(TarArchive([Self.files[0], Self.files[0]])).bytes
        #expect(complaint(twice)?.contains("twice") == true)
    }

    @Test func `whatever stands in it, nothing leads out of it`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let whole = try #require(TarArchive(Self.files)).bytes
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // With right sums, so that more than those is looked at.
            for place in stride(from: 0, to: bytes.count, by: 512) where bytes[place + 257] == 0x75 {
                let sum = (0..<512).reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(bytes[place + $1])) }
                bytes.replaceSubrange(
                    (place + 148)..<(place + 154), with: String(sum + 0o1000000, radix: 8).utf8.dropFirst())
            }
            let found = (try? read(bytes)) ?? []
            #expect(
                found.allSatisfy { !$0.path.hasPrefix("/") && !$0.path.split(separator: "/").contains("..") },
                "seed \(seed)")
        }
    }
}
