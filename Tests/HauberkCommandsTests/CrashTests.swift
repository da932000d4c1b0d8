import Diagnostics
import Glibc
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// Every command that changes a mesh, with a fault at every single call that changes a file.
@Suite struct CrashTests {
    /// A command; LIST stands for a file of peers, KEY for a new operator's key.
    struct Change: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        var testDescription: String { arguments.map { String($0.prefix(20)) }.joined(separator: " ") }
        init(_ arguments: String...) { self.arguments = arguments }
    }

    static let heldKey = "gI6EdUSYvn8ugXOt8QQD6Yc+JyiZxIhp3GInSWRfWGE="

    static let changes = [
        Change("add", "new", "--public", "203.0.113.9"),
        Change("add", "new", "--public-key", heldKey, "--public", "203.0.113.9"),
        Change("add", "--from", "LIST"),
        Change("remove", "peer-2"),
        Change("rename", "peer-1", "renamed"),
        Change("set", "peer-1", "--public", "203.0.113.8"),
        Change("set", "peer-1", "--address", "auto"),
        Change("set", "peer-1", "--public-key", heldKey),
        Change("operator", "add", "third", "KEY"),
        Change("operator", "remove", "second"),
    ]

    static let faults: [FaultyFileSystem.Fault] =
        [.fail(ENOSPC), .failFromThere(EIO)] + FaultyFileSystem.Loss.allCases.map { .crash($0) }

    /// What comes next, in turn: a change of all three files, and of one alone.
    private static let following = [
        ["add", "next", "--public", "203.0.113.99"], ["set", "peer-4", "--public", "203.0.113.98"],
    ]

    private static let scene = Swift.Result { try CrashScene() }
    private static let thirdKey = Swift.Result {
        try withTemporaryFolder { folder in
            try run(["operator", "key", "--identity", "\(folder)/third"]).filter { $0 != "\n" }
        }
    }

    @Test(arguments: changes, faults)
    func `a fault at any call of a command leaves the old or the new mesh, and the next command no trace`(
        _ change: Change, _ fault: FaultyFileSystem.Fault
    ) throws {
        let scene = try Self.scene.get()
        let (old, new) = try scene.ends { try arguments(change, $0, scene) }
        #expect(old != new)
        var seen: Set<Bool> = []
        var k = 1
        while try trial(
            k, change, fault,
            { state, succeeded in
                #expect(state == old || state == new, "call \(k)")
                if succeeded { #expect(state == new, "call \(k)") }
                seen.insert(state == new)
            })
        { k += 1 }
        #expect(k > 8)
        #expect(seen == [true, false])
    }

    /// Runs the command with a fault at its call number k, looks at the mesh, and has other commands go on from there.
    ///
    /// - Returns: whether there was such a call.
    private func trial(
        _ k: Int, _ change: Change, _ fault: FaultyFileSystem.Fault, _ look: (MeshState, Bool) throws -> Void
    ) throws -> Bool {
        let scene = try Self.scene.get()
        return try withTemporaryFolder { folder in
            let place = try scene.lay(in: folder)
            let files = FaultyFileSystem(k, fault, watching: place.mesh)
            let arguments = try arguments(change, folder, scene)
            var succeeded = true
            do { try run(arguments, on: files) } catch is Failure { succeeded = false }
            let state = try scene.state(place)
            try look(state, succeeded)
            try run(
                Self.following[k % Self.following.count]
                    + ["--mesh", place.mesh, "--identity", place.identity, "--wait", "0"])
            _ = try scene.state(place)
            #expect(tree(place.mesh) == CrashScene.names, "call \(k)")
            return files.calls >= k
        }
    }

    private func arguments(_ change: Change, _ folder: String, _ scene: CrashScene) throws -> [String] {
        let list = "\(folder)/list.csv"
        try save("name,public\nlisted-1,203.0.113.21\nlisted-2,203.0.113.22\nlisted-3,203.0.113.23\n", to: list)
        let third = try Self.thirdKey.get()
        return change.arguments.map { $0 == "LIST" ? list : $0 == "KEY" ? third : $0 }
            + ["--mesh", "\(folder)/mesh", "--identity", "\(folder)/identity", "--wait", "0"]
    }
}
