import Diagnostics
import Glibc
import TestSupport
import Testing

@testable import SystemAccess

/// A tree of small files: path to text; every digest follows from the text.
typealias Plan = [String: String]

@discardableResult
func render(
    _ plan: Plan, to root: String, _ files: any FileSystem = RealFileSystem(), scope: OutputScope = .everything,
    produced: ((String) -> Void)? = nil
) throws -> OutputReport {
    let paths = plan.keys.sorted(by: >)
    let entries = paths.map { path in
        let inputs = InputDigest(testDigest(Array((plan[path] ?? "").utf8)))
        return OutputEntry(path: path, mode: path.hasSuffix(".sh") ? 0o755 : 0o600, inputs: inputs)
    }
    return try OutputTree(root: root, mesh: "demo", fileSystem: files).write(entries, scope: scope) { index, writer in
        produced?(paths[index])
        let bytes = Array((plan[paths[index]] ?? "").utf8)
        try bytes.withUnsafeBytes { whole in
            let half = whole.count / 2
            try writer.write([
                UnsafeRawBufferPointer(rebasing: whole[..<half]), UnsafeRawBufferPointer(rebasing: whole[half...]),
            ])
        }
    }
}

func contents(_ root: String) -> Plan {
    var result: Plan = [:]
    for path in tree(root) where path != ".hauberk-demo" { result[path] = text("\(root)/\(path)") ?? "" }
    return result
}

/// So that no recorded file is as young as the manifest.
func age(_ root: String) {
    shiftTimes(of: "\(root)/.hauberk-demo", seconds: 10)
}

@Suite struct OutputTreeTests {
    static let first: Plan = [
        "a/etc/wireguard/wg0.conf": "a1", "b/etc/wireguard/wg0.conf": "b1", "b/up.sh": "up", "gone/etc/x": "x",
        "file": "a file that becomes a folder", "folder/inner": "in a folder that becomes a file", "same/file": "same",
    ]
    static let second: Plan = [
        "a/etc/wireguard/wg0.conf": "a2, longer", "b/etc/wireguard/wg0.conf": "b2", "b/up.sh": "up",
        "c/new/deep/x": "c",
        "file/inner": "1", "folder": "2", "same/file": "same",
    ]
    static let third: Plan = ["a/etc/wireguard/wg0.conf": "a3", "c/new/deep/x": "c3", "folder": "3", "d": "d"]

    @Test func `a plan becomes a tree, and a second render does nothing`() throws {
        try withTemporaryFolder { folder in
            let root = "\(folder)/out/put"
            let report = try render(Self.first, to: root)
            #expect(report.written == Self.first.keys.sorted())
            #expect(contents(root) == Self.first)
            let status = try RealFileSystem().status(of: Place(root, in: .current))
            #expect(status?.mode == 0o700)
            #expect(try RealFileSystem().status(of: Place("\(root)/a/etc", in: .current))?.mode == 0o755)
            #expect(try RealFileSystem().status(of: Place("\(root)/b/up.sh", in: .current))?.mode == 0o755)
            #expect(try RealFileSystem().status(of: Place("\(root)/file", in: .current))?.mode == 0o600)
            age(root)
            var produced: [String] = []
            let second = try render(Self.first, to: root) { produced.append($0) }
            #expect(second.isQuiet && second.unchanged == Self.first.count && produced.isEmpty)
        }
    }

    @Test func `files as young as the manifest are compared by bytes, and nothing is written`() throws {
        try withTemporaryFolder { folder in
            try render(Self.first, to: folder)
            shiftTimes(of: "\(folder)/.hauberk-demo", seconds: -10)
            let manifest = try RealFileSystem().status(of: Place("\(folder)/.hauberk-demo", in: .current))
            var produced: [String] = []
            let report = try render(Self.first, to: folder) { produced.append($0) }
            #expect(report.isQuiet && produced == Self.first.keys.sorted())
            #expect(try RealFileSystem().status(of: Place("\(folder)/.hauberk-demo", in: .current)) == manifest)
            age(folder)
            produced = []
            try render(Self.first, to: folder) { produced.append($0) }
            #expect(produced.isEmpty)
        }
    }

