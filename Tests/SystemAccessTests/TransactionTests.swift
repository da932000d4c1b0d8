import Diagnostics
import Glibc
import TestSupport
import Testing

@testable import SystemAccess

/// The contents of a mesh's four files.
struct MeshTexts: Equatable {
    var yaml: String?
    var lock: String?
    var keys: String?
    var ledger: String?

    static let old = MeshTexts(yaml: "old: yaml\n", lock: "old lock\n", keys: "old keys\n", ledger: "old ledger\n")
    static let new = MeshTexts(
        yaml: "new: yaml\n", lock: "new lock, longer\n", keys: "new keys\n", ledger: "new ledger\n")

    init(yaml: String?, lock: String?, keys: String?, ledger: String? = nil) {
        (self.yaml, self.lock, self.keys, self.ledger) = (yaml, lock, keys, ledger)
    }

    init(_ snapshot: MeshSnapshot) {
        func string(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
        self.init(
            yaml: string(snapshot.yaml), lock: string(snapshot.lock), keys: string(snapshot.keys),
            ledger: string(snapshot.ledger))
    }

    /// The old mesh with these files changed.
    static func changing(_ files: [MeshFile]) -> MeshTexts {
        var result = old
        if files.contains(.yaml) { result.yaml = new.yaml }
        if files.contains(.lock) { result.lock = new.lock }
        if files.contains(.keys) { result.keys = new.keys }
        if files.contains(.ledger) { result.ledger = new.ledger }
        return result
    }

    func write(into path: String) throws {
        try makeFolder(path)
        for (name, text) in [("yaml", yaml), ("lock", lock), ("keys", keys), ("ledger", ledger)] {
            if let text { try save(text, to: "\(path)/mesh.\(name)") }
        }
        chmod("\(path)/mesh.keys", 0o600)
    }
}

func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemError("create", path, errno) }
}

func directory(_ path: String, _ files: any FileSystem = RealFileSystem()) -> MeshDirectory {
    MeshDirectory(path, fileSystem: files, digest: testDigest)
}

extension MeshDirectory {
    /// There is not even a folder.
    var isMissing: Bool {
        get throws { try RealFileSystem().status(of: Place(path, in: .current)) == nil }
    }

    func commit(_ texts: MeshTexts) throws {
        try withLock(waiting: 0, command: "test") { transaction in
            try transaction.commit(
                yaml: texts.yaml.map { Array($0.utf8) }, lock: texts.lock.map { Array($0.utf8) },
                keys: texts.keys.map { Array($0.utf8) }, ledger: texts.ledger.map { Array($0.utf8) })
        }
    }
}

/// What a mesh folder holds after a writer has been there.
let settledNames = [".hauberk.lock", "mesh.keys", "mesh.ledger", "mesh.lock", "mesh.yaml"]

let refusals: [FaultyFileSystem.Fault] = [ENOSPC, EIO, EROFS, EACCES].flatMap { [.fail($0), .failFromThere($0)] }
let faults = refusals + FaultyFileSystem.Loss.allCases.map { .crash($0) }
/// For folders with folders in them, whose names the faulty file system cannot take back.
let treeFaults = refusals + [.crash(.nothing), .crash(.contents)]

@Suite struct TransactionTests {
    static let changes: [[MeshFile]] = [
        [.yaml, .lock, .keys, .ledger], [.yaml, .lock], [.lock, .ledger], [.lock, .keys, .ledger], [.lock, .keys],
        [.lock], [.yaml], [.keys],
    ]

