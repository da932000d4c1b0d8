import Glibc
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// The built program killed for good: at every system call that touches a file, and at random moments.
@Suite(.serialized) struct CrashKillTests {
    private static let program = BuiltProgram("hauberk")

    /// The commands, with the state after each known from a run that is left alone.
    static let changes: [[String]] = [
        ["add", "new", "--public", "203.0.113.9"], ["remove", "peer-2"], ["operator", "remove", "second"],
    ]

    /// Everything of the kernel by which a command can change a file, and some by which it only reads.
    static let calls = [
        "openat", "write", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat",
        "ftruncate", "fchmod", "flock",
    ]

    /// Without strace (package strace) this fails: it is the only proof about the program as it is shipped.
    @Test(arguments: changes) func `killed at any system call, the mesh is whole, old or new`(
        _ change: [String]
    ) throws {
        let scene = try CrashScene()
        let (old, new) = try scene.ends { change + ["--mesh", "\($0)/mesh", "--identity", "\($0)/identity"] }
        var kills = 0
        var seen: Set<Bool> = []
        for call in Self.calls {
            var number = 1
            while let state = try killed(change, at: call, number, scene) {
                #expect(state == old || state == new, "\(call) \(number)")
                seen.insert(state == new)
                kills += 1
                number += 1
            }
        }
        print("\(change[0]): killed at \(kills) system calls")
        #expect(kills > 40)
        #expect(seen == [true, false])
    }

    /// Kills the command as it enters its call number `number`.
    ///
    /// - Returns: the mesh as it then is; nil when the command came to its end before.
    private func killed(
        _ change: [String], at call: String, _ number: Int, _ scene: CrashScene
    ) throws -> MeshState? {
        try withTemporaryFolder { folder in
            let place = try scene.lay(in: folder)
            let rest = ["--mesh", place.mesh, "--identity", place.identity]
            let end = try Self.program.run(
                change + rest,
                tracer: [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(number)",
                ], in: folder)
            if let status = end.status {
                try #require(status == 0, "\(call) \(number): \(end.errors)")
                return nil
            }
            let state = try scene.state(place)
            try goOn(from: state, in: place, scene)
            return state
        }
    }

    /// The next command succeeds, and leaves nothing of the dead one.
    private func goOn(from state: MeshState, in place: (mesh: String, identity: String), _ scene: CrashScene) throws {
        try run(["set", "peer-4", "--public", "203.0.113.98", "--mesh", place.mesh, "--identity", place.identity])
        let next = try scene.state(place)
        #expect(next.lock == state.lock && next.keys == state.keys && next.operators == state.operators)
        #expect(next.yaml != state.yaml)
        #expect(tree(place.mesh) == CrashScene.names)
    }

    @Test func `killed at random moments in a loop, the mesh is whole each time`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        try withTemporaryFolder { folder in
            let place = try CrashScene().lay(in: folder)
            let rest = ["--mesh", place.mesh, "--identity", place.identity]
            let whole = try duration(of: ["add", "warm", "--public", "198.51.101.1"] + rest, in: folder)
            var (kills, ends) = (0, 0)
            for round in 0..<120 {
                let peer = "extra-\(round / 2)"
                let command = round % 2 == 0 ? ["add", peer, "--public", "198.51.100.\(round)"] : ["remove", peer]
                let before = try peers(of: place)
                if round % 2 == 1, !before.contains(peer) { continue }
                let after = round % 2 == 0 ? before.union([peer]) : before.subtracting([peer])
                // Spread over a little more than a run takes, so that every phase is hit; some come to their end on a machine
                // that has become slower, too.
                let delay = round % 20 < 2 ? UInt64(whole) * 50 : random.next() % UInt64(whole * 3 / 2)
                let end = try killed(command + rest, after: Int64(delay), in: folder)
                if end.status == nil { kills += 1 } else { ends += 1 }
                let now = try peers(of: place)
                #expect(now == before || now == after, "round \(round), \(delay) ns")
                if end.status == 0 { #expect(now == after, "round \(round)") }
            }
            print("\(kills) killed, \(ends) came to their end")
            #expect(kills > 20 && ends > 2)
            try run(["operator", "remove", "second"] + rest)
            #expect(tree(place.mesh) == CrashScene.names)
        }
    }

    /// The peers of a mesh that is proved to be whole.
    private func peers(of place: (mesh: String, identity: String)) throws -> Set<String> {
        let state = try MeshState(ofWhole: place.mesh, identity: place.identity, known: [])
        return Set(state.keys.compactMap { $0.split(separator: " ").first.map(String.init) })
    }

    /// Nanoseconds from start to end of a command.
    private func duration(of arguments: [String], in folder: String) throws -> Int64 {
        let start = SystemClock.system.monotonic()
        try #require(try Self.program.run(arguments, in: folder).status == 0)
        return SystemClock.system.monotonic() - start
    }

    private func killed(_ arguments: [String], after delay: Int64, in folder: String) throws -> ProgramEnd {
        let start = SystemClock.system.monotonic()
        let running = try Self.program.start(arguments, in: folder)
        while SystemClock.system.monotonic() - start < delay, !running.hasEnded { sched_yield() }
        running.kill()
        return try running.wait()
    }
}
