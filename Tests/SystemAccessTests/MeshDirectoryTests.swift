import Diagnostics
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import SystemAccess

/// A clock that only moves when somebody waits, and does something then.
func virtualClock(onPause: @escaping @Sendable (Int64) -> Void = { _ in }) -> SystemClock {
    let now = Mutex<Int64>(0)
    return SystemClock(
        wall: { now.withLock { $0 / 1_000_000_000 } }, monotonic: { now.withLock { $0 } },
        pause: { time in
            let moment = now.withLock { now in
                now += time
                return now
            }
            onPause(moment)
        })
}

@Suite struct MeshDirectoryTests {
    @Test func `a second writer waits so long and then names the first`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let waited = Mutex<Int64>(0)
            try directory(folder).withLock(waiting: 0, command: "hauberk add web-1") { _ in
                let second = MeshDirectory(
                    folder, clock: virtualClock { moment in waited.withLock { $0 = moment } }, digest: testDigest)
                let failure = #expect(throws: Failure.self) {
                    try second.withLock(waiting: 3, command: "second") { _ in }
                }
                #expect(failure?.status == .locked)
                #expect(failure?.diagnostics.first?.id == .meshLocked)
                let message = failure?.diagnostics.first?.message ?? ""
                #expect(message.contains("process \"\(getpid())\"") && message.contains("\"hauberk add web-1\""))
                // Readers do not wait.
                let seen = MeshTexts(try second.read())
                #expect(seen == .old)
            }
            #expect(waited.withLock { $0 } == 3_000_000_000)
            try directory(folder).withLock(waiting: 0, command: "third") { _ in }
        }
    }

    @Test func `a second writer goes on when the first is done`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let files = RealFileSystem()
            let holder = try files.open(Place("\(folder)/.hauberk.lock", in: .current), .sharing(mode: 0o600))
            #expect(try files.lock(holder))
            let second = MeshDirectory(
                folder, clock: virtualClock { if $0 == 60_000_000 { RealFileSystem().unlock(holder) } },
                digest: testDigest)
            let texts = try second.withLock(waiting: 10, command: "second") { MeshTexts($0.snapshot) }
            #expect(texts == .old)
        }
    }

    @Test func `the lock counts for other processes, and ends with the work`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let arguments = ["-n", "\(folder)/.hauberk.lock", "true"]
            try directory(folder).withLock(waiting: 0, command: "test") { _ in
                #expect(Contender.result(of: arguments) == 1)
            }
            #expect(Contender.result(of: arguments) == 0)
        }
    }

    @Test func `a lock file that is removed while waiting is not taken for the lock`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let files = RealFileSystem()
            let path = "\(folder)/.hauberk.lock"
            let holder = try files.open(Place(path, in: .current), .sharing(mode: 0o600))
            #expect(try files.lock(holder))
            let clock = virtualClock { _ in
                unlink(path)
                RealFileSystem().unlock(holder)
            }
            try MeshDirectory(folder, clock: clock, digest: testDigest).withLock(waiting: 1, command: "x") { _ in
                let third = #expect(throws: Failure.self) {
                    try directory(folder).withLock(waiting: 0, command: "y") { _ in }
                }
                #expect(third?.status == .locked)
            }
        }
    }

    @Test func `a reader meets every stage of a commit and sees one mesh`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let files = ObservedFileSystem {
                let seen = (try? directory(folder).read()).map { MeshTexts($0) }
                #expect(seen == .old || seen == .new)
            }
            try directory(folder, files).commit(.new)
            #expect(files.count > 15)
        }
    }

    @Test func `commits that pass while a reader reads never mix`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let count = try steps(folder) {}
            #expect(count > 5)
            for step in 0..<count {
                try directory(folder).commit(.old)
                let done = Mutex(0)
                let files = ObservedFileSystem {
                    let now = done.withLock { done in
                        done += 1
                        return done - 1
                    }
                    if now == step { try? directory(folder).commit(.new) }
                }
                let seen = MeshTexts(try directory(folder, files).read())
                #expect(seen == .old || seen == .new, "step \(step)")
            }
        }
    }

    private func steps(_ folder: String, _ work: @escaping @Sendable () -> Void) throws -> Int {
        let files = ObservedFileSystem(work)
        _ = try directory(folder, files).read()
        return files.count
    }

    @Test func `absent files are nil, an absent folder is told`() throws {
        try withTemporaryFolder { folder in
            let seen = MeshTexts(try directory(folder).read())
            #expect(seen == MeshTexts(yaml: nil, lock: nil, keys: nil))
            let failure = #expect(throws: Failure.self) { try directory("\(folder)/none").read() }
            #expect(failure?.status == .fileMissing)
        }
    }

    @Test(arguments: MeshFile.allCases)
    func `links, pipes, folders and huge files are refused`(_ file: MeshFile) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/\(file.rawValue)"
            symlink("/etc/hostname", path)
            expectFailure(.symlinkInTheWay) { _ = try directory(folder).read() }
            unlink(path)
            mkfifo(path, 0o600)
            expectFailure(.irregularFile) { _ = try directory(folder).read() }
            unlink(path)
            mkdir(path, 0o700)
            expectFailure(.irregularFile) { _ = try directory(folder).read() }
            rmdir(path)
            try save("", to: path)
            truncate(path, 64 << 20 + 1)
            expectFailure(.oversizedFile) { _ = try directory(folder).read() }
        }
    }

    @Test func `a keyring that others may read is warned about`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            #expect(try directory(folder).read().warnings(in: "m") == [])
            chmod("\(folder)/mesh.keys", 0o644)
            #expect(try directory(folder).read().warnings(in: "m").map(\.id) == [.readableKeyring])
            try directory(folder).commit(.new)
            #expect(try directory(folder).read().warnings(in: "m") == [])
        }
    }

    @Test func `modes survive a commit, and a new keyring is private`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            chmod("\(folder)/mesh.yaml", 0o664)
            unlink("\(folder)/mesh.keys")
            try directory(folder).commit(.new)
            let files = RealFileSystem()
            #expect(try files.status(of: Place("\(folder)/mesh.yaml", in: .current))?.mode == 0o664)
            #expect(try files.status(of: Place("\(folder)/mesh.keys", in: .current))?.mode == 0o600)
        }
    }

    @Test func `the mesh is found by flag, variable, current folder or being the only one`() throws {
        func path(_ flag: String?, _ variable: String?, _ isHere: Bool, _ below: [String]) throws -> String {
            try MeshLocation(flag: flag, variable: variable, currentFolderIsMesh: isHere, meshesBelow: below).path()
        }
        #expect(try path("a", "b", true, ["Mesh/c"]) == "a")
        #expect(try path(nil, "b", true, ["Mesh/c"]) == "b")
        #expect(try path(nil, "", true, ["Mesh/c"]) == ".")
        #expect(try path(nil, nil, false, ["Mesh/c"]) == "Mesh/c")
        expectFailure(.noMesh) { _ = try path(nil, nil, false, []) }
        expectFailure(.noMesh) { _ = try path("", nil, true, []) }
        let several = expectFailure(.severalMeshes) { _ = try path(nil, nil, false, ["Mesh/c", "Mesh/d"]) }
        #expect(several?.diagnostics.first?.message == "there are 2 meshes: \"Mesh/c\", \"Mesh/d\"")
        #expect(several?.status == .usage)
    }
}

@discardableResult
func expectFailure(_ id: DiagnosticID, _ work: () throws -> Void) -> Failure? {
    let failure = #expect(throws: Failure.self) { try work() }
    #expect(failure?.diagnostics.first?.id == id)
    return failure
}

/// `flock` as another process, started by posix_spawn.
enum Contender {
    static func result(of arguments: [String]) -> Int32 {
        var child: pid_t = 0
        var vector: [UnsafeMutablePointer<CChar>?] = (["flock"] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in vector { free(pointer) } }
        guard posix_spawnp(&child, "flock", nil, nil, &vector, environ) == 0 else { return -1 }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return (status >> 8) & 0xff
    }
}