    @Test(arguments: changes, faults)
    func `a fault at any call leaves the old or the new mesh, and the next writer no trace`(
        _ change: [MeshFile], _ fault: FaultyFileSystem.Fault
    ) throws {
        let new = MeshTexts.changing(change)
        var results: Set<Bool> = []
        var k = 1
        while true {
            let faults = try withTemporaryFolder { folder in
                let path = "\(folder)/mesh"
                try MeshTexts.old.write(into: path)
                let files = FaultyFileSystem(k, fault, watching: path)
                let succeeded = (try? directory(path, files).commit(new)) != nil
                let seen = MeshTexts(try directory(path).read())
                #expect(seen == .old || seen == new, "call \(k)")
                if succeeded { #expect(seen == new, "call \(k)") }
                results.insert(seen == new)
                try directory(path).withLock(waiting: 0, command: "test") { transaction in
                    #expect(MeshTexts(transaction.snapshot) == seen, "call \(k)")
                }
                #expect(try MeshTexts(directory(path).read()) == seen, "call \(k)")
                #expect(tree(path) == settledNames, "call \(k)")
                return files.calls >= k
            }
            if !faults { break }
            k += 1
        }
        #expect(k > 5)
        #expect(results == [true, false])
    }

    @Test(arguments: faults)
    func `a fault while a mesh is created leaves nothing that looks like one, or all of it`(
        _ fault: FaultyFileSystem.Fault
    ) throws {
        var k = 1
        while true {
            let hadFault = try withTemporaryFolder { folder in
                let path = "\(folder)/new/mesh"
                let files = FaultyFileSystem(k, fault, watching: path)
                func create(_ files: any FileSystem) throws {
                    try directory(path, files).create(
                        yaml: Array("new: yaml\n".utf8), lock: Array("new lock, longer\n".utf8),
                        keys: Array("new keys\n".utf8), ledger: Array("new ledger\n".utf8))
                }
                let succeeded = (try? create(files)) != nil
                let seen = (try? directory(path).read()).map { MeshTexts($0) }
                let looksLikeMesh = try MeshLocation.holds(path)
                if seen != .new {
                    #expect(!succeeded && !looksLikeMesh, "call \(k)")
                    #expect(seen == nil || seen == MeshTexts(yaml: nil, lock: nil, keys: nil), "call \(k)")
                    try create(RealFileSystem())
                }
                try directory(path).withLock(waiting: 0, command: "test") { _ in }
                #expect(try MeshTexts(directory(path).read()) == .new)
                #expect(tree(path) == settledNames, "call \(k)")
                return files.calls >= k
            }
            if !hadFault { break }
            k += 1
        }
        #expect(k > 12)
    }

    @Test(arguments: 3...20)
    func `a failed creation on a full disk removes the folders it made`(_ k: Int) throws {
        try withTemporaryFolder { folder in
            let mesh = directory("\(folder)/a/b", FaultyFileSystem(k, .fail(ENOSPC), watching: folder))
            do {
                try mesh.create(yaml: [1], lock: [2], keys: [3], ledger: [4])
            } catch let failure as Failure {
                #expect(failure.diagnostics.first?.id == .diskFull)
                #expect(failure.status == .inputOutput)
                let isMissing = try directory("\(folder)/a/b").isMissing
                let isMade = failure.diagnostics.first?.hint?.contains("is made") == true
                #expect(isMissing || isMade, "\(failure.diagnostics) \(tree(folder))")
            }
        }
    }

    @Test func `a mesh is never created over another`() throws {
        try withTemporaryFolder { folder in
            try save("mesh: mine\n", to: "\(folder)/mesh.yaml")
            let failure = #expect(throws: Failure.self) {
                try directory(folder).create(yaml: [1], lock: [2], keys: [3], ledger: [4])
            }
            #expect(failure?.diagnostics.first?.id == .meshExists)
            #expect(text("\(folder)/mesh.yaml") == "mesh: mine\n")
        }
    }

    @Test func `equal bytes are not rewritten`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let files = FaultyFileSystem(.max, .fail(EIO), watching: folder)
            let before = try RealFileSystem().status(of: Place("\(folder)/mesh.yaml", in: .current))
            try directory(folder, files).commit(.changing([.lock]))
            #expect(try RealFileSystem().status(of: Place("\(folder)/mesh.yaml", in: .current)) == before)
        }
    }

    @Test func `two files without the lock file are refused as a bug before anything is written`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let failure = #expect(throws: Failure.self) { try directory(folder).commit(.changing([.yaml, .keys])) }
            #expect(failure?.status == .bug)
            #expect(try MeshTexts(directory(folder).read()) == .old)
        }
    }

    @Test func `a transaction commits several times`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            try directory(folder).withLock(waiting: 0, command: "test") { transaction in
                try transaction.commit(lock: Array("1".utf8), keys: Array("k1".utf8))
                try transaction.commit(yaml: Array("y2".utf8), lock: Array("2".utf8))
            }
            let expected = MeshTexts(yaml: "y2", lock: "2", keys: "k1", ledger: "old ledger\n")
            #expect(try MeshTexts(directory(folder).read()) == expected)
        }
    }

    @Test func `an edit saved while a command runs is not overwritten`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.old.write(into: folder)
            let failure = #expect(throws: Failure.self) {
                try directory(folder).withLock(waiting: 0, command: "test") { transaction in
                    try save("edited: by hand\n", to: "\(folder)/mesh.yaml")
                    try transaction.commit(yaml: Array("new".utf8), lock: Array("new".utf8))
                }
            }
            #expect(failure?.diagnostics.first?.id == .changedMeanwhile)
            #expect(text("\(folder)/mesh.yaml") == "edited: by hand\n")
            #expect(tree(folder) == settledNames)
        }
    }

    @Test func `an edit saved after a crash is not overwritten`() throws {
        try withTemporaryFolder { folder in
            try MeshTexts.changing([.lock]).write(into: folder)
            let suffix = hexadecimal(testDigest(Array("new lock, longer\n".utf8)))
            let pending = "\(folder)/.mesh.yaml.pending-\(suffix)"
            try save("new: yaml\n", to: pending)
            shiftTimes(of: pending, seconds: -10)
            for work in [{ _ = try directory(folder).read() }, { try directory(folder).commit(.old) }] {
                let failure = #expect(throws: Failure.self) { try work() }
                #expect(failure?.diagnostics.first?.id == .editedAfterCrash)
            }
            unlink("\(folder)/mesh.yaml")
            #expect(try directory(folder).read().yaml == Array("new: yaml\n".utf8))
        }
    }
}

extension MeshLocation {
    /// What discovery thinks of a folder.
    static func holds(_ path: String) throws -> Bool {
        let files = RealFileSystem()
        return try ["mesh.yaml", "mesh.lock"].contains {
            try files.status(of: Place("\(path)/\($0)", in: .current)) != nil
        }
    }
}
