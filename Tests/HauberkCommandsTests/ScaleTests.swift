import Addresses
import MeshFiles
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// 10,000 peers: that it is right; how long it takes is printed, and measured elsewhere.
@Suite struct ScaleTests {
    private static let count = 10_000

    @Test func `ten thousand peers come in one transaction, and list and check work on them`() throws {
        let program = BuiltProgram("hauberk")
        try withTemporaryFolder { folder in
            let place = (mesh: "\(folder)/mesh", identity: "\(folder)/identity")
            let rest = ["--mesh", place.mesh, "--identity", place.identity]
            try run(["init", place.mesh, "--prefix", "10.64.0.0/12", "--identity", place.identity])
            try run(["ledger", "reconcile"] + rest)
            let lines = (0..<Self.count).map { "peer-\($0),198.18.\($0 / 250).\($0 % 250 + 1)" }
            try save("name,public\n" + lines.joined(separator: "\n") + "\n", to: "\(folder)/list.csv")
            let added = try timed("add", program, ["--from", "\(folder)/list.csv"] + rest, in: folder)
            #expect(added == "added \(Self.count) peers\n")
            let listed = try timed("list", program, ["--mesh", place.mesh], in: folder)
            #expect(listed.split(separator: "\n").count == Self.count + 1)
            let checked = try timed("check", program, ["--mesh", place.mesh], in: folder)
            #expect(checked.contains("\(Self.count) peers"))
            try prove(place)
            let one = try timed("add", program, ["one-more", "--public", "203.0.113.1"] + rest, in: folder)
            #expect(one.hasPrefix("added one-more with "))
            let gone = try timed("remove", program, ["peer-5000"] + rest, in: folder)
            #expect(gone == "removed peer-5000\n")
            #expect(tree(place.mesh) == CrashScene.names)
        }
    }

    private func prove(_ place: (mesh: String, identity: String)) throws {
        let state = try MeshState(ofWhole: place.mesh, identity: place.identity, known: [])
        #expect(state.keys.count == Self.count)
        let peers = try #require(try LoadedMesh.read(place.mesh).lock).peers
        #expect(Set(peers.values.compactMap(\.v4)).count == Self.count)
        #expect(Set(peers.values.compactMap(\.v6)).count == Self.count)
        // People count so, and addresses follow.
        #expect(peers["peer-0"]?.v4?.description == "10.64.0.1")
        #expect(peers["peer-9999"]?.v4?.description == "10.64.39.16")
    }

    private func timed(
        _ verb: String, _ program: BuiltProgram, _ arguments: [String], in folder: String
    ) throws -> String {
        let start = SystemClock.system.monotonic()
        let end = try program.run([verb] + arguments, in: folder)
        print("\(verb) on \(Self.count) peers: \((SystemClock.system.monotonic() - start) / 1_000_000) ms")
        try #require(end.status == 0, "\(end.errors)")
        return end.output
    }
}