    @Test func `changed, new and stale files are brought up to date`() throws {
        try withTemporaryFolder { folder in
            try render(Self.first, to: folder)
            age(folder)
            let report = try render(Self.second, to: folder)
            #expect(contents(folder) == Self.second)
            #expect(report.removed == ["file", "folder/inner", "gone/etc/x"])
            #expect(
                report.written == [
                    "a/etc/wireguard/wg0.conf", "b/etc/wireguard/wg0.conf", "c/new/deep/x", "file/inner", "folder",
                ])
            #expect(report.unchanged == 2 && report.repaired == [])
        }
    }

    @Test(arguments: treeFaults)
    func `a fault at any call is mended by the next render, also of another plan`(
        _ fault: FaultyFileSystem.Fault
    ) throws {
        for next in [Self.second, Self.third, Self.first, [:]] {
            var k = 1
            while true {
                let hadFault = try withTemporaryFolder { folder in
                    try render(Self.first, to: folder)
                    try save("mine", to: "\(folder)/b/notes")
                    let files = FaultyFileSystem(k, fault, watching: folder)
                    _ = try? render(Self.second, to: folder, files)
                    try render(next, to: folder)
                    #expect(contents(folder) == next.merging(["b/notes": "mine"]) { $1 }, "call \(k)")
                    age(folder)
                    #expect(try render(next, to: folder).isQuiet, "call \(k)")
                    return files.calls >= k
                }
                if !hadFault { break }
                k += 1
            }
            #expect(k > 40)
        }
    }

    @Test func `a partial render leaves the other peers' files`() throws {
        try withTemporaryFolder { folder in
            try render(Self.first, to: folder)
            let report = try render(["a/other": "1"], to: folder, scope: .folders(["a"]))
            #expect(report.removed == ["a/etc/wireguard/wg0.conf"])
            var expected = Self.first
            expected["a/etc/wireguard/wg0.conf"] = nil
            expected["a/other"] = "1"
            #expect(contents(folder) == expected)
            #expect(try render([:], to: folder).removed == expected.keys.sorted())
            #expect(contents(folder) == [:])
        }
    }

    @Test func `edited, deleted and re-moded files are repaired`() throws {
        try withTemporaryFolder { folder in
            try render(Self.first, to: folder)
            age(folder)
            try save("edited", to: "\(folder)/a/etc/wireguard/wg0.conf")
            unlink("\(folder)/file")
            chmod("\(folder)/same/file", 0o644)
            age(folder)
            let report = try render(Self.first, to: folder)
            #expect(report.repaired == ["a/etc/wireguard/wg0.conf", "file", "same/file"])
            #expect(report.written == [] && report.unchanged == Self.first.count - 3)
            #expect(contents(folder) == Self.first)
            #expect(try RealFileSystem().status(of: Place("\(folder)/same/file", in: .current))?.mode == 0o600)
        }
    }

    @Test func `foreign files are refused, all of them and before anything is written, unless they are equal`() throws {
        try withTemporaryFolder { folder in
            try makeFolder("\(folder)/same")
            try makeFolder("\(folder)/b")
            try save("same", to: "\(folder)/same/file")
            try save("mine", to: "\(folder)/file")
            try save("mine", to: "\(folder)/b/up.sh")
            let failure = #expect(throws: Failure.self) { try render(Self.first, to: folder) }
            #expect(failure?.diagnostics.map(\.id) == [.foreignOutput, .foreignOutput])
            #expect(tree(folder) == ["b/up.sh", "file", "same/file"])
            unlink("\(folder)/file")
            unlink("\(folder)/b/up.sh")
            let report = try render(Self.first, to: folder)
            #expect(!report.written.contains("same/file") && report.repaired == ["same/file"])
            #expect(contents(folder) == Self.first)
        }
    }

    @Test(arguments: ["a", "a/etc", "a/etc/wireguard", "a/etc/wireguard/wg0.conf"])
    func `a symbolic link is never followed`(_ path: String) throws {
        try withTemporaryFolder { folder in
            let (root, elsewhere) = ("\(folder)/out", "\(folder)/elsewhere")
            for recorded in [false, true] {
                try makeFolder(root)
                if recorded { try render(Self.first, to: root) }
                try makeFolder(elsewhere)
                if recorded { rename("\(root)/\(path)", "\(elsewhere)/moved") }
                var parent = root
                for component in path.split(separator: "/").dropLast() {
                    parent += "/\(component)"
                    try makeFolder(parent)
                }
                symlink(recorded ? "\(elsewhere)/moved" : elsewhere, "\(root)/\(path)")
                let before = tree(elsewhere)
                let failure = #expect(throws: Failure.self) { try render(Self.second, to: root) }
                #expect(failure?.diagnostics.map(\.id) == [.symlinkInTheWay])
                #expect(failure?.status == .permission)
                #expect(throws: Failure.self) { try render(Self.first, to: root) }
                #expect(tree(elsewhere) == before)
                unlink("\(root)/\(path)")
            }
        }
    }

    @Test(arguments: [
        "", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "a\u{0}b", "a\nb", "a/\u{1b}[2J", "é",
        ".hauberk-demo", ".hauberk-x/y", String(repeating: "x", count: 256),
    ])
    func `an unsafe path is refused before anything is done`(_ path: String) throws {
        try withTemporaryFolder { folder in
            let failure = #expect(throws: Failure.self) { try render([path: "x"], to: "\(folder)/out") }
            #expect(failure?.diagnostics.first?.id == .unsafeOutputPath)
            #expect(tree(folder) == [])
        }
    }

    @Test func `names that only look odd are allowed`() throws {
        try withTemporaryFolder { folder in
            let plan = ["...": "1", "a/..b": "2", "a/.b": "3", "a b": "4"]
            try render(plan, to: folder)
            #expect(contents(folder) == plan)
        }
    }

    @Test func `a path twice, or inside another, is refused`() throws {
        try withTemporaryFolder { folder in
            let entry = OutputEntry(path: "a", mode: 0o600, inputs: InputDigest([]))
            let inner = OutputEntry(path: "a/b/c", mode: 0o600, inputs: InputDigest([]))
            for plan in [[entry, entry], [inner, entry]] {
                let failure = #expect(throws: Failure.self) {
                    try OutputTree(root: folder, mesh: "demo").write(plan) { _, _ in }
                }
                #expect(failure?.diagnostics.first?.id == .outputClash)
            }
        }
    }

    @Test func `two writers exclude each other`() throws {
        try withTemporaryFolder { folder in
            let files = RealFileSystem()
            let handle = try files.open(Place(folder, in: .current), .folder)
            defer { files.unlock(handle) }
            #expect(try files.lock(handle))
            let failure = #expect(throws: Failure.self) { try render(Self.first, to: folder) }
            #expect(failure?.status == .locked)
        }
    }

    @Test func `a damaged manifest is told, and nothing is touched`() throws {
        try withTemporaryFolder { folder in
            try render(Self.first, to: folder)
            let whole = try #require(text("\(folder)/.hauberk-demo"))
            for damaged in ["", String(whole.dropLast(8)), whole + "x\n", "hauberk-output 2\n"] {
                try save(damaged, to: "\(folder)/.hauberk-demo")
                let failure = #expect(throws: Failure.self) { try render(Self.second, to: folder) }
                #expect(failure?.diagnostics.first?.id == .damagedManifest)
                #expect(contents(folder) == Self.first)
            }
            unlink("\(folder)/.hauberk-demo")
            #expect(try render(Self.first, to: folder).unchanged == Self.first.count)
        }
    }

    @Test func `an error of the producer leaves no temporary file`() throws {
        try withTemporaryFolder { folder in
            struct Refusal: Error {}
            let entry = OutputEntry(path: "a", mode: 0o600, inputs: InputDigest([]))
            #expect(throws: Refusal.self) {
                try OutputTree(root: folder, mesh: "demo").write([entry]) { _, writer in
                    try writer.write([1, 2, 3])
                    throw Refusal()
                }
            }
            #expect(tree(folder) == [".hauberk-demo"])
        }
    }

    @Test func `two meshes share a folder`() throws {
        try withTemporaryFolder { folder in
            for mesh in ["demo", "other"] {
                let entry = OutputEntry(path: "\(mesh)/a", mode: 0o600, inputs: InputDigest([]))
                try OutputTree(root: folder, mesh: mesh).write([entry]) { _, writer in try writer.write([65]) }
            }
            #expect(tree(folder) == [".hauberk-demo", ".hauberk-other", "demo/a", "other/a"])
        }
    }

    @Test func `many gathered pieces arrive whole`() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let entry = OutputEntry(path: "a", mode: 0o600, inputs: InputDigest([1]))
            try OutputTree(root: folder, mesh: "demo").write([entry]) { _, writer in
                try bytes.withUnsafeBytes { whole in
                    try writer.write(
                        (0..<5000).map { UnsafeRawBufferPointer(rebasing: whole[($0 * 20)..<($0 * 20 + 20)]) })
                }
            }
            let found = try RealFileSystem().contents(of: Place("\(folder)/a", in: .current), limit: 1 << 20)
            #expect(found?.bytes == bytes)
        }
    }
}
