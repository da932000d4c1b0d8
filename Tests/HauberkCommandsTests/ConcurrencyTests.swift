import Addresses
import Glibc
import MeshFiles
import MeshModel
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// Several commands on one mesh at once, each a process of its own.
@Suite(.serialized) struct ConcurrencyTests {
    private static let program = BuiltProgram("hauberk")

    /// A new mesh without peers, in a folder that is gone afterwards.
    private func withMesh(
        _ work: (_ folder: String, _ place: (mesh: String, identity: String)) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let place = (mesh: "\(folder)/mesh", identity: "\(folder)/identity")
            try run(["init", place.mesh, "--prefix", "10.90.0.0/16", "--identity", place.identity])
            try run(["ledger", "reconcile", "--mesh", place.mesh, "--identity", place.identity])
            try work(folder, place)
        }
    }

    /// A list of peers whose names start so.
    private func list(_ prefix: String, _ network: String, count: Int, in folder: String) throws -> String {
        let lines = (0..<count).map { "\(prefix)-\($0),\(network).\($0 / 250).\($0 % 250 + 1)" }
        try save("name,public\n" + lines.joined(separator: "\n") + "\n", to: "\(folder)/\(prefix).csv")
        return "\(folder)/\(prefix).csv"
    }

    /// The number of peers of a mesh that is whole, with no two of one address.
    private func peers(_ place: (mesh: String, identity: String)) throws -> Int {
        let state = try MeshState(ofWhole: place.mesh, identity: place.identity, known: [])
        let peers = try #require(try LoadedMesh.read(place.mesh).lock).peers
        let addresses = peers.values.flatMap(\.addresses)
        #expect(Set(addresses).count == addresses.count)
        #expect(addresses.count == peers.count * 2)
        #expect(Set(peers.values.map(\.publicKey)).count == peers.count)
        #expect(state.keys.count == peers.count)
        return peers.count
    }

    @Test func `two lists of 500 peers at once make a mesh of 1,000`() throws {
        try withMesh { folder, place in
            let rest = ["--mesh", place.mesh, "--identity", place.identity, "--wait", "120"]
            let lists = [
                try list("web", "198.18", count: 500, in: folder), try list("db", "198.19", count: 500, in: folder),
            ]
            let running = try lists.enumerated().map {
                try Self.program.start(["add", "--from", $1] + rest, in: folder, as: "add-\($0)")
            }
            for end in try running.map({ try $0.wait() }) {
                #expect(end.status == 0, "\(end.errors)")
                #expect(end.output == "added 500 peers\n")
            }
            #expect(try peers(place) == 1000)
            #expect(tree(place.mesh) == CrashScene.names)
        }
    }

    @Test func `eight single additions at once all land`() throws {
        try withMesh { folder, place in
            let rest = ["--mesh", place.mesh, "--identity", place.identity, "--wait", "60"]
            let running = try (1...8).map { index in
                try Self.program.start(
                    ["add", "peer-\(index)", "--public", "203.0.113.\(index)"] + rest, in: folder, as: "add-\(index)")
            }
            for end in try running.map({ try $0.wait() }) { #expect(end.status == 0, "\(end.errors)") }
            #expect(try peers(place) == 8)
            #expect(tree(place.mesh) == CrashScene.names)
        }
    }

    @Test func `a reader never sees a mesh that is half written`() throws {
        try withMesh { folder, place in
            try run(["add", "first", "--public", "203.0.113.1", "--mesh", place.mesh, "--identity", place.identity])
            let seed = UInt64.random(in: .min ... .max)
            print("seed \(seed)")
            let writes = 200
            let writer = Writer(place: place, writes: writes, seed: seed)
            let thread = try Thread(writer)
            var (reads, programs) = (0, 0)
            while !writer.isDone {
                let state = try MeshState(ofWhole: place.mesh, identity: place.identity, known: [])
                #expect(state.keys.contains("first 1"))
                reads += 1
                guard reads % 8 == 0 else { continue }
                let verb = reads % 16 == 0 ? ["check"] : ["list", "--json"]
                let end = try Self.program.run(verb + ["--mesh", place.mesh], in: folder)
                #expect(end.status == 0, "\(end.output)\(end.errors)")
                programs += 1
            }
            thread.join()
            #expect(writer.failure == nil)
            print("\(reads) reads and \(programs) runs of list and check during \(writes) writes")
            #expect(reads > 20 && programs > 2)
            #expect(tree(place.mesh) == CrashScene.names)
        }
    }

    @Test func `who does not wait for the lock is told who holds it`() throws {
        try withMesh { folder, place in
            let before = try #require(bytes("\(place.mesh)/mesh.lock"))
            try MeshDirectory.at(place.mesh).withLock(waiting: 0, command: "hauberk rotate") { _ in
                let end = try Self.program.run(
                    ["add", "late", "--mesh", place.mesh, "--identity", place.identity, "--wait", "0"], in: folder)
                #expect(end.status == 75)
                #expect(end.output.isEmpty)
                #expect(
                    end.errors.contains("error: the mesh is being changed by process \"\(getpid())\""), "\(end.errors)")
                #expect(end.errors.contains("\"hauberk rotate\" [mesh-locked]"), "\(end.errors)")
                #expect(end.errors.contains("hint: "))
                let read = try Self.program.run(["check", "--mesh", place.mesh], in: folder)
                #expect(read.status == 0, "a reader needs no lock: \(read.errors)")
            }
            #expect(bytes("\(place.mesh)/mesh.lock") == before)
        }
    }

    @Test func `who waits gets the lock when it is free`() throws {
        try withMesh { folder, place in
            let rest = ["--mesh", place.mesh, "--identity", place.identity, "--wait", "60"]
            let late = try MeshDirectory.at(place.mesh).withLock(waiting: 0, command: "hauberk rotate") { _ in
                let running = try Self.program.start(["add", "late"] + rest, in: folder)
                let waits = waits(running, for: "\(place.mesh)/.hauberk.lock")
                #expect(waits && !running.hasEnded)
                return running
            }
            let end = try late.wait()
            #expect(end.status == 0, "\(end.errors)")
            #expect(try peers(place) == 1)
        }
    }

    /// Whether the process opens the file within half a minute.
    private func waits(_ running: RunningProgram, for path: String) -> Bool {
        let deadline = SystemClock.system.monotonic() + 30_000_000_000
        let folder = "/proc/\(running.process)/fd"
        while SystemClock.system.monotonic() < deadline, !running.hasEnded {
            for descriptor in 3..<64 where link("\(folder)/\(descriptor)") == path { return true }
            sched_yield()
        }
        return false
    }

    /// Where a symbolic link points; empty if there is none.
    private func link(_ path: String) -> String {
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &target, target.count)
        return String(decoding: target.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
